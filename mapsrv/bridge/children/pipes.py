"""What goes into a child's pipes and comes out of them, and what is still in them when it has exited."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator

import trio
from trio.lowlevel import FdStream

READ_BYTES = 65_536
REST_READS = 32  # of what a pipe held at the end: a pipe holds 1 MiB at most, others may still fill it


def pipes_of(process: subprocess.Popen[bytes]) -> tuple[FdStream, FdStream, FdStream]:
    """Return its stdin, stdout and stderr, which are to be closed; the process's own are closed."""
    assert process.stdin and process.stdout and process.stderr
    files = process.stdin, process.stdout, process.stderr
    stdin, stdout, stderr = (FdStream(os.dup(file.fileno())) for file in files)
    for file in files:
        file.close()
    return stdin, stdout, stderr


async def some(pipe: FdStream) -> bytes:
    """Wait for something to read; nothing at its end.

    One turn of the loop, where receive_some() takes two: it has a checkpoint before it looks.
    """
    while True:
        await trio.lowlevel.wait_readable(pipe.fileno())
        try:
            return os.read(pipe.fileno(), READ_BYTES)
        except BlockingIOError:
            continue  # it only seemed so
        except OSError:
            return b""


def write_now(pipe: FdStream, data: bytes) -> int:
    """Write as much as the pipe takes without waiting; return how many bytes."""
    try:
        return os.write(pipe.fileno(), data)
    except OSError:
        return 0  # it is full, or nobody reads it: who waits to write finds out


def rest(pipe: FdStream) -> Iterator[bytes]:
    """Yield what a process that has exited left in a pipe."""
    for _ in range(REST_READS):
        try:
            data = os.read(pipe.fileno(), READ_BYTES)
        except OSError:  # nothing is there now
            return
        if not data:
            return
        yield data
