"""How often a caller may ask for what, counted in this process alone: --rates, and how a refusal reads.

Who is refused is told when to come again, as Retry-After and as RateLimit and RateLimit-Policy
(draft-ietf-httpapi-ratelimit-headers-11). Answers that are given bear neither: on a short way such lines
would cost more than the count.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import trio

from mapsrv.config.rates import Rate, Rates
from mapsrv.core.rate import RateLimit
from mapsrv.errors import TooMany

# Of all tabs at one address together: what a tab says of itself is bounded by its id, which it draws itself.
TABS = Rate("tabs", 500, 2_500)


class RateLimits:
    """The limits of a process; with no rates nothing is counted. `clock` gives seconds."""

    def __init__(self, rates: Rates = (), clock: Callable[[], float] = trio.current_time) -> None:
        counted = (*rates, TABS) if rates else ()
        self._of = {rate.name: (RateLimit(rate.per_second, rate.burst), rate) for rate in counted}
        self._clock = clock

    def check(self, name: str, caller: str | None, tab: str = "") -> None:
        """Count one more of these by a caller, or by one tab of it; raise TooMany where that is too often.

        None is a caller that nothing is counted of.
        """
        found = self._of.get(name)
        if caller is None or found is None:
            return
        limit, rate = found
        key = f"{caller} {tab}" if tab else caller
        now = self._clock()
        wait = limit.take(key, now)
        if wait:
            raise _refusal(rate, limit.remaining(key, now), math.ceil(wait))


def _refusal(rate: Rate, remaining: int, wait: int) -> TooMany:
    window = math.ceil(rate.burst / rate.per_second)  # seconds in which the whole burst comes back
    return TooMany(
        f"This server does that only so often for one caller ({rate.name}). Wait {wait} s, then try again.",
        retry_after=wait,
        headers={
            "ratelimit-policy": f'"{rate.name}";q={rate.burst};w={window}',
            "ratelimit": f'"{rate.name}";r={remaining};t={wait}',
        },
    )
