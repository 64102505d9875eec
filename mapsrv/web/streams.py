"""The open event streams of this process: one map's changes as Server-Sent Events to one browser tab.

A stream is pulled: Quart asks for the next bytes when the last are written, so a slow reader is one
that asks seldom, and it then gets what is current. It needs no task and no queue of its own.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from types import TracebackType

import trio
from quart.wrappers.response import ResponseBody

from mapsrv.errors import Draining, MapsrvError, TooMany
from mapsrv.hub.sessions import Hub
from mapsrv.hub.subscribers import Subscriber
from mapsrv.metrics import STREAMS
from mapsrv.wire import sse

PING_SECONDS = 15.0  # the page takes a line that is silent for 40 s for dead
RETRY_MS = (1000, 3000)  # how long a browser waits before it reconnects: spread, so that not all come at once
MAX_STREAMS = 20_000  # of the process; each holds a connection

Subscription = Callable[[], AbstractAsyncContextManager[Subscriber]]


class Streams:
    """Counts streams, and ends them all when the server stops."""

    def __init__(self, hub: Hub, *, per_session: int, total: int = MAX_STREAMS) -> None:
        self._hub = hub
        self._per_session, self._total = per_session, total
        self._open: set[Stream] = set()
        self._ended = trio.Event()
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
            if self.full or len(live.subscribers) >= self._per_session:
                raise TooMany("Too many have this map open just now. Try again later.", retry_after=10)

    def add(self, stream: Stream) -> None:
        """Count a stream that opens."""
        self._open.add(stream)
        STREAMS.inc()

    def discard(self, stream: Stream) -> None:
        """Count it no more."""
        self._open.discard(stream)
        STREAMS.dec()
        if not self._open:
            self._ended.set()

    def drain(self) -> None:
        """Have every stream say `drain` and end; new ones are refused."""
        self.draining = True
        for stream in self._open:
            stream.wake()

    async def ended(self) -> None:
        """Wait until no stream is open."""
        while self._open:
            self._ended = trio.Event()
            await self._ended.wait()


class Stream(ResponseBody):
    """The body of one stream's response. Quart enters and leaves it in one task, whatever happens between."""

    def __init__(self, streams: Streams, subscription: Subscription) -> None:
        self._streams = streams
        self._subscription = subscription
        self._opened: AbstractAsyncContextManager[Subscriber] | None = None
        self._subscriber: Subscriber | None = None
        self._begun = self._ended = False
        self._ping_at = 0.0

    async def __aenter__(self) -> Stream:
        opened = self._subscription()
        try:
            self._subscriber = await opened.__aenter__()
        except MapsrvError:
            self._ended = True  # gone since it was checked: the client comes again, and is told why
            return self
        self._opened = opened
        self._ping_at = trio.current_time() + PING_SECONDS
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
        while not self._streams.draining:
            if trio.current_time() >= self._ping_at:
                self._ping_at = trio.current_time() + PING_SECONDS
                return subscriber.ping()
            frames = subscriber.take()
            if frames is not None:
                return frames
            with trio.move_on_at(self._ping_at):
                await subscriber.wait()
        self._ended = True
        return sse.frame("drain", b"{}")

    def wake(self) -> None:
        """Let it look at what is new."""
        if self._subscriber is not None:
            self._subscriber.wake()

    async def convert_to_sequence(self) -> bytes:
        """Not for an endless body."""
        raise RuntimeError("a stream has no end")

    async def make_conditional(self, begin: int, end: int | None) -> int:
        """Not for an endless body."""
        raise RuntimeError("a stream has no ranges")
