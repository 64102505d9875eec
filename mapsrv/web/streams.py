"""The open event streams of this process: one map's changes as Server-Sent Events to one browser tab.

A stream is pulled: the next bytes are asked for when the last are written, so a slow reader is one
that asks seldom, and it then gets what is current. It needs no task and no queue of its own. Its life:

- Opening: check() says whether it may, before a response is begun, since a status other than 200 ends an
  EventSource for good. Between check() and __aenter__ the map may go; the stream then ends at once, and
  the browser comes again and is told why.
- `retry:` first, drawn for each: when a server ends, not all of its browsers are to come back together.
- Then, as long as it lives: the rest of a frame that was cut into slices, else a ping that is due, else
  what is new since the cursor (events, or a snapshot), else it waits for news or for the next of its times.
- Its end, always by a `drain` frame that says when to come back: the server stops ("stopping"), it has
  lived its time ("lifetime", with other pods), or a newer release has written the map ("newer").
- A reader that leaves is noticed by the server below, which cancels the task; __aexit__ counts it out and
  closes the subscription, and never waits.

Odd lines: add() ends a stream at once when the drain began after its check(). drain() shuffles, else all
who look at one map would leave in the same moment. The map that is gone is asked after take(), so that
what was refused of the reader's own is still told. leave() wakes the subscriber: it may be waiting for
news of a map on which nothing happens.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from types import TracebackType

import trio

from mapsrv.asgi.message import Message, Receive, Send
from mapsrv.errors import Draining, MapsrvError, TooMany
from mapsrv.hub.hub import Hub
from mapsrv.hub.subscribers import Subscriber
from mapsrv.metrics import DRAINED, STREAMS
from mapsrv.wire import sse

PING_SECONDS = 15.0  # the page takes a line that is silent for 40 s for dead
RETRY_MS = (1000, 3000)  # how long a browser waits before it reconnects: spread, so that not all come at once
SOON_MS = (100, 1000)  # the same where nothing is wrong, and no other stream ends at that moment
LIFETIME_SECONDS = 600.0  # with other pods: what happens when a pod leaves happens to each stream every day
LIFETIME_SPREAD = 0.2  # of it, more or less, drawn for each
MAX_STREAMS = 20_000  # of the process; each holds a connection

Subscription = Callable[[], AbstractAsyncContextManager[Subscriber]]


class Streams:
    """Counts streams, and ends them all when the server stops. `lifetime` is seconds, of each about."""

    def __init__(
        self, hub: Hub, *, per_session: int, total: int = MAX_STREAMS, lifetime: float = math.inf
    ) -> None:
        self._hub = hub
        self._per_session, self._total = per_session, total
        self._lifetime = lifetime
        self._open: set[Stream] = set()
        self._ended = trio.Event()
        self._window = 0.0
        self.draining = False

    def __len__(self) -> int:
        return len(self._open)

    @property
    def full(self) -> bool:
        """Whether no more can be opened."""
        return len(self._open) >= self._total

    async def check(self, session_id: str) -> None:
        """Raise UnknownSession, StoreUnavailable, TooMany or Draining unless a stream can be opened."""
        if self.draining:
            raise Draining("This server is stopping. Try again in a moment.", retry_after=1)
        async with self._hub.open_session(session_id) as live:
            if self.full or len(live.readers) >= self._per_session:
                raise TooMany("Too many have this map open just now. Try again later.", retry_after=10)

    def add(self, stream: Stream) -> None:
        """Count a stream that opens."""
        self._open.add(stream)
        STREAMS.inc()
        if self.draining:  # which began since it was checked
            self._end(stream)

    def discard(self, stream: Stream) -> None:
        """Count it no more."""
        self._open.discard(stream)
        STREAMS.dec()
        if not self._open:
            self._ended.set()

    async def drain(self, window: float = 0.0) -> None:
        """Have every stream say `drain` and end, evenly over so many seconds; new ones are refused."""
        self.draining, self._window = True, window
        leaving = list(self._open)
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
        while self._open:
            self._ended = trio.Event()
            await self._ended.wait()


class Stream:
    """The body of one stream's answer. It is entered and left in one task, whatever happens between."""

    def __init__(self, streams: Streams, subscription: Subscription) -> None:
        self._streams = streams
        self._subscription = subscription
        self._opened: AbstractAsyncContextManager[Subscriber] | None = None
        self._subscriber: Subscriber | None = None
        self._begun = self._ended = False
        self._leaves: tuple[str, tuple[int, int]] | None = None
        self._ping_at, self._until = 0.0, math.inf

    async def __aenter__(self) -> Stream:
        opened = self._subscription()
        try:
            self._subscriber = await opened.__aenter__()
        except MapsrvError:
            self._ended = True  # gone since it was checked: the client comes again, and is told why
            return self
        self._opened = opened
        self._ping_at = trio.current_time() + PING_SECONDS
        self._until = trio.current_time() + self._streams.lifetime()
        self._streams.add(self)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._opened is not None:
            self._streams.discard(self)
            await self._opened.__aexit__(kind, error, trace)  # noqa: ASYNC102 (never waits)

    def __aiter__(self) -> Stream:
        return self

    async def __anext__(self) -> bytes:
        if self._ended or self._subscriber is None:
            raise StopAsyncIteration
        if not self._begun:
            self._begun = True
            return b"retry: %d\n\n" % random.randint(*RETRY_MS)
        return await self._next(self._subscriber)

    async def _next(self, subscriber: Subscriber) -> bytes:
        if (part := subscriber.rest()) is not None:
            return part
        while self._leaves is None:
            if trio.current_time() >= self._ping_at:
                self._ping_at = trio.current_time() + PING_SECONDS
                return subscriber.ping()
            if trio.current_time() >= self._until:
                self._leaves = "lifetime", SOON_MS
            elif (frames := subscriber.take()) is not None:
                return frames
            elif subscriber.gone:  # once it knows what of its own was refused
                self._leaves = "newer", RETRY_MS
            else:
                with trio.move_on_at(min(self._ping_at, self._until)):
                    await subscriber.wait()
        why, spread = self._leaves
        self._ended = True
        DRAINED.labels(why).inc()
        # It sticks in the browser until the next stream says its own.
        return sse.frame("drain", b"{}", retry=random.randint(*spread))

    def leave(self, why: str, spread: tuple[int, int]) -> None:
        """Have it say `drain` and end; its browser is to come back within so many milliseconds."""
        self._leaves = why, spread
        if self._subscriber is not None:
            self._subscriber.wake()


async def run_stream(stream: Stream, start: Message, receive: Receive, send: Send) -> None:
    """Answer with a stream, until it ends or its reader leaves."""
    async with trio.open_nursery() as nursery:
        nursery.start_soon(_watch, receive, nursery.cancel_scope)
        await send(start)
        async with stream:
            async for part in stream:
                await send({"type": "http.response.body", "body": part, "more_body": True})
        await send({"type": "http.response.body", "body": b""})
        nursery.cancel_scope.cancel()


async def _watch(receive: Receive, reader: trio.CancelScope) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    reader.cancel()
