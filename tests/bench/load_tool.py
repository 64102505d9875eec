"""Compiles and runs the load tool in load/, whose main.c says why it is in C, and what its modes do.

A request is bytes; "########" in it becomes a number, another in each request.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from tests.store.kit.valkey import die_with_parent

SOURCES = Path(__file__).with_name("load")
COMPILE_SECONDS = 60.0
RUN_SECONDS = 300.0  # of any one measurement: it ends itself when nothing moves
NUMBER = "#" * 8


class Broken(Exception):
    """A measurement that did not come to its end; holds what the tool said."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """What one measurement gave: operations a second, the server's CPU us of each, ms, KiB a stream.

    `kernel` is the share of that CPU which was spent in system calls.
    """

    a_second: float
    cpu_us: float
    p50_ms: float
    p99_ms: float
    kib: float = 0.0
    kernel: float = 0.0


def parse(line: str) -> Loaded:
    """Return what a line of the tool says. Raises Broken."""
    try:
        return Loaded(**{name: float(value) for name, value in json.loads(line).items()})
    except (ValueError, TypeError, AttributeError) as error:
        raise Broken(f"the load tool said {line[:200]!r}: {error}") from None


class LoadTool:
    """The compiled tool. Made by open_load_tool()."""

    def __init__(self, folder: Path, *, signals: bool) -> None:
        self._folder = folder
        self._env = {**os.environ, **({"LOAD_SIGNALS": "1"} if signals else {})}
        self._numbers = count()
        self.program = folder / "load"

    def post(
        self, port: int, pid: int, requests: Sequence[bytes], connections: int, seconds: float
    ) -> Loaded:
        """Ask on so many connections, each as soon as it is answered."""
        return self._run("post", port, connections, seconds, pid, *map(self._file, requests))

    def call(
        self, port: int, pid: int, calls: Sequence[tuple[int, bytes]], mark: str, seconds: float
    ) -> Loaded:
        """The same, where each is answered on an open stream (a descriptor) by a message with that mark."""
        words = [word for fd, request in calls for word in (fd, self._file(request))]
        return self._run("call", port, seconds, pid, mark, *words, fds=[fd for fd, _ in calls])

    def open(self, port: int, pid: int, get: bytes, hello: str, streams: tuple[int, int]) -> Loaded:
        """Open streams, 64 at once; memory and rate are of those from the first number to the second."""
        return self._run("open", port, *streams, 64, pid, hello, self._file(get))

    def fan(
        self,
        port: int,
        pid: int,
        get: bytes,
        marks: tuple[str, str],
        posts: Sequence[bytes],
        viewers: int,
        seconds: float,
    ) -> Loaded:
        """Deliver what so many post to so many viewers; one alone waits until all of them have it.

        Streams begin with the first mark, and every event has the second.
        """
        files = map(self._file, posts)
        return self._run("fan", port, viewers, len(posts), seconds, pid, *marks, self._file(get), *files)

    def _file(self, request: bytes) -> Path:
        path = self._folder / f"request-{next(self._numbers)}"
        path.write_bytes(request)
        return path

    def _run(self, mode: str, port: int, *words: object, fds: Sequence[int] = ()) -> Loaded:
        command = die_with_parent([str(self.program), mode, str(port), *map(str, words)])
        run: Any = {"capture_output": True, "text": True, "timeout": RUN_SECONDS, "env": self._env}
        try:
            ran = subprocess.run(command, pass_fds=fds, **run)
        except subprocess.TimeoutExpired:
            raise Broken(f"{mode} took over {RUN_SECONDS:.0f} s") from None
        finally:
            for path in self._folder.glob("request-*"):
                path.unlink()
        if ran.returncode:
            raise Broken(f"{mode}: {ran.stderr.strip()[:500]}")
        return parse(ran.stdout)


def compiler() -> str | None:
    """Return the path of a C compiler, or None."""
    return shutil.which("cc")


@contextmanager
def open_load_tool(*flags: str, signals: bool = False) -> Iterator[LoadTool]:
    """Compile the tool into a folder that goes away; `flags` are the compiler's. Raises Broken.

    With `signals` a server under sampler.py is told when what counts begins and ends.
    """
    if (cc := compiler()) is None:
        raise Broken("the load tool needs a C compiler: apt-get install gcc libc6-dev")
    with tempfile.TemporaryDirectory(prefix="mapsrv-load-") as name:
        tool = LoadTool(Path(name), signals=signals)
        words = [cc, "-O2", "-std=gnu11", "-Wall", "-Wextra", *flags, "-o", str(tool.program)]
        command = [*words, *map(str, sorted(SOURCES.glob("*.c")))]
        ran = subprocess.run(command, capture_output=True, text=True, timeout=COMPILE_SECONDS)
        if ran.returncode:
            raise Broken(f"the load tool does not compile: {ran.stderr[:2000]}")
        yield tool


def request(method: str, port: int, path: str, body: bytes = b"", **headers: str) -> bytes:
    """Return a request; an underscore in a header's name stands for a dash."""
    lines = [f"{method} {path} HTTP/1.1", f"Host: 127.0.0.1:{port}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    if method != "GET":
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode() + body
