"""A memory store that several hubs share, and the feed between them, which loses, doubles and reorders."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from typing import Any

import trio

from mapsrv.core.log import Head
from mapsrv.errors import StoreUnavailable
from mapsrv.store import Batch, Committed, Live, Missed, News, Ok, Outcome, Seed, Store


class Feed:
    def __init__(self, shared: SharedMemory) -> None:
        self._shared = shared
        self._watched: set[str] = set()
        self._send, self._receive = trio.open_memory_channel[News](100_000)

    async def watch(self, session_id: str) -> None:
        await trio.lowlevel.checkpoint()
        self._watched.add(session_id)

    async def unwatch(self, session_id: str) -> None:
        await trio.lowlevel.checkpoint()
        self._watched.discard(session_id)

    async def tell(self, session_id: str, body: bytes) -> None:
        await trio.lowlevel.checkpoint()
        self._shared.spread(Live(session_id, body))

    async def next(self) -> News:
        return await self._receive.receive()

    def deliver(self, news: News) -> None:
        if isinstance(news, Missed) or news.session_id in self._watched:
            self._send.send_nowait(news)


class SharedMemory:
    """`rng` decides what goes wrong with news, `faults` how often (0 to 1); `lost_replies` of commits too."""

    durability = "redis"

    def __init__(self, store: Store, rng: random.Random | None = None, faults: float = 0.0) -> None:
        self._store, self._rng, self.faults = store, rng or random.Random(1), faults
        self._feeds: list[Feed] = []
        self._late: list[News] = []
        self.accepted: dict[str, list[str]] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def create(self, session_id: str, head: Head, *, now: float) -> bool:
        return await self._store.create(session_id, head, now=now)

    async def load(self, session_id: str) -> Any:
        await self._wait()
        return await self._store.load(session_id)

    async def exists(self, session_id: str) -> bool:
        return await self._store.exists(session_id)

    async def put_blob(self, name: str, body: bytes, *, now: float) -> None:
        await self._store.put_blob(name, body, now=now)

    async def renew_blob(self, name: str, *, now: float) -> bool:
        return await self._store.renew_blob(name, now=now)

    async def get_blob(self, name: str) -> bytes | None:
        return await self._store.get_blob(name)

    async def renew(self, session_ids: Collection[str], *, now: float) -> None:
        await self._store.renew(session_ids, now=now)

    async def sweep(self, *, before: float) -> tuple[int, int]:
        return await self._store.sweep(before=before)

    async def commit(self, batches: Sequence[Batch]) -> list[Outcome]:
        await self._wait()
        outcomes = await self._store.commit(batches)
        for batch, outcome in zip(batches, outcomes, strict=True):
            if isinstance(outcome, Ok):
                keys = self.accepted.setdefault(batch.session_id, [])
                for entry in batch.entries:
                    keys.append(entry.record.key)
                    self.spread(Committed(batch.session_id, entry))
        await self._wait()
        if self._rng.random() < self.faults / 4:
            raise StoreUnavailable("the answer was lost")
        return outcomes

    async def heads(self, session_ids: Collection[str]) -> dict[str, Head | None]:
        stored = {name: await self._store.load(name) for name in session_ids}
        await self._wait()
        return {name: one.head if one else None for name, one in stored.items()}

    async def identity(self) -> str:
        await self._wait()
        return "the store"

    async def note_loss(self) -> None:
        await self._wait()

    async def seed(self, seed: Seed) -> bool:
        raise NotImplementedError

    async def _wait(self) -> None:
        await trio.sleep(self._rng.random() / 100)

    def spread(self, news: News) -> None:
        for feed in self._feeds:
            luck = self._rng.random()
            if luck > self.faults:
                feed.deliver(news)
            elif luck > self.faults * 0.6:
                feed.deliver(news)
                feed.deliver(news)
            elif luck > self.faults * 0.3:
                self._late.append(news)
        if self._late and self._rng.random() < 0.3:
            late = self._late.pop(self._rng.randrange(len(self._late)))
            for feed in self._feeds:
                feed.deliver(late)

    def break_connections(self) -> None:
        for feed in self._feeds:
            feed.deliver(Missed())

    @asynccontextmanager
    async def open_feed(self) -> AsyncIterator[Feed]:
        feed = Feed(self)
        self._feeds.append(feed)
        await trio.lowlevel.checkpoint()
        try:
            yield feed
        finally:
            self._feeds.remove(feed)
