"""Computing that would hold the loop, sent to worker processes; bytes go in, bytes and small values come out.

A call that was begun is finished whatever happens to its caller: only then is the process surely
back in the pool, or killed and reaped. The bound on that is MAX_SECONDS.
"""

from __future__ import annotations

import signal
from collections.abc import Callable
from functools import partial
from typing import ParamSpec, TypeVar

import anyio
import anyio.to_process
import trio

from mapsrv.errors import Busy

WORKERS = 2  # processes; each may need some 500 MiB while it works on 16 MiB of JSON
MAX_WAITING = 32  # callers, each of whom holds a whole body
MAX_SECONDS = 30.0  # for one call, the start of a process included; 16 MiB takes about 3

P = ParamSpec("P")
T = TypeVar("T")


class Workers:
    """A bounded pool of worker processes, started on first use, ended with the event loop."""

    def __init__(self) -> None:
        self._turns = trio.CapacityLimiter(WORKERS)
        self._pool: anyio.CapacityLimiter | None = None
        self._waiting = 0

    async def run(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Return call(*args, **kwargs), called in a worker. `call` is a module's function.

        Raises what it raises; Busy when the process ended, ran out of memory or took longer than
        MAX_SECONDS, or too many wait. The next call has a new process.
        """
        if self._waiting >= MAX_WAITING:
            raise Busy("This server is busy with other large data: try again soon.", retry_after=3)
        self._waiting += 1
        try:
            async with self._turns:
                return await self._run(partial(call, *args, **kwargs))
        finally:
            self._waiting -= 1

    async def _run(self, call: Callable[[], T]) -> T:
        # anyio's own limiter would start with the loop's and may be smaller than ours: never wait on it.
        self._pool = self._pool or anyio.CapacityLimiter(WORKERS)
        with trio.CancelScope(shield=True, deadline=trio.current_time() + MAX_SECONDS):
            try:
                return await anyio.to_process.run_sync(_guarded, call, cancellable=True, limiter=self._pool)
            except (anyio.BrokenWorkerProcess, MemoryError) as error:
                raise Busy(
                    "The process that reads large data ended early or had no memory. Nothing was changed:"
                    " try again, with less data if it fails again.",
                    retry_after=1,
                ) from error
        raise Busy(
            f"Reading this data took over {MAX_SECONDS:g} s. Nothing was changed: try again, or send less.",
            retry_after=5,
        )


def _guarded(call: Callable[[], T]) -> T:
    # Ctrl-C in a terminal reaches the whole process group; the worker's end is its stdin's end.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    return call()


def started() -> bool:
    """Return True: what a worker is asked that is started ahead."""
    return True
