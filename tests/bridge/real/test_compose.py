"""What compose.yaml and its Dockerfile promise: five closed services, and nothing but what a file pins.

The schema and hadolint have their say in tox's `deploy`; this is what they cannot know.
"""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.bridge.real.kit import compose, packages

SERVICES = compose.services()
OURS = {name: service for name, service in SERVICES.items() if service.ours}
EXACT = re.compile(r"[A-Za-z0-9_.\-]+==[0-9][A-Za-z0-9.]*")


def test_there_are_the_five_services_at_their_ports_and_what_they_ask() -> None:
    ports = {name: service.published for name, service in OURS.items()}
    assert ports == {"monitoring": 8501, "filesystem": 8502, "memory": 8503, "fetch": 8504, "postgres": 8505}
    assert set(SERVICES) - set(OURS) == {"postgresql", "loki", "netdata"}


@pytest.mark.parametrize("name", OURS)
def test_a_bridge_is_closed_as_far_as_docker_can_close_it(name: str) -> None:
    given = SERVICES[name].given
    assert given["read_only"] and given["init"] and given["user"] == "10001"
    assert given["healthcheck"]["test"][-1].count("/health") == 1
    assert given["cpus"] and given["mem_limit"] and given["tmpfs"]


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_has_bounds_one_network_and_no_way_to_more_rights(name: str) -> None:
    given = SERVICES[name].given
    assert given["cap_drop"] == ["ALL"] and given["security_opt"] == ["no-new-privileges:true"]
    assert given["restart"] == "unless-stopped" and given["networks"] == ["bridge"]
    assert given["cpus"] and given["mem_limit"] and given["pids_limit"]
    assert given["read_only"] or name == "netdata"
    assert all(port.startswith("127.0.0.1:") for port in given.get("ports", []))


@pytest.mark.parametrize("name", OURS)
def test_the_docs_have_the_service_and_its_port(name: str) -> None:
    page = (packages.DEPLOY.parents[1] / "docs" / "bridge-containers.md").read_text(encoding="utf-8")
    assert f"| `{name}` | {SERVICES[name].published} |" in page


def test_images_are_pinned_by_version() -> None:
    bases = re.findall(r"^FROM (\S+)", (packages.DEPLOY / "Dockerfile").read_text(), re.MULTILINE)
    outside = {base for base in bases if ":" in base} | {
        one.given["image"] for one in SERVICES.values() if not one.ours
    }
    assert len(outside) == 5
    assert all(re.search(r":v?\d+\.?[\w.-]*$", image) for image in outside)


@pytest.mark.parametrize("path", sorted((packages.DEPLOY / "pypi").iterdir()), ids=lambda path: path.name)
def test_every_package_from_pypi_is_pinned(path: Path) -> None:
    lines = [line for line in path.read_text().splitlines() if line and not line.startswith("#")]
    assert lines and all(EXACT.fullmatch(line) for line in lines)


def test_what_a_service_is_built_from_is_there() -> None:
    for service in OURS.values():
        assert service.args["KIND"] in ("mapsrv", "npm", "pypi")
        if service.args["KIND"] == "pypi":
            assert (packages.DEPLOY / "pypi" / service.args["REQUIREMENTS"]).is_file()


def test_no_secret_stands_in_the_file() -> None:
    for service in SERVICES.values():
        for name, value in service.given.get("environment", {}).items():
            assert "PASSWORD" not in name or name.endswith("_FILE")
            assert urlsplit(value).password is None
        assert not any("PASSWORD=" in word.replace('PASSWORD="$(cat ', "") for word in service.command)


def test_variables_are_replaced_as_compose_does() -> None:
    assert compose.interpolated("a ${B:-c d} $$(e) ${F:-}", {"B": "x"}) == "a x $(e) "
