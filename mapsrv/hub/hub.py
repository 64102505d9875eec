"""The hub: everything of this process that holds, changes, keeps and heals maps, put together.

execute() is the one gate: whatever changes a map comes through it.
"""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import trio

from mapsrv.core.commands import Command
from mapsrv.core.log import Head, Origin, Position
from mapsrv.errors import MapsrvError
from mapsrv.gazetteer.gazetteer import Gazetteer
from mapsrv.hub.asking import Asking
from mapsrv.hub.broadcast import Broadcast
from mapsrv.hub.clock import Clock
from mapsrv.hub.committer import Committer
from mapsrv.hub.execute import CommandGate
from mapsrv.hub.live_session import Around, LiveSession
from mapsrv.hub.pictures import Pictures
from mapsrv.hub.presence.ticker import PresenceTicker
from mapsrv.hub.replicas.many import Here, ManyProcesses
from mapsrv.hub.replicas.offline import Room
from mapsrv.hub.replicas.single import SingleProcess
from mapsrv.hub.session_cache import SessionCache
from mapsrv.hub.subscribers import NOBODY, Subscriber
from mapsrv.logs import note_session
from mapsrv.metrics.maps import COMMANDS
from mapsrv.prepare.geojson_blobs import Documents
from mapsrv.prepare.preparer import Preparer
from mapsrv.prepare.style_check import StyleCheck
from mapsrv.store import Store
from mapsrv.store.shared import Feed, SharedStore
from mapsrv.wire.receipt import Receipt
from mapsrv.wire.said import Said

ACCEPTED = COMMANDS.labels("ok")


class Hub:
    """Made and run by open_hub(). `feed` is that of a store which other processes share."""

    def __init__(
        self,
        store: Store,
        feed: Feed | None,
        documents: Documents,
        clock: Clock,
        session_idle: float,
        style: StyleCheck,
        known: Gazetteer,
    ) -> None:
        self.store = store
        self.gazetteer = known
        self.durability = store.durability
        self.documents = documents
        self.preparer = Preparer(documents, style, known)
        self.clock = clock
        self.room = Room()
        self.replicas = self._replicas(feed)
        self.broadcast = Broadcast()
        self.ticker = PresenceTicker(self.replicas.tell_viewers)
        self.committer = Committer(store, self.replicas)
        self.gate = CommandGate(self.preparer.judged, self.committer.submit, self.replicas.catch_up)
        self.asking = Asking(self.replicas.ask_elsewhere)
        self.pictures = Pictures(self.asking, self.replicas.parcels)
        self.cache = SessionCache(store, self.replicas, self._around(), session_idle)

    def _replicas(self, feed: Feed | None) -> SingleProcess:
        if feed is None or not isinstance(self.store, SharedStore):
            return SingleProcess(self.store)
        here = Here(
            held=lambda: self.cache.held,
            submit=lambda live: self.committer.submit(live),
            reads=lambda live: self.committer.reads(live),
            follow=lambda live: self.committer.follow(live),
            back=lambda: self.committer.store_is_back(),
        )
        return ManyProcesses(self.store, feed, self.documents, self.preparer.again, here)

    def _around(self) -> Around:
        return Around(
            durability=self.durability,
            room=self.room,
            away=lambda: self.replicas.away,
            presence_changed=self.ticker.note,
            news=self.broadcast.note,
            drop=lambda live: self.cache.drop(live),
        )

    # --- maps -------------------------------------------------------------------

    async def create_session(self) -> str:
        """Return the id of a new map: an unguessable capability."""
        while True:
            session_id = secrets.token_urlsafe(16)
            if session_id.startswith("-"):
                continue  # on a command line it would be an option: `--session ID`
            note_session(session_id)
            head = Head.of_epoch(secrets.token_hex(8))
            if await self.store.create(session_id, head, now=self.clock.wall()):
                return session_id

    async def exists(self, session_id: str) -> bool:
        """Return whether there is a map of that id."""
        note_session(session_id)
        return await self.cache.exists(session_id)

    def open_session(self, session_id: str) -> AbstractAsyncContextManager[LiveSession]:
        """Hold a session in memory meanwhile; raises UnknownSession or StoreUnavailable."""
        note_session(session_id)
        return self.cache.open(session_id)

    @asynccontextmanager
    async def open_current(self, session_id: str) -> AsyncIterator[LiveSession]:
        """As open_session, for readers: what others have committed is in it, while the store answers."""
        async with self.open_session(session_id) as live:
            await self.replicas.catch_up(live)
            yield live

    async def execute(
        self, session_id: str, command: Command, origin: Origin, key: str | None = None
    ) -> Receipt:
        """Do a command and return its Receipt; raises MapsrvError when it is refused."""
        try:
            async with self.open_session(session_id) as live:
                made = key or f"minted-{secrets.token_hex(12)}"
                reply = await self.gate.execute(live, command, origin, made, self.clock.at())
                ACCEPTED.inc()
                late = live.rejections.take_warnings(origin) if origin.kind != "person" else ()
                return Receipt(
                    session_id,
                    live.state.title,
                    reply.position,
                    reply.answer.changed,
                    live.presence.count,
                    (*reply.answer.warnings, *late),
                    reply.durability,
                    reply.answer.facts,
                )
        except MapsrvError as error:
            COMMANDS.labels(error.code).inc()
            raise

    @asynccontextmanager
    async def subscribe(
        self,
        session_id: str,
        cursor: Position | None,
        *,
        viewer: str,
        name: str,
        url: str,
        author: tuple[str, str] = NOBODY,
    ) -> AsyncIterator[Subscriber]:
        """Read a session from a cursor, counted as a stream of that tab meanwhile."""
        async with self.open_session(session_id) as live:
            await self.replicas.resume(live, cursor)
            subscriber = Subscriber(live, cursor, url, author, viewer)
            live.streams += 1
            opened = live.presence.opened(viewer, name, author=author[1])
            try:
                yield subscriber
            finally:
                live.streams -= 1
                live.presence.closed(viewer, opened)

    async def tab_says(self, live: LiveSession, said: Said, *, own: bool = False) -> None:
        """Take what a tab says of itself, wherever its stream is. `own`: as Presence.told has it."""
        await self.replicas.tab_says(live, said, own=own)

    def held(self) -> dict[str, LiveSession]:
        """Return the sessions in memory."""
        return self.cache.held

    def in_front(self) -> str | None:
        """Return the map that this server's own user most recently had in front, if it is still there."""
        lives = self.held().values()
        fronts = [(live.presence.front, live.id) for live in lives if live.presence.front is not None]
        return max(fronts, default=(None, None), key=lambda pair: pair[0] or 0.0)[1]

    @property
    def viewers(self) -> int:
        """How many viewers all maps have."""
        return sum(live.presence.count for live in self.held().values())

    @property
    def viewers_here(self) -> int:
        """How many of them have their stream at this process."""
        return sum(live.presence.count_here for live in self.held().values())

    # --- the store, and the end -----------------------------------------------------

    @property
    def degraded(self) -> bool:
        """Whether changes may be refused, or known here alone."""
        return self.replicas.away or self.committer.failing or self.store.trouble is not None

    @property
    def left(self) -> int:
        """How many commands were done alone: with this process they would be lost."""
        return sum(live.done_alone for live in self.held().values())

    async def flushed(self) -> None:
        """Wait until all that is under way is in the store, though it be away; the caller says its bound."""
        await self.committer.flushed()
        await self.replicas.all_back()

    async def run(self) -> None:
        """Commit, keep in step, tell who is here and what is new, for ever."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self.committer.run)
            nursery.start_soon(self.replicas.run)
            nursery.start_soon(self.ticker.run)
            nursery.start_soon(self.broadcast.run)
