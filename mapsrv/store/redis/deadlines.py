"""How long a call may take: so long that Redis has said nothing to anybody, not counting our own lateness.

Where thousands come at once, an answer that is here waits for its turn on our loop, and another
stands in line at a Redis that is answering all the time. That says nothing of Redis: to take it for
an outage, and refuse everybody, would be worse than to wait.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import trio

PACE_SECONDS = 0.02  # between looks; of a later one no more than twice that is counted
MOST = 10.0  # seconds for a call of a Redis that answers others


@dataclass(eq=False, slots=True)
class Bound:
    """One who waits; `silent` and `total` are the seconds that count so far."""

    scope: trio.CancelScope
    seconds: float
    most: float
    silent: float = 0.0
    total: float = 0.0


class Deadlines:
    """The bounds of what is on its way; run() ends what waits too long."""

    def __init__(self) -> None:
        self.waiting: set[Bound] = set()
        self._some = trio.Event()
        self._heard = False

    def heard(self) -> None:
        """Redis has said something."""
        self._heard = True

    @contextmanager
    def fail_after(self, seconds: float, most: float = MOST) -> Iterator[None]:
        """Raise TooSlowError after so long a silence, and after `most` seconds."""
        # Without a deadline of Trio's: after a turn of the loop that took long, all of those are over,
        # before anybody could read what came meanwhile.
        with trio.CancelScope() as scope:
            bound = Bound(scope, seconds, max(seconds, most))
            self.waiting.add(bound)
            self._some.set()
            try:
                yield
            finally:
                self.waiting.discard(bound)
        if scope.cancelled_caught:
            raise trio.TooSlowError

    async def run(self) -> None:
        """Count the time of those who wait, for ever."""
        while True:
            if not self.waiting:
                self._some = trio.Event()
                await self._some.wait()
            began = trio.current_time()
            await trio.sleep(PACE_SECONDS)
            passed = min(trio.current_time() - began, 2 * PACE_SECONDS)
            spoke, self._heard = self._heard, False
            for bound in self.waiting:
                bound.total += passed
                bound.silent = 0.0 if spoke else bound.silent + passed
                if bound.silent >= bound.seconds or bound.total >= bound.most:
                    bound.scope.cancel()
