"""The bridge's side of the watchman: a process that ends the children's groups when the bridge is killed.

What is told is a few bytes in a pipe that is read at once; nothing waits for it, and nothing depends
on it as long as the bridge lives.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

REAPER_PROCESS = str(Path(__file__).with_name("reaper_process.py"))
LEAVE_SECONDS = 5.0  # for the watchman to see that there is nothing left to do


class Reaper:
    """Told of each process group when it begins and when nothing of it is left."""

    def __init__(self, pipe: int | None = None) -> None:
        self._pipe = pipe

    def begins(self, group: int) -> None:
        """Have it ended should this process be killed."""
        self._tell(f"+{group}\n")

    def is_over(self, group: int) -> None:
        """Have its number forgotten, which may soon be another's."""
        self._tell(f"-{group}\n")

    def _tell(self, line: str) -> None:
        try:
            if self._pipe is not None:
                os.write(self._pipe, line.encode())
        except OSError:
            self._pipe = None  # the watchman was killed: then the children die with the bridge, their own not


@contextmanager
def open_reaper() -> Iterator[Reaper]:
    """Have a watchman look on."""
    command = [sys.executable, "-I", "-S", REAPER_PROCESS]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, process_group=0)
    assert process.stdin
    os.set_blocking(process.stdin.fileno(), False)
    try:
        yield Reaper(process.stdin.fileno())
    finally:
        process.stdin.close()
        try:
            process.wait(LEAVE_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
