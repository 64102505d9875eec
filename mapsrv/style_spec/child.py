"""One child process from the server's side: started, asked a line at a time, killed over its limit.

Its limit is on computing (worker.LIMIT_SECONDS), which QuickJS counts itself between two operations. One
long operation is not looked into, so we count too: at the limit by the clock we ask the system how long the
child has computed, and kill it if that is as long. A machine that is busy is no fault of the caller's: then
we wait on, up to PATIENCE_SECONDS.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import trio

LIMIT_SECONDS = 1.0  # of computing for one request: as worker.LIMIT_SECONDS, by our own count
PATIENCE_SECONDS = 5.0  # by the clock, where the machine gives the child no time to compute
START_SECONDS = 3.0  # until it is ready: 0.03 on a machine at rest
END_SECONDS = 5.0  # until one that was killed is gone, which is at once
LOOK_SECONDS = 0.25  # between two looks at how long it has computed, past the limit by the clock
MAX_ANSWER = 4 * 1024 * 1024  # bytes of one line: a verdict of 100 style layers has some KiB
CHUNK = 64 * 1024

# glibc reserves 64 MiB of addresses for each thread's memory; one place for all leaves them to JavaScript.
ENVIRONMENT = {"MALLOC_ARENA_MAX": "1"}
COMMAND = (sys.executable, "-P", str(Path(__file__).with_name("worker.py")))


class Ended(Exception):
    """The child ended, or answered what is no answer."""


class OverTime(Exception):
    """It computed up to its limit; whoever asked must end it."""


class Silent(Exception):
    """It gave no answer, and did not compute either: the machine is too busy, or it was stopped."""


class Child:
    """A child that is ready. One request at a time; after any exception of its own it is to be ended."""

    def __init__(self, process: trio.Process) -> None:
        assert process.stdin is not None and process.stdout is not None
        self._process, self._stdin, self._stdout = process, process.stdin, process.stdout
        self._buffer = bytearray()
        self.known: dict[str, bool] = {}  # names of the data that it keeps, the oldest first

    @classmethod
    async def start(cls, command: Sequence[str] = COMMAND) -> Child:
        """Return a new child. Raises Ended, OSError."""
        process = await trio.lowlevel.open_process(
            list(command),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, **ENVIRONMENT},
        )
        child = cls(process)
        try:
            with trio.move_on_after(START_SECONDS):
                await child._line()
                return child
            raise Ended
        except BaseException:
            with trio.move_on_after(END_SECONDS, shield=True):
                await child.end()
            raise

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    async def ask(self, request: bytes) -> bytes:
        """Return the line that answers a request of one line. Raises Ended, OverTime, Silent."""
        computed = self._computed()
        try:
            with trio.move_on_after(PATIENCE_SECONDS):
                await self._stdin.send_all(request + b"\n")
                wait = LIMIT_SECONDS
                while True:
                    with trio.move_on_after(wait):
                        return await self._line()
                    if self._computed() - computed >= LIMIT_SECONDS:
                        raise OverTime
                    wait = LOOK_SECONDS
        except trio.BrokenResourceError:
            raise Ended from None
        raise Silent

    async def end(self) -> None:
        """Kill it, and wait until it is gone."""
        self._process.kill()
        await self._process.wait()
        await self._stdin.aclose()
        await self._stdout.aclose()

    async def _line(self) -> bytes:
        """Return the next line; may be cancelled and called again."""
        while (end := self._buffer.find(b"\n")) < 0:
            chunk = await self._stdout.receive_some(CHUNK)
            if not chunk or len(self._buffer) > MAX_ANSWER:
                raise Ended
            self._buffer += chunk
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 1]
        return line

    def _computed(self) -> float:
        """Return for how many seconds it has computed in its life; the clock's time where nobody says."""
        try:
            with open(f"/proc/{self.pid}/stat", encoding="ascii", errors="replace") as stat:
                fields = stat.read().rpartition(")")[2].split()
            return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        except (OSError, ValueError, IndexError):
            return trio.current_time()
