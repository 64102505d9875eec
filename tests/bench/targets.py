"""The servers to be measured, each a process of its own: mapsrv, and what one would use instead."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.e2e.kit.server import START_SECONDS, Server, Unrated, running, wait_until
from tests.kit.ports import free_port

STOP_SECONDS = 5.0  # until a server that was told to stop is killed


@dataclass(frozen=True, slots=True)
class Target:
    """A server that sends each command to all viewers of one map. command(number, person) is a request."""

    name: str
    port: int
    pid: int
    events: str
    command: Callable[[int, int], bytes]


def view(number: int) -> dict[str, Any]:
    """Return the arguments of a set_map_view that differs from the one before."""
    return {"center": [number % 360 - 180, number % 170 - 85], "zoom": number % 20}


@contextmanager
def mapsrv(*flags: str) -> Iterator[Server]:
    """Run mapsrv with its data in a folder that goes away."""
    with tempfile.TemporaryDirectory(prefix="mapsrv-bench-") as folder:
        with running(Path(folder), *flags, kind=Unrated) as server:
            try:
                yield server
            except BaseException:
                sys.stderr.write(server.log)  # gone with the folder
                raise


def process_id(server: Server) -> int:
    """Return the id of a server that runs."""
    assert server.process is not None
    return server.process.pid


@contextmanager
def rival(kind: str, *words: str) -> Iterator[tuple[int, int]]:
    """Run a server of rivals.py; gives its port and process id."""
    port = free_port()
    command = [sys.executable, "-m", "tests.bench.rivals", kind, str(port), *words]
    with serving(command, port) as pid:
        yield port, pid


@contextmanager
def serving(command: Sequence[str], port: int, folder: Path | None = None) -> Iterator[int]:
    """Run a server until the block ends; gives its process id once it listens."""
    quiet = subprocess.DEVNULL
    with subprocess.Popen(command, stdin=quiet, stdout=quiet, cwd=folder) as process:
        try:
            wait_until(lambda: process.poll() is not None or _listens(port), START_SECONDS)
            if process.poll() is not None:
                raise RuntimeError(f"{command[0]} did not start")
            yield process.pid
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()


def _listens(port: int) -> bool:
    with socket.socket() as sock:
        return sock.connect_ex(("127.0.0.1", port)) == 0
