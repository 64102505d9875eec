"""`mapsrv bridge` as a person starts it, on a free port, with its stdout and stderr to look at."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.bridge.kit.client import EITHER
from tests.bridge.kit.wire import connect
from tests.e2e.kit.server import wait_until
from tests.store.kit.valkey import die_with_parent

BRIDGE = [sys.executable, "-m", "mapsrv", "bridge"]
ABUSE = str(Path(__file__).with_name("abuse.py"))
CHILD = [sys.executable, "-I", "-S", ABUSE]
SECONDS = 20


class Process:
    """One that runs: `said` is what it greeted with, `port` where it listens."""

    def __init__(self, folder: Path, words: list[str], **environ: str) -> None:
        self._log = folder / "stderr.txt"
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                die_with_parent([*BRIDGE, "--port", "0", *words]),
                env={**os.environ, **environ},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        self.said = ""
        assert self.process.stdout is not None
        while line := self.process.stdout.readline():
            self.said += line
            if line.startswith("Ctrl-C"):
                break
        found = re.search(r":(\d+)/", self.said)
        assert found, self.log
        self.port = int(found[1])

    @property
    def log(self) -> str:
        """What it said on stderr."""
        return self._log.read_text(errors="replace")

    def reload(self, words: str) -> None:
        """Have it read its files again, and wait until it says so in these words."""
        before = self.log.count(words)
        self.process.send_signal(signal.SIGHUP)
        wait_until(lambda: self.log.count(words) > before)

    def stop(self, number: int = signal.SIGTERM) -> int:
        """End it as a person does; return its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(SECONDS)


@contextmanager
def bridge(folder: Path, *words: str, **environ: str) -> Iterator[Process]:
    """Run a bridge until the block ends."""
    run = Process(folder, list(words), **environ)
    try:
        yield run
    finally:
        if run.process.poll() is None:
            run.process.kill()
            run.process.wait()
        assert run.process.stdout is not None
        run.process.stdout.close()


def refused(*words: str, **environ: str) -> tuple[int, str]:
    """Return the exit code and the one sentence with which a bridge does not start."""
    ended = subprocess.run(
        [*BRIDGE, "--port", "0", *words],
        env={**os.environ, **environ},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
    assert ended.stdout == "" and "Traceback" not in ended.stderr and ended.stderr.count("\n") == 1
    assert ended.stderr.startswith("mapsrv: ")
    return ended.returncode, ended.stderr


def write_servers(path: Path, servers: dict[str, Any]) -> None:
    """Write a file of servers; one of which nothing is said is an abuse child."""
    child = {"command": CHILD[0], "args": CHILD[1:]}
    path.write_text(json.dumps({"mcpServers": {name: {**child, **more} for name, more in servers.items()}}))


async def ask(
    port: int, target: str, headers: dict[str, str] | None = None, *, method: str = "GET", body: bytes = b""
) -> tuple[int, dict[str, str], Any]:
    """Return the status, headers and JSON (or text) of one answer; what is posted is JSON."""
    wire = await connect(port)
    try:
        await wire.send(method, target, {**(EITHER if body else {}), **(headers or {})}, body)
        status, said = await wire.head(), (await wire.body()).decode()
    finally:
        wire.close()
    is_json = "json" in wire.headers.get("content-type", "")
    return status, wire.headers, json.loads(said) if is_json and said else said
