"""The hub: everything of this process that holds, changes, keeps and heals maps, put together.

execute() is the one gate: whatever changes a map comes through it.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import trio

from mapsrv.core.commands import Command, Prepared
from mapsrv.core.lineage import Follows, compare
from mapsrv.core.log import Head, Origin, Position
from mapsrv.core.state import MapState
from mapsrv.errors import MapsrvError, NewerFormat, StoreAway, UnknownSession
from mapsrv.hub.branch import Room
from mapsrv.hub.commit import Committer
from mapsrv.hub.documents import Documents
from mapsrv.hub.heal import Healer
from mapsrv.hub.link import Link, open_link
from mapsrv.hub.live import LiveSession
from mapsrv.hub.outage import Outage
from mapsrv.hub.prepare import prepare
from mapsrv.hub.restore import current
from mapsrv.hub.shelf import Shelf
from mapsrv.hub.subscribers import NOBODY, Subscriber
from mapsrv.hub.ticker import PresenceTicker
from mapsrv.metrics import COMMANDS
from mapsrv.store import SharedStore, Store
from mapsrv.wire.codec import Receipt

SWEEP_SECONDS = 3600.0
KEEP_UNUSED_SECONDS = 24 * 3600.0  # maps never changed, blobs never used
FLUSH_SECONDS = 5.0  # what is proposed gets this long to reach the store at the end


@dataclass(frozen=True, slots=True)
class Clock:
    """Where times come from: `wall` is Unix seconds; monotonic seconds are Trio's own."""

    wall: Callable[[], float]

    def at(self) -> str:
        """Return now as RFC 3339 UTC, in milliseconds."""
        return (
            datetime.fromtimestamp(self.wall(), UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        )


class Hub:
    """Made by open_hub()."""

    def __init__(self, store: Store, documents: Documents, clock: Clock, session_idle: float) -> None:
        self.store = store
        self.durability = store.durability
        self.documents = documents
        self.clock = clock
        self._session_idle = session_idle
        self.ticker = PresenceTicker(self._tell_viewers)
        self.committer = Committer(store, self)
        self.room = Room()
        # Where the store is shared: with the other processes, and without it.
        self.outage: Outage | None = None
        self.healer: Healer | None = None
        if isinstance(store, SharedStore):
            self.outage = Outage(store, self._store_is_back)
            self.healer = Healer(
                store, documents, self.prepare, self.lost_touch, self.committer.follow, self._let_go
            )
        self.shelf = Shelf(store, self, self.outage, self.lost_touch, session_idle)

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
        return await self.shelf.exists(session_id)

    def open_session(self, session_id: str) -> AbstractAsyncContextManager[LiveSession]:
        """Hold a session in memory meanwhile; raises UnknownSession or StoreUnavailable."""
        return self.shelf.open(session_id)

    async def execute(
        self, session_id: str, command: Command, origin: Origin, key: str | None = None
    ) -> Receipt:
        """Do a command and return its Receipt; raises MapsrvError when it is refused."""
        try:
            async with self.open_session(session_id) as live:
                made = key or f"minted-{secrets.token_hex(12)}"
                reply = await live.execute(command, origin, made, self.clock.at())
                COMMANDS.labels("ok").inc()
                late = live.refusals.take_warnings(origin) if origin.kind != "person" else ()
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
        local: bool,
        author: tuple[str, str] = NOBODY,
    ) -> AsyncIterator[Subscriber]:
        """Read a session from a cursor, counted as a stream of that tab meanwhile."""
        async with self.open_session(session_id) as live:
            subscriber = Subscriber(live, cursor, url, author)
            live.subscribers.add(subscriber)
            live.presence.opened(viewer, name, local=local)
            try:
                yield subscriber
            finally:
                live.subscribers.discard(subscriber)
                live.presence.closed(viewer)

    def in_front(self) -> str | None:
        """Return the map that a person on this machine most recently had in front, if one is still there."""
        lives = self.shelf.held.values()
        fronts = [(live.presence.front, live.id) for live in lives if live.presence.front is not None]
        return max(fronts, default=(None, None), key=lambda pair: pair[0] or 0.0)[1]

    @property
    def viewers(self) -> int:
        """How many viewers all maps have."""
        return sum(live.presence.count for live in self.shelf.held.values())

    def held(self) -> dict[str, LiveSession]:
        """Return the sessions in memory."""
        return self.shelf.held

    @property
    def link(self) -> Link | None:
        """What keeps it in step with other processes, where the store is shared."""
        return self.shelf.link

    def drop_idle(self) -> None:
        """Drop the sessions that nobody used for a while."""
        self.shelf.drop_idle()

    # --- what the committer needs ---------------------------------------------------

    def _let_go(self, live: LiveSession, error: NewerFormat) -> None:
        """A newer release has written it: whoever asks now is told by the store itself."""
        live.let_go(error)
        self.shelf.drop(live)

    @property
    def away(self) -> bool:
        """Whether a shared store does not answer."""
        return self.outage is not None and self.outage.away

    def lost_touch(self, error: StoreAway) -> bool:
        """Note that the store did not answer; return whether sessions go on alone then."""
        if self.outage is not None:
            self.outage.begin(error)
        return self.outage is not None

    def go_alone(self, live: LiveSession) -> None:
        """Have a session go on alone, its pending commands first; it comes back when the store does."""
        live.go_alone(secrets.token_hex(8))
        if self.healer is not None and not self.away:
            self.healer.submit(live)

    async def resync(self, live: LiveSession) -> None:
        """The store's history of a session is not ours: read it anew, and decide again what waits."""
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

    def _store_is_back(self) -> None:
        assert self.healer is not None
        self.committer.failing = False
        for live in self.shelf.held.values():
            self.healer.submit(live)
            self.committer.submit(live)
        if self.link is not None:
            self.link.check_now()

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

    async def flushed(self) -> None:
        """Wait until nothing is on its way to a store that answers; the caller says its bound."""
        await self.committer.flushed()
        if self.healer is not None and not self.away:
            await self.healer.flushed()

    async def _tell_viewers(self, live: LiveSession) -> None:
        if self.link is not None:
            await self.link.tell_viewers(live)

    async def run_housekeeping(self) -> None:
        """Drop idle sessions every minute or so, and sweep the store every hour."""
        sweep_at = trio.current_time() + SWEEP_SECONDS
        while True:
            await trio.sleep(min(60.0, max(self._session_idle / 4, 0.1)))
            self.drop_idle()
            if trio.current_time() >= sweep_at:
                sweep_at = trio.current_time() + SWEEP_SECONDS
                await self._sweep()

    async def _sweep(self) -> None:
        try:
            await self.store.renew(tuple(self.shelf.held), now=self.clock.wall())
            await self.store.sweep(before=self.clock.wall() - KEEP_UNUSED_SECONDS)
        except MapsrvError:
            pass  # the store is away: the next hour will do


@asynccontextmanager
async def open_hub(
    store: Store, *, max_data: int, session_idle: float, clock: Clock | None = None, warm: bool = True
) -> AsyncIterator[Hub]:
    """Run a hub on an open store; at the end what is proposed gets FLUSH_SECONDS to be stored.

    max_data is bytes, session_idle seconds; warm starts the worker process ahead of its first use.
    """
    clock = clock or Clock(time.time)
    documents = Documents(store, max_data=max_data, clock=clock.wall)
    async with trio.open_nursery() as nursery:
        hub = Hub(store, documents, clock, session_idle)
        if warm:
            nursery.start_soon(documents.warm)
        nursery.start_soon(hub.committer.run)
        if hub.outage is not None and hub.healer is not None:
            nursery.start_soon(hub.outage.run)
            nursery.start_soon(hub.healer.run)
        nursery.start_soon(hub.ticker.run)
        nursery.start_soon(hub.run_housekeeping)
        try:
            async with _linked(hub, store):
                yield hub
        finally:
            with trio.move_on_after(FLUSH_SECONDS, shield=True):
                await hub.flushed()
            nursery.cancel_scope.cancel()


@asynccontextmanager
async def _linked(hub: Hub, store: Store | SharedStore) -> AsyncIterator[None]:
    """Keep the hub in step with the other processes, where there may be some."""
    if not isinstance(store, SharedStore) or hub.outage is None:
        yield
        return
    pod = secrets.token_hex(8)
    async with open_link(store, pod, hub.held, hub.committer.submit, hub.outage) as hub.shelf.link:
        yield
