"""A container's stage on this machine: its command line with its variables, and its mounts and port moved.

What Docker would do is done here, and nothing else: the words are those of compose.yaml.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.bridge.real.kit import compose
from tests.bridge.real.kit.bridging import HEALTH_SECONDS, Bridge, running


@contextmanager
def served(name: str, folder: Path, *programs: Path, **env: str) -> Iterator[Bridge]:
    """Run a service as its container does; the folder is what is mounted, env has the shell's variables."""
    service = compose.services(env)[name]
    (folder / "files").mkdir(exist_ok=True)
    mounts = {"/files": str(folder / "files"), "/run/secrets": str(folder)}
    command = [_mounted(word, mounts) for word in service.command]
    with running(command, folder, programs, service.given.get("environment")) as bridge:
        check_as_docker_does(service, bridge)
        yield bridge


def _mounted(word: str, mounts: dict[str, str]) -> str:
    for inside, outside in mounts.items():
        word = word.replace(inside, outside)
    return word


def check_as_docker_does(service: compose.Service, bridge: Bridge) -> None:
    """Run the service's own healthcheck, with the port that the bridge has here."""
    kind, program, *words = service.given["healthcheck"]["test"]
    assert (kind, program) == ("CMD", "python")
    asked = [sys.executable, *(word.replace(f":{compose.INSIDE}", f":{bridge.port}") for word in words)]
    ran = subprocess.run(asked, capture_output=True, timeout=HEALTH_SECONDS)
    assert ran.returncode == 0, bridge.log.read_text()
    status, told = bridge.health()
    assert (status, told["status"]) == (200, "healthy")
