"""How often each caller may do a thing: the generic cell rate algorithm (GCRA), with no clock of its own.

What is kept of a caller is one time: when all that it has taken will have been earned. It may lie `burst`
grants ahead of now at most. One caller's time is never looked at for another's; of more callers than are
kept those are forgotten that have asked for nothing the longest, and they begin anew with a whole burst.
"""

from __future__ import annotations

from collections import OrderedDict

MAX_CALLERS = 10_000  # some 1.5 MB; who comes from more addresses than that is stopped by no such count
SLACK = 1e-6  # seconds: who waits as long as it was told must not be refused for a rounding


class RateLimit:
    """`rate` grants a second, and `burst` at once to a caller who has taken none for a while."""

    __slots__ = ("_ahead", "_each", "_earned", "_most")

    def __init__(self, rate: float, burst: int, most: int = MAX_CALLERS) -> None:
        self._each = 1.0 / rate  # seconds that a grant takes to be earned
        self._ahead = burst / rate
        self._most = most
        self._earned: OrderedDict[str, float] = OrderedDict()

    def __len__(self) -> int:
        return len(self._earned)

    def take(self, key: str, now: float) -> float:
        """Take a grant and return 0.0; or take none, and return the seconds until there is one."""
        earned = self._earned
        until = max(earned.get(key, now), now) + self._each
        wait = until - now - self._ahead
        if wait > SLACK:
            return wait
        earned[key] = until
        earned.move_to_end(key)
        if len(earned) > self._most:
            earned.popitem(last=False)
        return 0.0

    def remaining(self, key: str, now: float) -> int:
        """Return how many grants the caller could take now."""
        ahead = max(self._earned.get(key, now) - now, 0.0)
        return int((self._ahead - ahead + SLACK) / self._each)
