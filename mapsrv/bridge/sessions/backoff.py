"""How long to wait before a child is started again that ended by itself, and when to stop trying."""

from __future__ import annotations

import random
from collections import deque

import trio

FIRST_SECONDS, MOST_SECONDS = 0.1, 30.0  # doubling, jittered: many bridges must not start in step
CRASHES, CRASH_SECONDS = 5, 60.0  # so many within so long open the breaker, for as long


class Backoff:
    """`open_until` is when the breaker closes; it is in the past while it is closed."""

    def __init__(self) -> None:
        self.open_until = 0.0
        self._crashes: deque[float] = deque(maxlen=CRASHES)
        self._seconds = FIRST_SECONDS

    @property
    def is_open(self) -> bool:
        """Whether nothing is tried for now."""
        return trio.current_time() < self.open_until

    def crashed(self) -> float:
        """Note a crash; return for how many seconds nothing is to be tried."""
        now = trio.current_time()
        if self._crashes and now - self._crashes[-1] > CRASH_SECONDS:
            self._seconds = FIRST_SECONDS
        self._crashes.append(now)
        if len(self._crashes) == CRASHES and now - self._crashes[0] <= CRASH_SECONDS:
            self._crashes.clear()
            self.open_until = now + CRASH_SECONDS
            return CRASH_SECONDS
        pause = self._seconds * random.uniform(0.5, 1.5)
        self._seconds = min(2 * self._seconds, MOST_SECONDS)
        return pause
