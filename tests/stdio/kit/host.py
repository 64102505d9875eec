"""A host as assistants have it: starts `mapsrv stdio` and speaks JSON-RPC with it, line by line.

Reads what really came over stdout, so that a stray line there is seen.
"""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import mapsrv
from tests.e2e.kit.server import wait_until

ANSWER_SECONDS = 40.0  # a start on a busy machine included
LATEST = "2026-07-28"


class Host:
    """One `mapsrv stdio` process; `folder` is the data folder and `cwd` where the assistant works."""

    def __init__(
        self,
        folder: Path,
        *flags: str,
        cwd: Path | None = None,
        module: str = "mapsrv",
        log: Path | None = None,
        environ: dict[str, str] | None = None,
    ) -> None:
        self._log = (log or folder.parent) / f"stdio-{time.monotonic_ns()}.log"
        # Where mapsrv is, and where the test's own module is; the working folder is neither.
        roots = [str(Path(mapsrv.__file__).parents[1]), str(cwd or "")]
        paths = {"PYTHONPATH": os.pathsep.join(filter(None, roots))}
        environment = {**os.environ, **paths, "MAPSRV_DATA_DIR": str(folder), **(environ or {})}
        with self._log.open("wb") as stderr:
            self.process = subprocess.Popen(
                [sys.executable, "-m", module, "stdio", *flags],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stderr,
                cwd=cwd,
                env=environment,
            )
        self.lines: list[bytes] = []
        self._rest = b""
        self._id = 0

    @property
    def log(self) -> str:
        return self._log.read_text()

    def send(self, method: str, params: dict[str, Any], *, notify: bool = False) -> int:
        """Send a request and return its id."""
        self._id += 1
        message: dict[str, Any] = {"jsonrpc": "2.0", "method": method, "params": params}
        assert self.process.stdin is not None
        self.process.stdin.write(
            json.dumps(message if notify else message | {"id": self._id}).encode() + b"\n"
        )
        self.process.stdin.flush()
        return self._id

    def receive(self) -> dict[str, Any]:
        """Return the next message on stdout."""
        assert self.process.stdout is not None
        end = time.monotonic() + ANSWER_SECONDS
        while b"\n" not in self._rest:
            ready, _, _ = select.select([self.process.stdout], [], [], max(0, end - time.monotonic()))
            part = os.read(self.process.stdout.fileno(), 65536) if ready else b""
            assert part, f"no answer; stderr: {self.log}"
            self._rest += part
        line, _, self._rest = self._rest.partition(b"\n")
        self.lines.append(line)
        message: dict[str, Any] = json.loads(line)
        return message

    def request(self, method: str, params: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return the result of a request."""
        asked = self.send(method, params or {})
        answer = self.receive()
        assert answer["id"] == asked and "result" in answer, answer
        result: dict[str, Any] = answer["result"]
        return result

    def initialize(self, name: str = "Ana") -> dict[str, Any]:
        info = {"name": name, "version": "1"}
        hello = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": info}
        result = self.request("initialize", hello)
        self.send("notifications/initialized", {}, notify=True)
        return result

    def call(self, tool: str, **arguments: Any) -> dict[str, Any]:
        """Return a tool's result, whether it is an error or not."""
        return self.request("tools/call", {"name": tool, "arguments": arguments})

    def told(self, tool: str, **arguments: Any) -> dict[str, Any]:
        """Return the structured result of a call that must succeed."""
        result = self.call(tool, **arguments)
        assert not result.get("isError"), result
        told: dict[str, Any] = result["structuredContent"]
        return told

    def close(self) -> int:
        """Close stdin, as a host does, and return the exit code."""
        assert self.process.stdin is not None and self.process.stdout is not None
        with suppress(BrokenPipeError):
            self.process.stdin.close()
        try:
            code = self.process.wait(10)
        finally:
            self.process.kill()
            self.process.wait()
        self._rest += self.process.stdout.read()
        self.process.stdout.close()
        self.lines += self._rest.splitlines()
        return code


def announced(folder: Path) -> dict[str, Any]:
    """Return what server.json says; {} without one."""
    try:
        said: dict[str, Any] = json.loads((folder / "server.json").read_text())
    except FileNotFoundError:
        return {}
    return said


@contextmanager
def hosting(folder: Path, *flags: str, hello: bool = True, **options: Any) -> Iterator[Host]:
    """Yield a host that has said hello, and end it."""
    host = Host(folder, *flags, **options)
    try:
        if hello:
            host.initialize()
        yield host
    finally:
        if host.process.poll() is None or not host.process.stdout.closed:  # type: ignore[union-attr]
            host.close()


def is_running(pid: int) -> bool:
    """Whether the process is there, and is not only waiting for its parent to ask how it ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def end_server(folder: Path) -> None:
    """End the server of a data folder, whoever started it, and wait until it has gone."""
    said = announced(folder)
    if said:
        with suppress(ProcessLookupError):
            os.kill(said["pid"], signal.SIGTERM)
        wait_until(lambda: not is_running(said["pid"]), 20)
        assert announced(folder) == {}
