"""How often a caller may ask for what, counted in this process alone: --rates, and how a refusal reads.

Who is refused is told when to come again, as Retry-After and as RateLimit and RateLimit-Policy
(draft-ietf-httpapi-ratelimit-headers-11). Answers that are given bear neither: on a short way such lines
would cost more than the count.

To refuse costs a third of a small command. So that who asks again at once does not take that from all
others, a refusal is held back for a moment (hold): on one connection there is no next one before.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import trio

from mapsrv.config.rates import Rate, Rates
from mapsrv.core.rate import RateLimit
from mapsrv.errors import OverRate

# Of all tabs at one address together: what a tab says of itself is bounded by its id, which it draws itself.
TABS = Rate("tabs", 500, 2_500)

HOLD_SECONDS = 0.1  # that a refusal is held back: ten a second on a connection, whoever sends more
MAX_HELD = 1_000  # at once; those over it are answered straight away, since each holds its request


class RateLimits:
    """The limits of a process; with no rates nothing is counted. `clock` gives seconds."""

    def __init__(self, rates: Rates = (), clock: Callable[[], float] = trio.current_time) -> None:
        counted = (*rates, TABS) if rates else ()
        self._of = {rate.name: (RateLimit(rate.per_second, rate.burst), rate) for rate in counted}
        self._clock = clock
        self._held = 0

    def check(self, name: str, caller: str | None, tab: str = "") -> None:
        """Count one more of these by a caller, or by one tab of it; raise OverRate where that is too often.

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

    async def hold(self) -> None:
        """Wait, before somebody is told that it asks too often."""
        if self._held >= MAX_HELD:
            return await trio.lowlevel.checkpoint()
        self._held += 1
        try:
            await trio.sleep(HOLD_SECONDS)
        finally:
            self._held -= 1


def _refusal(rate: Rate, remaining: int, wait: int) -> OverRate:
    window = math.ceil(rate.burst / rate.per_second)  # seconds in which the whole burst comes back
    return OverRate(
        f"This server does that only so often for one caller ({rate.name}). Wait {wait} s, then try again.",
        retry_after=wait,
        headers={
            "ratelimit-policy": f'"{rate.name}";q={rate.burst};w={window}',
            "ratelimit": f'"{rate.name}";r={remaining};t={wait}',
        },
    )
