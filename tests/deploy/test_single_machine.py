"""deploy/compose.yaml, deploy/nginx and deploy/systemd among each other, and with what mapsrv knows."""

from __future__ import annotations

import ipaddress
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from mapsrv import __version__
from mapsrv.config import options, parse
from tests.bridge.real.kit.compose import interpolated
from tests.deploy.kit.kustomize import ROOT, container

DEPLOY = ROOT / "deploy"
NGINX = (DEPLOY / "nginx" / "mapsrv.conf").read_text(encoding="utf-8")
UNIT = DEPLOY / "systemd" / "mapsrv.service"
VARIABLES = {option.env for option in options()}
PASSWORD = "abc123"


def compose() -> dict[str, Any]:
    """Return compose.yaml as Compose reads it with a password set."""
    text = (DEPLOY / "compose.yaml").read_text(encoding="utf-8")
    text = re.sub(r"\$\{REDIS_PASSWORD:\?[^}]*\}", PASSWORD, text)
    found: dict[str, Any] = yaml.safe_load(interpolated(text, {}))
    return found


def pods() -> dict[str, Any]:
    return {name: one for name, one in compose()["services"].items() if name.startswith("mapsrv-")}


def test_the_settings_are_real_ones_and_the_store_is_the_valkey_beside() -> None:
    assert len(pods()) == 2
    for pod in pods().values():
        assert pod["environment"].keys() <= VARIABLES and pod["image"] == f"mapsrv:{__version__}"
        config = parse(pod["command"], pod["environment"])
        assert (config.host, config.port, config.open) == ("0.0.0.0", 8081, False)
        assert (
            config.store == f"redis://:{PASSWORD}@valkey:6379/0" and config.public_url == "https://localhost"
        )


def test_nginx_is_believed_and_nobody_else_and_its_upstreams_are_the_pods() -> None:
    services, front = compose()["services"], compose()["networks"]["front"]["ipam"]["config"][0]["subnet"]
    address = services["nginx"]["networks"]["front"]["ipv4_address"]
    for pod in pods().values():
        [trusted] = parse([], pod["environment"]).trusted_proxies
        assert trusted == ipaddress.ip_network(address)
    fixed = [one["networks"]["front"]["ipv4_address"] for one in (services["nginx"], *pods().values())]
    assert len(set(fixed)) == 3 and all(
        ipaddress.ip_address(one) in ipaddress.ip_network(front) for one in fixed
    )
    assert re.findall(r"^    server ([\w-]+):8081 ", NGINX, re.MULTILINE) == list(pods())
    assert services["valkey"]["networks"] == ["back"] and compose()["networks"]["back"]["internal"]


def test_the_valkey_is_the_one_of_the_manifests() -> None:
    valkey, pod = compose()["services"]["valkey"], container((), "StatefulSet", "redis")
    assert valkey["image"] == pod["image"]
    words = [word.replace("$(REDISCLI_AUTH)", PASSWORD) for word in pod["args"]]
    assert valkey["command"] == [*pod["command"], *words]
    assert valkey["volumes"] == ["valkey:/data"] and "valkey" in compose()["volumes"]


def test_files_that_containers_are_given_are_there_or_made_by_the_head_of_the_file() -> None:
    mounts = [mount.split(":")[0] for mount in compose()["services"]["nginx"]["volumes"]]
    head = (DEPLOY / "compose.yaml").read_text().partition("name: mapsrv")[0]
    for mount in mounts:
        assert (DEPLOY / mount).is_file() or f"mkdir -m 700 -p {Path(mount).name}\n" in head
    ignored = (ROOT / ".gitignore").read_text().splitlines()
    assert {"/deploy/.env", "/deploy/tls/"} <= set(ignored)


@pytest.mark.parametrize("name", compose()["services"])
def test_a_service_has_bounds_no_rights_and_a_pinned_image(name: str) -> None:
    service = compose()["services"][name]
    assert (
        service["read_only"] and service["cap_drop"] == ["ALL"] and service["mem_limit"] and service["cpus"]
    )
    assert re.fullmatch(r"[\w./-]+:\d+\.\d+\.\d+[\w.-]*", service["image"])
    assert service["healthcheck"]["test"] and service["security_opt"] == ["no-new-privileges:true"]


def test_a_pod_has_as_long_to_leave_as_the_docs_say() -> None:
    page = (ROOT / "docs" / "pods.md").read_text()
    told = re.search(r"With `--drain-delay 5s` and the default window of 5 s that is (\d+) s", page)
    assert told
    stops = [pod["stop_grace_period"] for pod in pods().values()]
    stops += re.findall(r"^TimeoutStopSec=(\w+)$", UNIT.read_text(), re.MULTILINE)
    assert len(stops) == 3 and all(int(stop.removesuffix("s")) > int(told[1]) for stop in stops)


# --- nginx ---------------------------------------------------------------------------------------------


def test_nginx_keeps_its_promises_to_mapsrv() -> None:
    [body] = re.findall(r"client_max_body_size (\d+)m;", NGINX)
    assert int(body) * 2**20 > parse([], {}).max_data
    [kept] = re.findall(r"^    keepalive_timeout (\d+)s;", NGINX, re.MULTILINE)
    assert int(kept) < 75, "who keeps a connection to mapsrv closes it first (--keep-alive)"
    assert (
        "proxy_set_header X-Forwarded-For $remote_addr;" in NGINX and "proxy_add_x_forwarded_for" not in NGINX
    )
    assert not re.search(r"\$(args|query_string|request\b|request_uri|http_referer|http_cookie)", formats())


def test_nginx_has_two_descriptors_for_each_stream() -> None:
    outer = (DEPLOY / "nginx" / "nginx.conf").read_text()
    found = {name: int(value) for name, value in re.findall(r"(worker_\w+) (\d+);", outer)}
    assert found["worker_rlimit_nofile"] >= 2 * found["worker_connections"]
    limits = [one["ulimits"]["nofile"] for one in (compose()["services"]["nginx"], *pods().values())]
    assert min(limits) >= found["worker_rlimit_nofile"]


def formats() -> str:
    """Return what the request log says."""
    found = re.search(r"log_format mapsrv(.*?);\n", NGINX, re.DOTALL)
    assert found
    return found[1]


# --- systemd -------------------------------------------------------------------------------------------


def lines() -> list[tuple[str, str]]:
    """Return the unit's settings in their order."""
    text = [line for line in UNIT.read_text().splitlines() if "=" in line and not line.startswith("#")]
    return [(line.partition("=")[0], line.partition("=")[2]) for line in text]


def test_the_unit_runs_mapsrv_with_settings_that_it_knows() -> None:
    said = [word for name, text in lines() if name == "Environment" for word in text.split()]
    told = dict(word.split("=", 1) for word in said)
    ours = {name: text.replace("%S", "/var/lib") for name, text in told.items() if name.startswith("MAPSRV_")}
    assert ours.keys() <= VARIABLES
    [start] = [text for name, text in lines() if name == "ExecStart"]
    config = parse(start.split()[1:], ours)
    assert config.host == "127.0.0.1" and config.store == "sqlite:/var/lib/mapsrv/maps.sqlite"
    assert ("StateDirectory", "mapsrv") in lines() and ("Type", "exec") in lines()
    assert ("LimitNOFILE", "65536") in lines() and ("ProtectSystem", "strict") in lines()


def test_systemd_knows_every_word_of_the_unit(tmp_path: Path) -> None:
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("no systemd-analyze on this machine")
    unit = tmp_path / "mapsrv.service"
    unit.write_text(UNIT.read_text().replace("/opt/mapsrv/bin/mapsrv", sys.executable))
    done = subprocess.run([program, "verify", str(unit)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and done.stderr == "", done.stderr
