"""The open event streams of this process: how many, their pings and lifetimes, and their end.

Those that sit are pinged by a wheel, a sixtieth of them at a time: thousands of timers would cost more than
all that they say. drain() shuffles, else all who look at one map would leave in the same moment; add() ends
a stream at once when the drain began after its check().
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

import trio

from mapsrv.asgi.peer import chunk
from mapsrv.errors import Draining, TooMany
from mapsrv.hub.hub import Hub
from mapsrv.hub.live_session import LiveSession
from mapsrv.hub.subscribers import Subscriber
from mapsrv.metrics.maps import STREAMS
from mapsrv.metrics.requests import CONNECTIONS, SESSION_SECONDS
from mapsrv.web.stream import PING_SECONDS, RETRY_MS, SOON_MS, Stream

LIFETIME_SECONDS = 600.0  # with other pods: what happens when a pod leaves happens to each stream every day
LIFETIME_SPREAD = 0.2  # of it, more or less, drawn for each
MAX_STREAMS = 20_000  # of the process; each holds a connection
SLOTS = 60  # of the wheel, which turns once in PING_SECONDS

OPEN, LIVED = CONNECTIONS.labels("events"), SESSION_SECONDS.labels("events")

Subscription = Callable[[], AbstractAsyncContextManager[Subscriber]]


class Streams:
    """Counts streams, and ends them all when the server stops. `lifetime` is seconds, of each about."""

    def __init__(
        self, hub: Hub, *, per_session: int, total: int = MAX_STREAMS, lifetime: float = math.inf
    ) -> None:
        self._hub = hub
        self._per_session, self._total = per_session, total
        self._lifetime = lifetime
        self._wheel: list[dict[Stream, None]] = [{} for _ in range(SLOTS)]
        self._slot = self._count = 0
        self._ended = trio.Event()
        self._window = 0.0
        self.draining = False

    def __len__(self) -> int:
        return self._count

    @property
    def full(self) -> bool:
        """Whether no more can be opened."""
        return self._count >= self._total

    async def check(self, session_id: str) -> None:
        """Raise UnknownSession, StoreUnavailable, TooMany or Draining unless a stream can be opened."""
        if self.draining:
            raise Draining("This server is stopping. Try again in a moment.", retry_after=1)
        async with self._hub.open_session(session_id) as live:
            if self.full or live.streams >= self._per_session:
                raise TooMany("Too many have this map open just now. Try again later.", retry_after=10)

    def add(self, stream: Stream) -> None:
        """Count a stream that opens."""
        stream.slot = (self._slot - 1) % SLOTS  # a whole turn from now
        self._wheel[stream.slot][stream] = None
        self._count += 1
        STREAMS.inc()
        OPEN.inc()
        if self.draining:  # which began since it was checked
            self._end(stream)

    def discard(self, stream: Stream) -> None:
        """Count it no more."""
        del self._wheel[stream.slot][stream]
        self._count -= 1
        STREAMS.dec()
        OPEN.dec()
        LIVED.observe(trio.current_time() - stream.began)
        if not self._count:
            self._ended.set()

    async def run(self) -> None:
        """Turn the wheel for ever."""
        while True:
            await trio.sleep(PING_SECONDS / SLOTS)
            due, self._slot = list(self._wheel[self._slot]), (self._slot + 1) % SLOTS
            pings: dict[LiveSession, tuple[bytes, bytes]] = {}
            for stream in due:
                live = stream.subscriber.live
                if live not in pings:
                    ping = stream.subscriber.ping()
                    pings[live] = ping, chunk(ping)
                stream.tick(*pings[live])

    async def drain(self, window: float = 0.0) -> None:
        """Have every stream say `drain` and end, evenly over so many seconds; new ones are refused."""
        self.draining, self._window = True, window
        leaving = [stream for slot in self._wheel for stream in slot]
        random.shuffle(leaving)  # else all who have one map open leave together
        began = trio.current_time()
        for number, stream in enumerate(leaving):
            await trio.sleep_until(began + window * number / len(leaving))
            self._end(stream)

    def _end(self, stream: Stream) -> None:
        # With a window there are other pods to go to, and the others are to come spread over it. Without
        # one nobody answers until this server is back.
        spread = (SOON_MS[0], SOON_MS[0] + round(self._window * 1000)) if self._window else RETRY_MS
        stream.leave("stopping", spread)

    def lifetime(self) -> float:
        """Return how long a stream that opens now may live, in seconds."""
        return self._lifetime * random.uniform(1 - LIFETIME_SPREAD, 1 + LIFETIME_SPREAD)

    async def ended(self) -> None:
        """Wait until no stream is open."""
        while self._count:
            self._ended = trio.Event()
            await self._ended.wait()
