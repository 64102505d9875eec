"""podman's commands, as they are used here."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

BUILD_SECONDS = 1200.0
SECONDS = 60.0


def podman(*words: str, seconds: float = SECONDS, check: bool = True) -> str:
    """Return what a command says; raises RuntimeError with its own words where it fails."""
    done = subprocess.run(["podman", *words], capture_output=True, text=True, timeout=seconds)
    if check and done.returncode:
        raise RuntimeError(f"podman {shlex.join(words)}: {done.stderr.strip()[-2000:]}")
    return done.stdout.strip()


def build(tag: str, dockerfile: str, *words: str, folder: str = ".") -> None:
    """Build an image of a folder, with what MAPSRV_BUILD_FLAGS adds, such as certificates."""
    more = shlex.split(os.environ.get("MAPSRV_BUILD_FLAGS", ""))
    podman("build", "-t", tag, "-f", dockerfile, *more, *words, folder, seconds=BUILD_SECONDS)


def inspected(what: str) -> dict[str, Any]:
    """Return what podman knows of an image or a container."""
    found: list[dict[str, Any]] = json.loads(podman("inspect", what))
    return found[0]


@contextmanager
def running(image: str, *flags: str, command: tuple[str, ...] = ()) -> Iterator[str]:
    """Run a container; yield its id."""
    container = podman("run", "-d", *flags, image, *command)
    try:
        yield container
    finally:
        podman("rm", "-f", "-v", container, check=False)


def memory(container: str) -> int:
    """Return the bytes that a container has now."""
    pid = inspected(container)["State"]["Pid"]
    children = [str(pid), *podman("top", container, "hpid", check=False).split()[1:]]
    found = 0
    for each in set(children):
        try:
            with open(f"/proc/{each}/smaps_rollup") as file:
                found += next(int(line.split()[1]) * 1024 for line in file if line.startswith("Pss:"))
        except OSError:
            continue  # it has ended
    return found
