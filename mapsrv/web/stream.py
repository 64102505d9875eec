"""One map's changes as Server-Sent Events to one browser tab: the body of the answer to GET /events.

Its life, in whichever way it goes out:

- Opening: Streams.check() says whether it may, before an answer is begun, since a status other than 200 ends
  an EventSource for good. Between check() and __aenter__ the map may go; the stream then ends at once, and
  the browser comes again and is told why.
- `retry:` first, drawn for each: when a server ends, not all of its browsers are to come back together.
- Then what is new since the cursor (events, or a snapshot), and a ping every 15 s.
- Its end, always by a `drain` frame that says when to come back: the server stops ("stopping"), it has
  lived its time ("lifetime", with other pods), or a newer release has written the map ("newer").
- A reader that leaves is noticed by the server below; __aexit__ counts it out and never waits.

There are two ways. Pulled, by Quart and wherever the server below lends no socket: the next bytes are asked
for when the last are written, so a slow reader is one that asks seldom. And seated, by our own server: its
task takes all there is, then sits down (mapsrv/hub/broadcast.py) and sleeps until its client is gone, its
seat is lost, or it is told to leave; what comes meanwhile is written by the rounds.

Odd lines: the map that is gone is asked after take(), so that what was refused of the reader's own is still
told. What wakes a task is a scope's cancel(), which is not lost where it comes before the task sleeps.
"""

from __future__ import annotations

import math
import random
from contextlib import AbstractAsyncContextManager
from types import TracebackType
from typing import TYPE_CHECKING

import trio

from mapsrv.errors import MapsrvError
from mapsrv.hub.seats import Seat
from mapsrv.hub.subscribers import Subscriber
from mapsrv.metrics.maps import DRAINED
from mapsrv.wire import sse

if TYPE_CHECKING:
    from mapsrv.web.streams import Streams, Subscription

PING_SECONDS = 15.0  # the page takes a line that is silent for 40 s for dead
RETRY_MS = (1000, 3000)  # how long a browser waits before it reconnects: spread, so that not all come at once
SOON_MS = (100, 1000)  # the same where nothing is wrong, and no other stream ends at that moment


class Stream:
    """The body of one stream's answer. It is entered and left in one task, whatever happens between."""

    __slots__ = (
        "_begun",
        "_ended",
        "_opened",
        "_ping_at",
        "_streams",
        "_subscriber",
        "_subscription",
        "_until",
        "began",
        "leaves",
        "seat",
        "sleep",
        "slot",
    )

    def __init__(self, streams: Streams, subscription: Subscription) -> None:
        self._streams = streams
        self._subscription = subscription
        self._opened: AbstractAsyncContextManager[Subscriber] | None = None
        self._subscriber: Subscriber | None = None
        self._begun = self._ended = False
        self.leaves: tuple[str, tuple[int, int]] | None = None
        self.sleep: trio.CancelScope | None = None
        self.began, self._ping_at, self._until = 0.0, 0.0, math.inf
        self.seat: Seat | None = None
        self.slot = 0  # of the wheel

    async def __aenter__(self) -> Stream:
        opened = self._subscription()
        try:
            self._subscriber = await opened.__aenter__()
        except MapsrvError:
            self._ended = True  # gone since it was checked: the client comes again, and is told why
            return self
        self._opened = opened
        self.began = trio.current_time()
        self._ping_at = self.began + PING_SECONDS
        self._until = self.began + self._streams.lifetime()
        self._streams.add(self)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._opened is not None:
            self._streams.discard(self)
            await self._opened.__aexit__(kind, error, trace)  # noqa: ASYNC102 (never waits)

    def leave(self, why: str, spread: tuple[int, int]) -> None:
        """Have it say `drain` and end; its browser is to come back within so many milliseconds."""
        self.leaves = why, spread
        if self.sleep is not None:
            self.sleep.cancel()

    def last(self) -> bytes:
        """Return what it ends with."""
        assert self.leaves is not None
        why, spread = self.leaves
        self._ended = True
        DRAINED.labels(why).inc()
        # It sticks in the browser until the next stream says its own.
        return sse.frame("drain", b"{}", retry=random.randint(*spread))

    # --- pulled ----------------------------------------------------------------------

    def __aiter__(self) -> Stream:
        return self

    async def __anext__(self) -> bytes:
        if self._ended or self._subscriber is None:
            raise StopAsyncIteration
        if not self._begun:
            self._begun = True
            return retry()
        return await self._next(self._subscriber)

    async def _next(self, subscriber: Subscriber) -> bytes:
        if (part := subscriber.rest()) is not None:
            return part
        while self.leaves is None:
            if trio.current_time() >= self._ping_at:
                self._ping_at = trio.current_time() + PING_SECONDS
                return subscriber.ping()
            if trio.current_time() >= self._until:
                self.leaves = "lifetime", SOON_MS
            elif (frames := subscriber.take()) is not None:
                return frames
            elif subscriber.gone:  # once it knows what of its own was refused
                self.leaves = "newer", RETRY_MS
            else:
                with trio.move_on_at(min(self._ping_at, self._until)) as self.sleep:
                    await subscriber.wait()
        return self.last()

    # --- seated ----------------------------------------------------------------------

    def tick(self, ping: bytes, chunked: bytes) -> None:
        """Say a ping, or that its time is over, where it sits."""
        if trio.current_time() >= self._until:
            self.leave("lifetime", SOON_MS)
        elif self.seat is not None:
            self.seat.write(ping, chunked)

    @property
    def entered(self) -> bool:
        """Whether there is a map to read."""
        return self._subscriber is not None

    @property
    def subscriber(self) -> Subscriber:
        """Who reads; there while it is entered."""
        assert self._subscriber is not None
        return self._subscriber


def retry() -> bytes:
    """Return what a stream begins with."""
    return b"retry: %d\n\n" % random.randint(*RETRY_MS)
