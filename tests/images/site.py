"""The image that deploy/ runs, as the manifests run it: its size, memory and time to the first answer.

What it must have: the user, the labels, a greeting that names no path in it, and an end that drains.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import httpx2
import trio

from tests.e2e.kit.server import NO_TLS, Server, client, wait_until
from tests.e2e.kit.viewer import Viewer
from tests.images.check import check
from tests.images.podman import build, inspected, memory, podman, running
from tests.kit.ports import free_port

IMAGE = "localhost/mapsrv:tried"
BASES = ("docker.io/library/python:3.13-slim",)
MOST_BYTES = 350 * 1000 * 1000
START_SECONDS, STOP_SECONDS = 30.0, 45.0
# As deploy/k8s/base/deployment.yaml has it: user and groups, read-only, no capabilities, its bound of memory.
FLAGS = ("--read-only", "--cap-drop", "all", "--security-opt", "no-new-privileges", "--memory", "2g")
FLAGS += ("--tmpfs", "/tmp", "-v", "mapsrv-tried:/data")
COMMAND = ("--host", "0.0.0.0", "--no-open", "--drain-delay", "1s", "--drain-window", "1s")


class Published(Server):
    """A server that a container runs, reached by its published port."""

    def __init__(self, port: int) -> None:
        self.port, self.url, self.process = port, f"http://127.0.0.1:{port}", None


def look_at(image: str) -> None:
    """Check the image as it lies there."""
    found = inspected(image)
    size = found["Size"]
    check(f"{size / 1e6:.0f} MB, at most {MOST_BYTES / 1e6:.0f}", size <= MOST_BYTES)
    check("it runs as user 10001", found["Config"]["User"] == "10001")
    labels = found["Config"]["Labels"] or {}
    check("it has labels", labels.get("org.opencontainers.image.licenses") == "MIT")


def ask(server: Published) -> str:
    """Check /health, /ready, a tool call and a stream; return the map's id."""
    for path in ("/health", "/ready"):
        check(f"{path} is 200", server.answers(path))

    async def call() -> dict[str, Any]:
        with trio.fail_after(START_SECONDS):
            async with client(server, "http") as session:
                result = await session.call_tool("open_map", {"title": "From an image", "new": True})
                return result.structured_content or {}

    session_id: str = trio.run(call)["session_id"]
    check("a tool call makes a map", server.state(session_id)["state"]["title"] == "From an image")
    page = httpx2.get(f"{server.url}/?session={session_id}", verify=NO_TLS)
    check("the page is there", page.status_code == 200 and "<title" in page.text)
    return session_id


def run(image: str) -> None:
    """Run it, ask it, and end it."""
    port = free_port()
    server, begun = Published(port), time.monotonic()
    with running(image, *FLAGS, "-p", f"127.0.0.1:{port}:8081", command=COMMAND) as container:
        wait_until(lambda: server.answers("/ready") or not _runs(container), START_SECONDS)
        print(f"first answer after {time.monotonic() - begun:.1f} s")
        session_id = ask(server)
        viewer = Viewer(server, session_id)
        wait_until(lambda: viewer.history)
        print(f"{memory(container) / 2**20:.0f} MiB")
        greeting = podman("logs", container)
        check("its greeting names no path in it", "/data" not in greeting and "/opt" not in greeting)
        check("SIGTERM drains", _drains(container, lambda: viewer.drained is not None))
    podman("volume", "rm", "-f", "mapsrv-tried", check=False)


def _runs(container: str) -> bool:
    return bool(inspected(container)["State"]["Running"])


def _drains(container: str, told: Callable[[], bool]) -> bool:
    podman("kill", "--signal", "TERM", container)
    wait_until(lambda: not _runs(container), STOP_SECONDS)
    return told() and inspected(container)["State"]["ExitCode"] == 0


def main() -> None:
    """Build it, look at it, run it."""
    begun = time.monotonic()
    build(IMAGE, "Dockerfile")
    print(f"built in {time.monotonic() - begun:.0f} s")
    look_at(IMAGE)
    run(IMAGE)
