"""deploy/bridge: the image in each KIND, and the five services of its Compose file, run by podman-compose.

What runs is the file that stands there, less what a run beside others cannot have: ports are free ones, the
images are those built here. Each service lists its tools; printed are its memory then (aim: at most 150 MB),
and the time from its start to the first answer (aim: 5 s), each started alone.
"""

from __future__ import annotations

import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import yaml

from tests.images.check import check
from tests.images.podman import build, inspected, memory, podman
from tests.kit.ports import free_port

BRIDGE = Path(__file__).resolve().parents[2] / "deploy" / "bridge"
DOCKERFILE = "deploy/bridge/Dockerfile"
BASES = (
    "docker.io/library/python:3.13-slim",
    "docker.io/library/node:24-slim",
    "docker.io/library/postgres:17.10-alpine3.23",
    "docker.io/grafana/loki:3.7.7",
    "docker.io/netdata/netdata:v2.10.3",
)
AIM_BYTES, AIM_SECONDS = 150 * 1000 * 1000, 5.0
SECONDS = 120.0
LIST = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}
HEADERS = {"Accept": "application/json, text/event-stream", "MCP-Protocol-Version": "2025-11-25"}
HELLO = {
    "jsonrpc": "2.0",
    "id": 0,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-11-25",
        "capabilities": {},
        "clientInfo": {"name": "tests.images", "version": "1"},
    },
}


@dataclass(frozen=True, slots=True)
class Service:
    """A bridge of the Compose file, as it is run here."""

    name: str
    image: str
    port: int


def built(services: dict[str, Any]) -> dict[str, str]:
    """Build each image that the services ask for, once; return the image of each service."""
    images: dict[str, str] = {}
    for name, service in services.items():
        arguments: dict[str, str] = service.get("build", {}).get("args", {})
        if arguments:
            tag = "localhost/mapsrv-bridge:" + "-".join(arguments.values()).removesuffix(".txt")
            if tag not in images.values():
                begun = time.monotonic()
                build(tag, DOCKERFILE, *(f"--build-arg={key}={value}" for key, value in arguments.items()))
                megabytes = inspected(tag)["Size"] / 1e6
                print(f"{tag}: built in {time.monotonic() - begun:.0f} s, {megabytes:.0f} MB", flush=True)
                check(f"{tag} runs as user 10001", inspected(tag)["Config"]["User"] == "10001")
            images[name] = tag
    return images


def as_run_here(file: dict[str, Any], images: dict[str, str]) -> list[Service]:
    """Change the Compose file in place; return its bridges."""
    bridges = []
    for name, service in file["services"].items():
        if name in images:
            del service["build"]
            bridges.append(Service(name, images[name], free_port()))
            service["image"], service["ports"] = images[name], [f"127.0.0.1:{bridges[-1].port}:8080"]
        else:
            service.pop("ports", None)
        service.pop("logging")  # Docker's driver
        service.pop("healthcheck", None)  # podman has systemd ask; here main() asks
        if "depends_on" in service:
            service["depends_on"] = list(service["depends_on"])
    return bridges


@contextmanager
def up(file: dict[str, Any]) -> Iterator[str]:
    """Bring a Compose file up; yield the project's name, and take it all away again."""
    project = f"mapsrv-tried-{secrets.token_hex(3)}"
    with tempfile.TemporaryDirectory(prefix="mapsrv-compose-") as folder:
        secret = Path(folder, "postgres_password")
        secret.write_text(secrets.token_hex(24))
        secret.chmod(0o444)
        file["secrets"]["postgres_password"]["file"] = str(secret)
        del file["name"]
        path = Path(folder, "compose.yaml")
        path.write_text(yaml.safe_dump(file))
        try:
            compose(path, project, "up", "--detach")
            yield project
        finally:
            compose(path, project, "down", "--volumes", "--timeout", "5", check=False)


def compose(path: Path, project: str, *words: str, check: bool = True) -> None:
    """Run podman-compose; raises RuntimeError with what it said."""
    command = [sys.executable, "-m", "podman_compose", "-f", str(path), "-p", project, *words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=10 * SECONDS)
    if check and done.returncode:
        raise RuntimeError(f"podman-compose {' '.join(words)}: {done.stderr[-4000:]}")


def tools_of(port: int) -> list[str]:
    """Return the names of the tools of a bridge, as a legacy client is told them; [] where none answers."""
    url = f"http://127.0.0.1:{port}/mcp"
    try:
        with httpx2.Client(timeout=SECONDS) as client:
            hello = client.post(url, json=HELLO, headers=HEADERS)
            if hello.status_code != 200:
                return []
            session = {"Mcp-Session-Id": hello.headers["Mcp-Session-Id"]}
            done = {"jsonrpc": "2.0", "method": "notifications/initialized"}
            client.post(url, json=done, headers={**HEADERS, **session})
            answer = client.post(url, json=LIST, headers={**HEADERS, **session})
            client.delete(url, headers={**HEADERS, **session})
    except (httpx2.HTTPError, OSError):
        return []
    body = answer.text.partition("data: ")[2] or answer.text
    listed: dict[str, Any] = yaml.safe_load(body)
    return [tool["name"] for tool in listed.get("result", {}).get("tools", ())]


def wait_for_tools(service: Service) -> tuple[list[str], float]:
    """Ask until there are tools; return their names, and the seconds that it took."""
    begun = time.monotonic()
    while time.monotonic() - begun < SECONDS:
        if names := tools_of(service.port):
            return names, time.monotonic() - begun
        time.sleep(0.05)
    raise SystemExit(f"{service.name} listed no tools within {SECONDS:.0f} s: {podman('ps', '-a')}")


def main() -> None:
    """Build in every KIND, bring the five up, and ask each."""
    file: dict[str, Any] = yaml.safe_load((BRIDGE / "compose.yaml").read_text())
    bridges = as_run_here(file, built(file["services"]))
    check(f"five services: {', '.join(bridge.name for bridge in bridges)}", len(bridges) == 5)
    with up(file) as project:
        for bridge in bridges:
            wait_for_tools(bridge)
        for bridge in bridges:
            container = _container(project, bridge.name)
            podman("restart", "--time", "20", container, seconds=SECONDS)
            names, seconds = wait_for_tools(bridge)
            used = memory(container)
            good = "" if used <= AIM_BYTES and seconds <= AIM_SECONDS else " (over the aim)"
            told = f"{used / 1e6:.0f} MB, first answer after {seconds:.1f} s{good}"
            check(f"{bridge.name} lists {len(names)} tools: {told}", bool(names))
            body = httpx2.get(f"http://127.0.0.1:{bridge.port}/health", timeout=SECONDS)
            check(f"{bridge.name} is well", body.status_code == 200)


def _container(project: str, name: str) -> str:
    found = podman("ps", "-q", "--filter", f"label=com.docker.compose.project={project}",
                   "--filter", f"label=com.docker.compose.service={name}")  # fmt: skip
    return found.split()[0]
