"""What pods tell each other through Redis: one connection that listens, and a probe that it does.

Pub/sub loses silently. A connection that is idle publishes a probe to itself; when nothing comes
back, or it breaks, it is made anew, everything is watched again, and the reader is told `Missed`.

The channel of the probe is this process's letterbox too: an empty message is the probe.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import trio
from redis import exceptions

from mapsrv.errors import StoreAway, StoreUnavailable
from mapsrv.store.redis.client import Client
from mapsrv.store.redis.keys_and_values import (
    letterbox_of,
    live_channel_of,
    publication_to_entry,
    session_of,
)
from mapsrv.store.redis.news_queue import NewsQueue
from mapsrv.store.redis.tells import Tells
from mapsrv.store.redis.watches import AT_ONCE, Watches, channels_of
from mapsrv.store.shared import Committed, Live, Missed, News, Unread

PROBE_SECONDS = 5.0  # of silence, after which the connection is asked to hear itself
CLOSE_SECONDS = 1.0  # for a connection to end
AGAIN_SECONDS = 0.5  # between tries to connect
LAST_SECONDS = 0.5  # at the end, to publish what was told last
HEARD_AT_ONCE = 100  # messages, a few ms, until other tasks have a turn

log = logging.getLogger("mapsrv.redis")


class RedisFeed:
    """One process's feed. Made by open_feed."""

    def __init__(self, client: Client, pod: str) -> None:
        self.client, self.pod = client, pod
        self._letterbox = letterbox_of(pod)
        self._watches = Watches(client.deadlines)
        self._pubsub: Any = None
        self._news = NewsQueue()
        self._tells = Tells()
        self._more = trio.Event()

    async def watch(self, session_id: str) -> None:
        """Have news of a session from now on. Raises StoreAway."""
        self._watches.all[session_id] = None
        if self._pubsub is None:
            return  # the one that is being made watches it too, and tells Missed
        try:
            await self._watches.add(session_id)  # what is committed before Redis says so is told to nobody
        except trio.TooSlowError as error:
            raise StoreAway(
                "Redis, where the maps are kept, cannot be reached. Try again.", retry_after=1
            ) from error

    async def unwatch(self, session_id: str) -> None:
        """Have no more news of a session."""
        if session_id not in self._watches.all:
            return
        del self._watches.all[session_id]
        if self._pubsub is None:
            return
        try:
            await self.client.island(self._pubsub.unsubscribe(*channels_of(session_id)))
        except (exceptions.RedisError, OSError):
            pass  # the connection is gone, and its watches with it

    async def tell(self, session_id: str, body: bytes, *, about: str = "viewers") -> None:
        """Tell the others something that is never stored, soon; only the latest of a subject is told."""
        self._tells.put(session_id, about, body)
        self._more.set()
        await trio.lowlevel.checkpoint()  # whoever tells of thousands gives the others a turn

    async def pass_on(self, session_id: str, body: bytes, *, about: str, number: int) -> None:
        """Tell the others what a tab says, as tell() does; of what is about the same the highest number."""
        self._tells.put_of_tab(session_id, about, number, body)
        self._more.set()
        await trio.lowlevel.checkpoint()

    async def next(self) -> News:
        """Wait for news."""
        return await self._news.next()

    async def post(self, pod: str, body: bytes) -> bool:
        """Post a letter to one process; return whether anybody heard. Raises StoreUnavailable."""
        return bool(await self.client.call("PUBLISH", letterbox_of(pod), body))

    async def run_tells(self) -> None:
        """Publish what is told for ever: a call for each would be most of what a busy process does."""
        while True:
            await self._more.wait()
            self._more = trio.Event()
            await self.flush()

    async def flush(self) -> None:
        """Publish what is told; it is dropped when Redis is away."""
        while some := self._tells.take():
            try:
                await self.client.pipe([("PUBLISH", live_channel_of(one), body) for one, body in some])
            except StoreUnavailable:
                pass

    async def run_watches(self) -> None:
        """Subscribe to what is wanted for ever."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._watches.give_up_in_silence)
            await self._subscribe_wanted()

    async def _subscribe_wanted(self) -> None:
        while True:
            wanted = await self._watches.wanted()
            if self._pubsub is not None:
                try:
                    await self._subscribe(self._pubsub, wanted)
                except (exceptions.RedisError, OSError):
                    pass  # the connection is gone: the next one watches them too

    async def _subscribe(self, pubsub: Any, session_ids: Iterable[str]) -> None:
        if channels := self._watches.channels(session_ids):
            await self.client.island(pubsub.subscribe(*channels))

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
        pubsub, moves = self.client.pubsub(), self.client.moves
        try:
            await self.client.island(pubsub.subscribe(self._letterbox))
            known = list(self._watches.all)
            for start in range(0, len(known), AT_ONCE):
                await self._subscribe(pubsub, known[start : start + AT_ONCE])
            self._pubsub = pubsub
            self._news.put(Missed())
            # Watched while the list was being sent: watch() left those to us.
            await self._subscribe(pubsub, self._watches.all.keys() - set(known))
            await self._read(pubsub, moves)
        finally:
            self._pubsub = None
            with trio.move_on_after(CLOSE_SECONDS, shield=True):
                await self.client.island(pubsub.aclose())

    async def _read(self, pubsub: Any, moves: int) -> None:
        probed = False
        while True:
            heard = await self.client.island(self._hear_some(pubsub, moves))
            if moves != self.client.moves:
                raise exceptions.ConnectionError("another Redis is the master")
            if heard == HEARD_AT_ONCE:
                continue
            if probed and not heard:
                raise exceptions.ConnectionError("nothing is heard any more")
            await self.client.call("PUBLISH", self._letterbox, b"")
            probed = True

    async def _hear_some(self, pubsub: Any, moves: int) -> int:
        """On the island, hear HEARD_AT_ONCE messages, fewer where it is silent or has moved; return how many.

        A step to the island and back waits for some turns of the loop. A step for each message would
        take seconds when thousands of sessions are watched at once.
        """
        for heard in range(HEARD_AT_ONCE):
            message = await pubsub.get_message(timeout=PROBE_SECONDS)
            if message is None or moves != self.client.moves:
                return heard
            self.client.deadlines.heard()
            self._take(message)
        return HEARD_AT_ONCE

    def _take(self, message: Mapping[str, Any]) -> None:
        if message["type"] == "message":
            self._hear(message["channel"], message["data"])
        elif message["type"] == "subscribe":
            found = session_of(message["channel"])
            if found is not None and found[0] == "live":  # the second of a session's two
                self._watches.confirm(found[1])

    def _hear(self, channel: bytes, data: bytes) -> None:
        found = session_of(channel)
        if found is None:
            return self._news.put_letter(data) if data else None  # the probe
        kind, session_id = found
        if kind == "live":
            return self._news.put(Live(session_id, data))
        try:
            self._news.put(Committed(session_id, publication_to_entry(data)))
        except ValueError:
            self._news.put(Unread(session_id))  # torn, or of a newer release


@asynccontextmanager
async def open_feed(client: Client, pod: str) -> AsyncIterator[RedisFeed]:
    """Yield a feed that listens until the block ends."""
    feed = RedisFeed(client, pod)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(feed.run)
        nursery.start_soon(feed.run_watches)
        nursery.start_soon(feed.run_tells)
        yield feed
        with trio.move_on_after(LAST_SECONDS):
            await feed.flush()  # that its viewers are gone
        nursery.cancel_scope.cancel()
