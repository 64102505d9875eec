"""How long a call may take, not counting the time in which this process itself was late.

Where thousands come at once, an answer that is here waits for its turn on our loop: that says
nothing of Redis, and to take it for an outage would be worse than to wait.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import trio

PACE_SECONDS = 0.02  # between looks at whether this process is late


class Patience:
    """The bounds of the calls that are on their way; run() moves them."""

    def __init__(self) -> None:
        self._waiting: set[trio.CancelScope] = set()
        self._some = trio.Event()

    @contextmanager
    def fail_after(self, seconds: float) -> Iterator[None]:
        """Raise TooSlowError after so long."""
        with trio.CancelScope(deadline=trio.current_time() + seconds) as scope:
            self._waiting.add(scope)
            self._some.set()
            try:
                yield
            finally:
                self._waiting.discard(scope)
        if scope.cancelled_caught:
            raise trio.TooSlowError

    async def run(self) -> None:
        """Give those who wait the time by which this process is late, for ever."""
        while True:
            if not self._waiting:
                self._some = trio.Event()
                await self._some.wait()
            due = trio.current_time() + PACE_SECONDS
            await trio.sleep_until(due)
            late = trio.current_time() - due
            for scope in self._waiting:
                scope.deadline += late
