"""The hub: everything of this process that holds, changes, keeps and heals maps, put together.

execute() is the one gate: whatever changes a map comes through it.
"""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from mapsrv.core.commands import Command, Prepared
from mapsrv.core.lineage import Follows, compare
from mapsrv.core.log import Head, Origin, Position
from mapsrv.core.state import MapState
from mapsrv.errors import MapsrvError, NewerFormat, StoreAway, UnknownSession
from mapsrv.hub.clock import Clock
from mapsrv.hub.committer import Committer
from mapsrv.hub.live_session import LiveSession
from mapsrv.hub.presence.ticker import PresenceTicker
from mapsrv.hub.replicas import catch_up
from mapsrv.hub.replicas.healing import Healer
from mapsrv.hub.replicas.load import current
from mapsrv.hub.replicas.offline import Room
from mapsrv.hub.replicas.read_index import ReadIndex
from mapsrv.hub.replicas.reconcile import Means
from mapsrv.hub.replicas.replication import Replication
from mapsrv.hub.replicas.store_health import StoreHealth
from mapsrv.hub.session_cache import SessionCache
from mapsrv.hub.subscribers import NOBODY, Subscriber
from mapsrv.metrics import COMMANDS
from mapsrv.prepare.geojson_blobs import Documents
from mapsrv.prepare.layers import prepare
from mapsrv.store import Batch, Moved, Ok, Store
from mapsrv.store.shared import SharedStore
from mapsrv.wire.receipt import Receipt


class Hub:
    """Made and run by open_hub()."""

    def __init__(self, store: Store, documents: Documents, clock: Clock, session_idle: float) -> None:
        self.store = store
        self.durability = store.durability
        self.documents = documents
        self.clock = clock
        self.ticker = PresenceTicker(self._tell_viewers)
        self.committer = Committer(store, self)
        self.room = Room()
        # Where the store is shared: with the other processes, and without it.
        self.store_health: StoreHealth | None = None
        self.healer: Healer | None = None
        if isinstance(store, SharedStore):
            self.store_health = StoreHealth(store, self._store_is_back, self._wake_all)
            means = Means(store, documents, self.prepare, self._ask_for_a_turn)
            self.healer = Healer(means, self.lost_touch, self.committer.follow, self._let_go)
        shared = store if isinstance(store, SharedStore) else None
        self.read_index = ReadIndex(shared, self.committer, lambda: self.away, self.lost_touch)
        self.cache = SessionCache(store, self, self.store_health, self.lost_touch, session_idle)

    # --- maps -------------------------------------------------------------------

    async def create_session(self) -> str:
        """Return the id of a new map: an unguessable capability."""
        while True:
            session_id = secrets.token_urlsafe(16)
            head = Head.of_epoch(secrets.token_hex(8))
            if await self.store.create(session_id, head, now=self.clock.wall()):
                return session_id

    async def exists(self, session_id: str) -> bool:
        """Return whether there is a map of that id."""
        return await self.cache.exists(session_id)

    def open_session(self, session_id: str) -> AbstractAsyncContextManager[LiveSession]:
        """Hold a session in memory meanwhile; raises UnknownSession or StoreUnavailable."""
        return self.cache.open(session_id)

    @asynccontextmanager
    async def open_current(self, session_id: str) -> AsyncIterator[LiveSession]:
        """As open_session, for readers: what others have committed is in it, while the store answers."""
        async with self.open_session(session_id) as live:
            await self.read_index.catch_up(live)
            yield live

    async def execute(
        self, session_id: str, command: Command, origin: Origin, key: str | None = None
    ) -> Receipt:
        """Do a command and return its Receipt; raises MapsrvError when it is refused."""
        try:
            async with self.open_session(session_id) as live:
                made = key or f"minted-{secrets.token_hex(12)}"
                reply = await live.gate.execute(command, origin, made, self.clock.at())
                COMMANDS.labels("ok").inc()
                late = live.rejections.take_warnings(origin) if origin.kind != "person" else ()
                return Receipt(
                    session_id,
                    live.state.title,
                    reply.position,
                    reply.answer.changed,
                    live.presence.count,
                    (*reply.answer.warnings, *late),
                    reply.durability,
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
            await self.read_index.resume(live, cursor)
            subscriber = Subscriber(live, cursor, url, author)
            live.subscribers.add(subscriber)
            live.presence.opened(viewer, name, author=author[1])
            try:
                yield subscriber
            finally:
                live.subscribers.discard(subscriber)
                live.presence.closed(viewer)

    def in_front(self) -> str | None:
        """Return the map that this server's own user most recently had in front, if it is still there."""
        lives = self.cache.held.values()
        fronts = [(live.presence.front, live.id) for live in lives if live.presence.front is not None]
        return max(fronts, default=(None, None), key=lambda pair: pair[0] or 0.0)[1]

    @property
    def viewers(self) -> int:
        """How many viewers all maps have."""
        return sum(live.presence.count for live in self.cache.held.values())

    def held(self) -> dict[str, LiveSession]:
        """Return the sessions in memory."""
        return self.cache.held

    @property
    def replication(self) -> Replication | None:
        """What keeps it in step with other processes, where the store is shared."""
        return self.cache.replication

    def drop_idle(self) -> None:
        """Drop the sessions that nobody used for a while."""
        self.cache.drop_idle()

    # --- what the committer needs ---------------------------------------------------

    def _let_go(self, live: LiveSession, error: NewerFormat) -> None:
        """A newer release has written it: whoever asks now is told by the store itself."""
        live.let_go(error)
        self.cache.drop(live)

    @property
    def away(self) -> bool:
        """Whether a shared store does not answer."""
        return self.store_health is not None and self.store_health.away

    @property
    def degraded(self) -> bool:
        """Whether changes may be refused, or known here alone."""
        return self.away or self.committer.failing or self.store.trouble is not None

    def lost_touch(self, error: StoreAway) -> bool:
        """Note that the store did not answer; return whether sessions go on alone then."""
        if self.store_health is not None:
            self.store_health.begin(error)
        return self.store_health is not None

    def go_alone(self, live: LiveSession) -> None:
        """Have a session go on alone, its pending commands first; it comes back when the store does."""
        live.go_alone(secrets.token_hex(8))
        if self.healer is not None and not self.away:
            self.healer.submit(live)

    async def resync(self, live: LiveSession) -> None:
        """The store's history of a session is not ours: read what came since, or else all of it anew.

        What waits is decided again. `live.in_flight` is set meanwhile.
        """
        if self.store_health is not None and await self._news_taken(live):
            live.out_of_step = False
            return
        try:
            session = await current(self.store, live.id)
        except NewerFormat as error:
            return self._let_go(live, error)
        if session is not None and isinstance(compare(live.session, session), Follows):
            live.replace(session)
        elif self.healer is not None:
            self.go_alone(live)  # the store has lost what it had: it comes back with it
        else:
            live.out_of_step = False
            live.failed(live.session.pending, UnknownSession("This map is no longer there. Open a new one."))

    async def _news_taken(self, live: LiveSession) -> bool:
        """Return whether the session is where the store is, by what came since alone."""
        (outcome,) = await self.store.commit([Batch(live.id, live.session.head, ())])
        match outcome:
            case Ok():
                return True
            case Moved(_, came) if came:
                return await catch_up.take(live, came)
        return False

    def _store_is_back(self) -> None:
        assert self.healer is not None
        self.committer.failing = False
        for live in self.cache.held.values():
            self.healer.submit(live)
            self.committer.submit(live)
        self._wake_all()
        if self.replication is not None:
            self.replication.check_now()

    def _wake_all(self) -> None:
        """Have all readers look at the status: it says whether the store is away."""
        for live in self.cache.held.values():
            live.wake()

    # --- tasks ------------------------------------------------------------------

    async def prepare(self, command: Command, state: MapState) -> Prepared:
        """Do all that waits before a command can be decided."""
        return await prepare(command, state, self.documents)

    def submit(self, live: LiveSession) -> None:
        """Have what is pending committed."""
        self.committer.submit(live)

    def presence_changed(self, live: LiveSession) -> None:
        """Have the presence published at the next tick."""
        self.ticker.note(live)

    @property
    def left(self) -> int:
        """How many commands are on branches: with this process they would be lost."""
        return sum(len(live.branch) for live in self.cache.held.values() if live.branch is not None)

    async def flushed(self) -> None:
        """Wait until all that is under way is in the store, though it be away; the caller says its bound."""
        await self.committer.flushed()
        while self.healer is not None and any(live.branch is not None for live in self.cache.held.values()):
            await self.healer.ended_one()

    async def _ask_for_a_turn(self, live: LiveSession) -> None:
        if self.replication is not None:
            await self.replication.ask_for_a_turn(live)

    async def _tell_viewers(self, live: LiveSession) -> None:
        if self.replication is not None:
            await self.replication.tell_viewers(live)
