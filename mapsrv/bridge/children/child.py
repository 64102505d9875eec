"""One child that speaks MCP over stdio: read, written to, and ended with all that it started."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TypeAlias

import trio

from mapsrv.bridge.children.child_log import MOST_BYTES, ChildLog
from mapsrv.bridge.children.command import Command
from mapsrv.bridge.children.exit_status import ChildEnded, ended_by, how_of
from mapsrv.bridge.children.lines import Lines, LongLine, Tail
from mapsrv.bridge.children.pipes import pipes_of, rest, some, write_now
from mapsrv.bridge.children.process_group import end_group, exited
from mapsrv.bridge.children.reaper import Reaper
from mapsrv.bridge.children.stdin_writer import StdinWriter

MAX_LINE = 4 * 1024 * 1024  # bytes of one message
LAST_SECONDS = 0.5  # from its stdout's end to its exit, so that its exit code can be told

TOLD_TO = "it was told to"
NOBODY = Reaper()

Take: TypeAlias = Callable[[bytes], str | None]


class Child:
    """A process that start_child() made; run() reads it, and ends it."""

    def __init__(self, command: Command, process: subprocess.Popen[bytes], reaper: Reaper) -> None:
        self.name, self.pid = command.name, process.pid
        self.ended: ChildEnded | None = None  # how, once it has
        self.crashed = False  # it ended though nobody told it to
        self.stderr = Tail()
        self._process, self._reaper, self._tells = process, reaper, command.tell_stderr
        self._log = ChildLog(self.name)
        self._stdin, self._stdout, self._stderr = pipes_of(process)
        self._stdin_writer = StdinWriter(partial(write_now, self._stdin))

    async def send(self, line: bytes) -> None:
        """Have a message written to it; waits while it does not read. Raises ChildEnded."""
        try:
            await self._stdin_writer.put(line)
        except trio.ClosedResourceError:
            assert self.ended is not None
            raise self.ended from None

    def send_soon(self, line: bytes) -> None:
        """Have a message written to it; lost where it does not read, or is gone."""
        try:
            self._stdin_writer.put_nowait(line)
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

    async def run(self, take: Take, ended: Callable[[ChildEnded], object] = lambda error: None) -> None:
        """Run it to its end, or until cancelled; return when nothing is left of it.

        take() gets each line that it writes, and may return what the log is to say of it; ended() is told
        how it ended, at once.
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
            self._log.close()
            self._reaper.is_over(self.pid)

    # --- its tasks ---------------------------------------------------------------

    async def _write(self) -> None:
        """Write what the pipe did not take at once, for ever."""
        try:
            while True:
                await self._stdin.send_all(await self._stdin_writer.take())
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            pass  # it reads no more: the end of its stdout tells what that means

    async def _listen(self, take: Take) -> str:
        """Hand on its lines; return why there are no more.

        Its exit ends them, whoever else holds its stdout: what it started may live on and say nothing.
        """
        lines, how = Lines(MAX_LINE), None
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._until_exit, nursery.cancel_scope)
                while data := await some(self._stdout):
                    self._hand_on(lines, data, take)
                nursery.cancel_scope.deadline = trio.current_time() + LAST_SECONDS
            for data in rest(self._stdout):
                self._hand_on(lines, data, take)
        except* LongLine:
            how = f"it wrote a line of more than {MAX_LINE:,} bytes"
        return how or how_of(self._process.poll())

    async def _until_exit(self, scope: trio.CancelScope) -> None:
        await exited(self._process)
        scope.cancel()

    async def _listen_to_stderr(self) -> None:
        """Keep and log what it says there."""
        try:
            while data := await some(self._stderr):
                self._keep(data)
        finally:
            for data in rest(self._stderr):
                self._keep(data)

    def _keep(self, data: bytes) -> None:
        self.stderr.add(data)
        self._log.feed(data)

    def _hand_on(self, lines: Lines, data: bytes, take: Take) -> None:
        for line in lines.feed(data):
            if (what := take(line)) is not None:
                self._log.say(what)

    def _close(self, how: str) -> ChildEnded:
        """Take no more messages: whoever waits to send one is told how it ended."""
        self.ended = ended_by(self.name, how, self.stderr.last[:MOST_BYTES], tell=self._tells)
        self.crashed = how is not TOLD_TO
        self._stdin_writer.close()
        return self.ended

    async def _end(self) -> None:
        await self._stdin.aclose()
        await end_group(self._process)
        await self._stdout.aclose()
        await self._stderr.aclose()


def start_child(command: Command, reaper: Reaper = NOBODY) -> Child:
    """Return a process that has started, and needs run() to be read. Raises OSError."""
    child = Child(command, command.start(), reaper)
    reaper.begins(child.pid)
    return child
