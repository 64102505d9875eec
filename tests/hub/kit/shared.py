"""A model of the store that pods share: MemoryStore, its feed, and all that a Redis can lose.

News between processes is dropped, doubled, delayed and put out of order. tests/store/test_shared_contract.py
runs over this and over the real one.
"""

from __future__ import annotations

import math
import random
import secrets
from collections import deque
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from itertools import count
from typing import Any

import trio

from mapsrv.core.log import Head, Position
from mapsrv.errors import StoreUnavailable
from mapsrv.store import Batch, Component, Ok, Outcome, StoredSession
from mapsrv.store.memory import MemorySession, MemoryStore
from mapsrv.store.shared import PARCEL_SECONDS, Committed, Letter, Live, Missed, News, Seed
from tests.hub.kit.history import History

COPIES = 200  # of the store's state, one a change, to go back to
LOSS_SECONDS = 60.0


class Feed:
    def __init__(self, shared: SharedMemory) -> None:
        self._shared = shared
        self.watched: set[str] = set()
        self.pod = f"{next(shared.pods):016x}"
        self.send, self._receive = trio.open_memory_channel[News](100_000)

    async def watch(self, session_id: str) -> None:
        await trio.lowlevel.checkpoint()
        self.watched.add(session_id)

    async def unwatch(self, session_id: str) -> None:
        await trio.lowlevel.checkpoint()
        self.watched.discard(session_id)

    async def tell(self, session_id: str, body: bytes, *, about: str = "viewers") -> None:
        await trio.lowlevel.checkpoint()
        self._shared.spread(Live(session_id, body))

    async def pass_on(self, session_id: str, body: bytes, *, about: str, number: int) -> None:
        await trio.lowlevel.checkpoint()
        self._shared.spread(Live(session_id, body))

    async def next(self) -> News:
        return await self._receive.receive()

    async def post(self, pod: str, body: bytes) -> bool:
        await trio.lowlevel.checkpoint()
        heard = [feed for feed in self._shared.feeds if feed.pod == pod]
        for feed in heard:
            feed.deliver(Letter(body))
        return bool(heard)

    def deliver(self, news: News) -> None:
        if isinstance(news, (Missed, Letter)) or news.session_id in self.watched:
            self.send.send_nowait(news)


@dataclass
class Kept:
    """What the store has besides the sessions themselves, at one moment."""

    sessions: dict[str, MemorySession]
    came_from: dict[str, tuple[Position, ...]]


class SharedMemory:
    """`rng` decides what goes wrong with news, `faults` how often (0 to 1); `lost_replies` of commits too."""

    durability = "redis"
    trouble = None  # said here: from 3.12 on isinstance() of a protocol does not ask __getattr__

    def __init__(
        self,
        store: MemoryStore,
        rng: random.Random | None = None,
        faults: float = 0.0,
        *,
        lost_replies: bool = True,
        history: History | None = None,
    ) -> None:
        self.store, self._rng = store, rng or random.Random(1)
        self.faults, self.lost_replies = faults, lost_replies
        self.history = history or History()
        self.feeds: list[Feed] = []
        self.pods = count()
        self._late: list[News] = []
        self._came_from: dict[str, tuple[Position, ...]] = {}
        self._copies: deque[Kept] = deque(maxlen=COPIES)
        self._identity: str | None = None
        self._secret: bytes | None = None
        self.parcels: dict[str, tuple[bytes | None, float]] = {}  # and until when
        self._loss_until = 0.0
        self.accepted: dict[str, list[str]] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self.store, name)

    @property
    def sessions(self) -> dict[str, MemorySession]:
        """What is stored now, for those who check it: no store tells all that it has."""
        return self.store.sessions

    async def create(self, session_id: str, head: Head, *, now: float) -> bool:
        made = await self.store.create(session_id, head, now=now)
        if made:
            self.history.begin(head)
            self._copies.clear()  # what goes back goes back to a time that knew all sessions
        return made

    async def load(self, session_id: str) -> StoredSession | None:
        await self._wait()
        stored = await self.store.load(session_id)
        if stored is None:
            self._check_for_loss()
            return None
        return replace(stored, came_from=self._came_from.get(session_id, ()))

    async def exists(self, session_id: str) -> bool:
        there = await self.store.exists(session_id)
        if not there:
            self._check_for_loss()
        return there

    async def put_blob(self, name: str, body: bytes, *, now: float) -> None:
        await self.store.put_blob(name, body, now=now)

    async def renew_blob(self, name: str, *, now: float) -> bool:
        return await self.store.renew_blob(name, now=now)

    async def get_blob(self, name: str) -> bytes | None:
        return await self.store.get_blob(name)

    async def renew(self, session_ids: Collection[str], *, now: float) -> None:
        await self.store.renew(session_ids, now=now)

    async def sweep(self, *, before: float, crowded: float = -math.inf) -> tuple[int, int]:
        return await self.store.sweep(before=before, crowded=crowded)

    async def commit(self, batches: Sequence[Batch]) -> list[Outcome]:
        await self._wait()
        self._copy()
        outcomes = await self.store.commit(batches)
        for batch, outcome in zip(batches, outcomes, strict=True):
            if isinstance(outcome, Ok):
                keys = self.accepted.setdefault(batch.session_id, [])
                after = batch.after
                for entry in batch.entries:
                    keys.append(entry.record.key)
                    self.history.add(after, entry)
                    after = entry.record.head
                    self.spread(Committed(batch.session_id, entry))
        await self._wait()
        if self.lost_replies and self._rng.random() < self.faults / 4:
            raise StoreUnavailable("the answer was lost")
        return outcomes

    async def heads(self, session_ids: Collection[str]) -> dict[str, Head | None]:
        stored = {name: await self.store.load(name) for name in session_ids}
        await self._wait()
        return {name: one.head if one else None for name, one in stored.items()}

    async def identity(self) -> str:
        await self._wait()
        self._identity = self._identity or secrets.token_hex(16)
        return self._identity

    async def secret(self, mine: bytes) -> bytes:
        await self._wait()
        self._secret = self._secret or mine
        return self._secret

    async def expect(self, token: str) -> None:
        await self._wait()
        self.parcels[token] = None, trio.current_time() + PARCEL_SECONDS

    async def admit(self, token: str) -> bool:
        await self._wait()
        body, until = self.parcels.get(token, (b"", 0.0))
        if body is None:
            del self.parcels[token]
        return body is None and trio.current_time() < until

    async def leave(self, token: str, body: bytes) -> None:
        await self._wait()
        self.parcels[token] = body, trio.current_time() + PARCEL_SECONDS

    async def collect(self, token: str) -> bytes | None:
        await self._wait()
        body, until = self.parcels.get(token, (None, 0.0))
        if body is not None:
            del self.parcels[token]
        return body if trio.current_time() < until else None

    async def note_loss(self) -> None:
        await self._wait()
        self._loss_until = trio.current_time() + LOSS_SECONDS

    async def seed(self, seed: Seed) -> bool:
        await self._wait()
        session = self.sessions.get(seed.session_id)
        if (session.head if session else None) != seed.expect:
            return False
        self._copy()
        self.history.begin_anew(seed)
        if session is not None:
            for part in session.components.values():
                self.store.forget(part.blobs)
        begun = MemorySession(seed.head, seed.head, 0.0, keys={record.key: record for record in seed.keys})
        self.sessions[seed.session_id] = begun
        for name, part in seed.components.items():
            self.store.put_component(begun, name, part)
        self._came_from[seed.session_id] = seed.came_from
        return True

    # --- what it can lose ------------------------------------------------------------

    def lose_everything(self) -> None:
        """Be started anew with nothing in it."""
        self._copies.clear()
        self._restore(Kept({}, {}))
        self.store.blobs.clear()
        self._identity = self._secret = None
        self._loss_until = 0.0

    def go_back(self, changes: int) -> None:
        """Be what it was so many changes ago, as far as that is remembered, and knew all the sessions."""
        kept, now = None, self.sessions.keys()
        while changes and self._copies and self._copies[-1].sessions.keys() >= now:
            kept, changes = self._copies.pop(), changes - 1
        if kept is not None:
            self._restore(kept)

    def _copy(self) -> None:
        self._copies.append(Kept(_copied(self.sessions), dict(self._came_from)))

    def _restore(self, kept: Kept) -> None:
        store, self._came_from = self.store, kept.came_from
        store.sessions = kept.sessions
        store.refs.clear()
        for session in kept.sessions.values():
            named: list[Component | Any] = [*session.components.values(), *session.entries]
            for one in named:
                store.refs.update(one.blobs)

    def _check_for_loss(self) -> None:
        if trio.current_time() < self._loss_until:
            raise StoreUnavailable("Some maps are being brought back.", retry_after=5)

    # --- news ------------------------------------------------------------------------

    async def _wait(self) -> None:
        await trio.sleep(self._rng.random() / 100)

    def spread(self, news: News) -> None:
        for feed in self.feeds:
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
            for feed in self.feeds:
                feed.deliver(late)

    def break_connections(self) -> None:
        for feed in self.feeds:
            feed.deliver(Missed())

    @asynccontextmanager
    async def open_feed(self) -> AsyncIterator[Feed]:
        feed = Feed(self)
        self.feeds.append(feed)
        await trio.lowlevel.checkpoint()
        try:
            yield feed
        finally:
            self.feeds.remove(feed)


def _copied(sessions: dict[str, MemorySession]) -> dict[str, MemorySession]:
    return {
        name: replace(one, components=dict(one.components), entries=deque(one.entries), keys=dict(one.keys))
        for name, one in sessions.items()
    }
