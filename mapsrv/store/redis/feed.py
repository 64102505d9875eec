"""What pods tell each other through Redis: one connection that listens, and a probe that it does.

Pub/sub loses silently. A connection that is idle publishes a probe to itself; when nothing comes
back, or it breaks, it is made anew, everything is watched again, and the reader is told `Missed`.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import trio
from redis import exceptions

from mapsrv.errors import StoreAway, StoreUnavailable
from mapsrv.store import Committed, Live, Missed, News, Unread
from mapsrv.store.redis.layout import channel_of, live_channel_of, publication_to_entry, session_of
from mapsrv.store.redis.link import CALL_SECONDS, Link

PROBE_SECONDS = 5.0  # of silence, after which the connection is asked to hear itself
CLOSE_SECONDS = 1.0  # for a connection to end
AGAIN_SECONDS = 0.5  # between tries to connect
MAX_NEWS = 10_000  # waiting to be read; what is over is told as Missed
WATCH_AT_ONCE = 500  # channels subscribed to in one command

log = logging.getLogger("mapsrv.redis")


class RedisFeed:
    """One process's feed. Made by open_feed."""

    def __init__(self, link: Link, probe: bytes) -> None:
        self._link = link
        self._probe = probe  # a channel of this process alone
        self._watched: dict[str, None] = {}
        self._pubsub: Any = None
        self._send, self._receive = trio.open_memory_channel[News](MAX_NEWS)
        self._missed = False
        self._awaited: dict[bytes, trio.Event] = {}  # channels that Redis has not yet said we hear

    async def watch(self, session_id: str) -> None:
        """Have news of a session from now on. Raises StoreAway."""
        self._watched[session_id] = None
        if self._pubsub is None:
            return  # the one that is being made watches it too, and tells Missed
        channels = _channels(session_id)
        heard = self._awaited.setdefault(channels[-1], trio.Event())
        try:
            with trio.fail_after(CALL_SECONDS):
                await self._link.island(self._pubsub.subscribe(*channels))
                await heard.wait()  # what is committed before Redis says so might be told to nobody
        except (exceptions.RedisError, OSError, trio.TooSlowError) as error:
            raise StoreAway(
                "Redis, where the maps are kept, cannot be reached. Try again.", retry_after=1
            ) from error
        finally:
            self._awaited.pop(channels[-1], None)

    async def unwatch(self, session_id: str) -> None:
        """Have no more news of a session."""
        if session_id not in self._watched:
            return
        del self._watched[session_id]
        if self._pubsub is None:
            return
        try:
            await self._link.island(self._pubsub.unsubscribe(*_channels(session_id)))
        except (exceptions.RedisError, OSError):
            pass  # the connection is gone, and its watches with it

    async def tell(self, session_id: str, body: bytes) -> None:
        """Tell the others something that is never stored; it is dropped when Redis is away."""
        try:
            await self._link.call("PUBLISH", live_channel_of(session_id), body)
        except StoreUnavailable:
            pass

    async def next(self) -> News:
        """Wait for news."""
        if self._missed:
            self._missed = False
            await trio.lowlevel.checkpoint()
            return Missed()
        return await self._receive.receive()

    async def run(self) -> None:
        """Listen for ever, on one connection after the other."""
        while True:
            try:
                await self._listen()
            except (exceptions.RedisError, OSError, StoreUnavailable) as error:
                log.warning("The line to Redis broke (%s); connecting again", type(error).__name__)
            self._pubsub = None
            await trio.sleep(AGAIN_SECONDS)

    async def _listen(self) -> None:
        pubsub, moves = self._link.pubsub(), self._link.moves
        try:
            channels = [self._probe, *(name for one in self._watched for name in _channels(one))]
            for start in range(0, len(channels), WATCH_AT_ONCE):
                await self._link.island(pubsub.subscribe(*channels[start : start + WATCH_AT_ONCE]))
            self._pubsub = pubsub
            self._tell(Missed())
            # Watched while the list was being sent: watch() left those to us.
            for session_id in [one for one in self._watched if channel_of(one) not in channels]:
                await self._link.island(pubsub.subscribe(*_channels(session_id)))
            await self._read(pubsub, moves)
        finally:
            self._pubsub = None
            with trio.move_on_after(CLOSE_SECONDS, shield=True):
                await self._link.island(pubsub.aclose())

    async def _read(self, pubsub: Any, moves: int) -> None:
        probed = False
        while True:
            if moves != self._link.moves:
                raise exceptions.ConnectionError("another Redis is the master")
            message = await self._link.island(pubsub.get_message(timeout=PROBE_SECONDS))
            if message is None:
                if probed:
                    raise exceptions.ConnectionError("nothing is heard any more")
                await self._link.call("PUBLISH", self._probe, b"")
                probed = True
                continue
            probed = False
            if message["type"] == "message":
                self._hear(message["channel"], message["data"])
            elif message["channel"] in self._awaited:
                self._awaited[message["channel"]].set()

    def _hear(self, channel: bytes, data: bytes) -> None:
        found = session_of(channel)
        if found is None:
            return  # the probe
        kind, session_id = found
        if kind == "live":
            return self._tell(Live(session_id, data))
        try:
            self._tell(Committed(session_id, publication_to_entry(data)))
        except ValueError:
            self._tell(Unread(session_id))  # torn, or of a newer release

    def _tell(self, news: News) -> None:
        try:
            self._send.send_nowait(news)
        except trio.WouldBlock:
            self._missed = True


def _channels(session_id: str) -> tuple[bytes, bytes]:
    return channel_of(session_id), live_channel_of(session_id)


@asynccontextmanager
async def open_feed(link: Link, probe: bytes) -> AsyncIterator[RedisFeed]:
    """Yield a feed that listens until the block ends."""
    feed = RedisFeed(link, probe)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(feed.run)
        yield feed
        nursery.cancel_scope.cancel()
