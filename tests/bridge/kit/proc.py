"""What runs and what it holds, by Linux's /proc. A token in its command line tells whose a process is."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import trio

LOOK_SECONDS = 0.02


def named(token: str) -> set[int]:
    """Return the processes that have the token in their command line and are not dead."""
    return {pid for pid in _all() if token.encode() in _read(pid, "cmdline")}


def below(pid: int) -> set[int]:
    """Return all that a process has started and that still has it for an ancestor."""
    parents = {one: _parent(one) for one in _all()}
    found, new = set[int](), {pid}
    while new:
        new = {one for one, parent in parents.items() if parent in new}
        found |= new
    return found


def _all() -> list[int]:
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def _read(pid: int, name: str) -> bytes:
    try:
        return Path(f"/proc/{pid}/{name}").read_bytes()
    except OSError:
        return b""  # it has just ended


def _parent(pid: int) -> int:
    fields = _read(pid, "stat").rpartition(b")")[2].split()
    return int(fields[1]) if fields else 0


def memory(pid: int) -> int:
    """Return the memory of a process in bytes; what it shares with others counts by its part (PSS)."""
    for line in _read(pid, "smaps_rollup").splitlines():
        if line.startswith(b"Pss:"):
            return int(line.split()[1]) * 1024
    return 0


def peak(pid: int) -> int:
    """Return the most memory that a process ever had, in bytes."""
    for line in _read(pid, "status").splitlines():
        if line.startswith(b"VmHWM:"):
            return int(line.split()[1]) * 1024
    return 0


def files(pid: int) -> int:
    """Return how many descriptors a process has open."""
    return len(os.listdir(f"/proc/{pid}/fd"))


def kill(pids: set[int]) -> None:
    """Kill processes that we know for ours."""
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass


async def until(true: Callable[[], object], seconds: float) -> bool:
    """Wait until it is true, or for so long; return whether it is."""
    with trio.move_on_after(seconds):
        while not true():  # noqa: ASYNC110 (other processes give no other sign)
            await trio.sleep(LOOK_SECONDS)
    return bool(true())


def wait_until(true: Callable[[], object], seconds: float) -> bool:
    """The same where no loop runs."""
    end = time.monotonic() + seconds
    while not (value := true()) and time.monotonic() < end:
        time.sleep(LOOK_SECONDS)
    return bool(value)
