"""The end of a process and of all that it started: its process group, asked first and then made to."""

from __future__ import annotations

import logging
import os
import signal
import subprocess

import trio

STEP_SECONDS = 2.0  # between its stdin's end, TERM and KILL
LOOK_SECONDS = 0.05  # at whether anything of a group is left

log = logging.getLogger("mapsrv.bridge")


async def exited(process: subprocess.Popen[bytes]) -> None:
    """Wait until a process has exited; it is reaped then."""
    if process.poll() is not None:
        return await trio.lowlevel.checkpoint()
    if hasattr(os, "pidfd_open"):
        fd = os.pidfd_open(process.pid)
        try:
            await trio.lowlevel.wait_readable(fd)
        finally:
            os.close(fd)
    while process.poll() is None:  # noqa: ASYNC110 (another process)
        await trio.sleep(LOOK_SECONDS)


async def end_group(process: subprocess.Popen[bytes]) -> None:
    """Wait until nothing of the group that the process leads is left; what stays gets TERM, and then KILL."""
    for number in (None, signal.SIGTERM, signal.SIGKILL):
        if number is not None:
            _signal(process.pid, number)
        with trio.move_on_after(STEP_SECONDS):
            await exited(process)
            while lives(process.pid):  # noqa: ASYNC110 (other processes)
                await trio.sleep(LOOK_SECONDS)
            return
    log.warning("Process group %d does not end: the kernel holds it", process.pid)


def lives(group: int) -> bool:
    """Return whether anything of a group still runs. Its dead that nobody else waits for are reaped."""
    try:
        while os.waitpid(-group, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass  # another user's, and there
    return True


def _signal(group: int, number: signal.Signals) -> None:
    try:
        os.killpg(group, number)
    except ProcessLookupError:
        pass
