"""One child that speaks MCP over stdio: started, read, written to, and ended with all that it started.

It leads a process group of its own, which is what is ended. Popen is called here, in the main
thread, since PR_SET_PDEATHSIG is tied to the thread that starts the process, and Trio's own
open_process() uses threads that come and go.
"""

from __future__ import annotations

import logging
import os
import signal
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import trio

from mapsrv.bridge.children.group import end_group, exited
from mapsrv.bridge.children.guard import Guard
from mapsrv.bridge.children.launcher import launcher
from mapsrv.bridge.children.lines import KEPT_BYTES, Lines, LongLine, Tail
from mapsrv.bridge.children.outbox import Outbox
from mapsrv.errors import MapsrvError

MAX_LINE = 4 * 1024 * 1024  # bytes of one message
LAST_SECONDS = 0.5  # from its stdout's end to its exit, so that its exit code can be told
READ_BYTES = 65_536
REST_READS = 32  # of what a pipe held at the end: a pipe holds 1 MiB at most, others may still fill it

TOLD_TO = "it was told to"
NOBODY = Guard()

log = logging.getLogger("mapsrv.bridge")


class ChildEnded(MapsrvError):
    """The child is gone. The message says how, and its last words."""

    code, status, temporary = "child_ended", 502, True


@dataclass(frozen=True, slots=True)
class Command:
    """How a child is started. `env` is all of its environment; `limits` are rlimits: {"NOFILE": 256}."""

    name: str  # of the server, for people
    words: Sequence[str]
    env: Mapping[str, str]
    cwd: str | None = None
    limits: Mapping[str, int] = field(default_factory=dict)


class Child:
    """A process that start_child() made; run() reads it, and ends it."""

    def __init__(self, name: str, process: subprocess.Popen[bytes], guard: Guard) -> None:
        assert process.stdin and process.stdout and process.stderr
        self.name, self.pid = name, process.pid
        self.ended: ChildEnded | None = None  # how, once it has
        self.crashed = False  # it ended though nobody told it to
        self.stderr = Tail()
        self._process, self._guard = process, guard
        self._said = Lines(KEPT_BYTES)  # on stderr
        self._stdin, self._stdout, self._stderr = (
            trio.lowlevel.FdStream(os.dup(pipe.fileno()))
            for pipe in (process.stdin, process.stdout, process.stderr)
        )
        for pipe in (process.stdin, process.stdout, process.stderr):
            pipe.close()
        self._outbox = Outbox()

    async def send(self, line: bytes) -> None:
        """Have a message written to it; waits while it does not read. Raises ChildEnded."""
        try:
            await self._outbox.put(line)
        except trio.ClosedResourceError:
            assert self.ended is not None
            raise self.ended from None

    def send_soon(self, line: bytes) -> None:
        """Have a message written to it; lost where it does not read, or is gone."""
        try:
            self._outbox.put_nowait(line)
        except trio.ClosedResourceError:
            pass

    @property
    def memory(self) -> int:
        """How many bytes of memory the process has (resident); 0 where that is not known."""
        try:
            pages = int(Path(f"/proc/{self.pid}/statm").read_bytes().split()[1])
        except (OSError, IndexError, ValueError):
            return 0
        return pages * os.sysconf("SC_PAGE_SIZE")

    async def run(
        self, take: Callable[[bytes], object], ended: Callable[[ChildEnded], object] = lambda error: None
    ) -> None:
        """Run it to its end, or until cancelled; return when nothing is left of it.

        take() gets each line that it writes; ended() is told how it ended, at once.
        """
        how = TOLD_TO
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._write)
                nursery.start_soon(self._listen_to_stderr)
                how = await self._listen(take)
                nursery.cancel_scope.cancel()
        finally:
            ended(self._close(how))
            with trio.CancelScope(shield=True):  # bounded: end_group ends in KILL
                await self._end()
            self._guard.is_over(self.pid)

    # --- its tasks ---------------------------------------------------------------

    async def _write(self) -> None:
        """Write what is sent, for ever."""
        try:
            while True:
                await self._stdin.send_all(await self._outbox.take())
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            pass  # it reads no more: the end of its stdout tells what that means

    async def _listen(self, take: Callable[[bytes], object]) -> str:
        """Hand on its lines; return why there are no more.

        Its exit ends them, whoever else holds its stdout: what it started may live on and say nothing.
        """
        lines, how = Lines(MAX_LINE), None
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._until_exit, nursery.cancel_scope)
                while data := await _some(self._stdout):
                    _hand_on(lines, data, take)
                nursery.cancel_scope.deadline = trio.current_time() + LAST_SECONDS
            for data in _rest(self._stdout):
                _hand_on(lines, data, take)
        except* LongLine:
            how = f"it wrote a line of more than {MAX_LINE:,} bytes"
        return how or _how(self._process.poll())

    async def _until_exit(self, scope: trio.CancelScope) -> None:
        await exited(self._process)
        scope.cancel()

    async def _listen_to_stderr(self) -> None:
        """Keep and log what it says there."""
        try:
            while data := await _some(self._stderr):
                self._keep(data)
        finally:
            for data in _rest(self._stderr):
                self._keep(data)

    def _keep(self, data: bytes) -> None:
        self.stderr.add(data)
        try:
            for line in self._said.feed(data):
                log.info("%s: %s", self.name, line.decode(errors="replace"))
        except LongLine:
            log.info("%s: a line of more than %d bytes", self.name, KEPT_BYTES)
            self._said = Lines(KEPT_BYTES)

    def _close(self, how: str) -> ChildEnded:
        """Take no more messages: whoever waits to send one is told how it ended."""
        last = self.stderr.last
        self.ended = ChildEnded(f"{self.name} has ended: {how}." + (f" It said last: {last}" if last else ""))
        self.crashed = how is not TOLD_TO
        self._outbox.close()
        return self.ended

    async def _end(self) -> None:
        await self._stdin.aclose()
        await end_group(self._process)
        await self._stdout.aclose()
        await self._stderr.aclose()


def start_child(command: Command, guard: Guard = NOBODY) -> Child:
    """Return a process that has started, and needs run() to be read. Raises OSError."""
    child = Child(command.name, _start(command), guard)
    guard.begins(child.pid)
    return child


def _start(command: Command) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [*launcher(command.limits), *command.words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=dict(command.env),
        cwd=command.cwd,
        process_group=0,
    )


def _hand_on(lines: Lines, data: bytes, take: Callable[[bytes], object]) -> None:
    for line in lines.feed(data):
        take(line)


def _rest(stream: trio.lowlevel.FdStream) -> Iterator[bytes]:
    """Yield what a process that has exited left in a pipe."""
    for _ in range(REST_READS):
        try:
            data = os.read(stream.fileno(), READ_BYTES)
        except OSError:  # nothing is there now
            return
        if not data:
            return
        yield data


async def _some(stream: trio.lowlevel.FdStream) -> bytes:
    try:
        return bytes(await stream.receive_some(READ_BYTES))
    except (trio.BrokenResourceError, trio.ClosedResourceError):
        return b""


def _how(code: int | None) -> str:
    if code is None:
        return "it closed its stdout"
    if code < 0:
        return f"it was ended by {signal.Signals(-code).name}"
    return f"its exit code was {code}"
