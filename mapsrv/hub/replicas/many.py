"""This process among the others of a shared store: in step with them, on without the store, and back."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass

import trio

from mapsrv.core.log import Position
from mapsrv.core.session import Session
from mapsrv.errors import StoreAway
from mapsrv.hub.live_session import LiveSession
from mapsrv.hub.replicas import catch_up
from mapsrv.hub.replicas.healing import Healer
from mapsrv.hub.replicas.load import load_shared
from mapsrv.hub.replicas.parting import go_alone
from mapsrv.hub.replicas.read_index import ReadIndex
from mapsrv.hub.replicas.reconcile import Means, Prepare
from mapsrv.hub.replicas.replication import Replication
from mapsrv.hub.replicas.single import SingleProcess
from mapsrv.hub.replicas.store_health import StoreHealth
from mapsrv.hub.tab_says import tab_says
from mapsrv.prepare.geojson_blobs import Documents
from mapsrv.store import Batch, Moved, Ok
from mapsrv.store.shared import Feed, Mail, Parcels, SharedStore
from mapsrv.wire.asked import Ask
from mapsrv.wire.said import Said


@dataclass(frozen=True, slots=True)
class Here:
    """What the replicas need of this process: the sessions in memory, and its committer.

    `submit` has a session committed or read, `reads` says whether it still will be read, `follow` has its
    news applied, `back` is told that the store answers again.
    """

    held: Callable[[], dict[str, LiveSession]]
    submit: Callable[[LiveSession], None]
    reads: Callable[[LiveSession], bool]
    follow: Callable[[LiveSession], None]
    back: Callable[[], None]


class ManyProcesses(SingleProcess):
    """`prepare` completes a command that was done alone and is decided again."""

    def __init__(
        self, store: SharedStore, feed: Feed, documents: Documents, prepare: Prepare, here: Here
    ) -> None:
        super().__init__(store)
        self._shared, self._here = store, here
        self.store_health = StoreHealth(store, self._is_back, self._wake_all)
        self.replication = Replication(store, feed, here.held, here.submit, self.store_health)
        means = Means(store, documents, prepare, self.replication.beside.ask_for_a_turn)
        self.healer = Healer(means, self.store_health, here.follow)
        self.read_index = ReadIndex(store, self.store_health, here.submit, here.reads)

    @property
    def mail(self) -> Mail | None:
        return self.replication

    @property
    def parcels(self) -> Parcels | None:
        return self._shared

    @property
    def away(self) -> bool:
        return self.store_health.away

    def lost_touch(self, error: StoreAway) -> bool:
        self.store_health.begin(error)
        return True

    async def has_lost(self) -> bool:
        return await self.store_health.identify()

    async def watch(self, session_id: str) -> None:
        await self.replication.watch(session_id)

    def loaded(self, live: LiveSession) -> None:
        self.replication.loaded(live)

    async def forget(self, session_id: str) -> None:
        await self.replication.forget(session_id)

    def unwatch(self, session_id: str) -> None:
        self.replication.unwatch(session_id)

    async def resume(self, live: LiveSession, cursor: Position | None) -> None:
        await self.read_index.resume(live, cursor)

    async def catch_up(self, live: LiveSession) -> bool:
        return await self.read_index.catch_up(live)

    async def tell_viewers(self, live: LiveSession) -> None:
        await self.replication.beside.tell_viewers(live)

    async def tab_says(self, live: LiveSession, said: Said, *, own: bool = False) -> None:
        is_owed = live.asks.heard(said)
        is_open = live.presence.has_stream_of(said.tab)
        if live.presence.knows(said.tab):
            tab_says(live, said, own=own)
        if said.gone or is_owed or not is_open:  # one that is away here may be open elsewhere by now
            await self.replication.beside.pass_on(live, said)

    async def ask_elsewhere(self, live: LiveSession, tab: str, ask: Ask) -> None:
        await self.replication.beside.ask(live, tab, ask)

    async def resync(self, live: LiveSession) -> None:
        """Read what came since, or else all of it anew."""
        if not await self._news_taken(live):
            await super().resync(live)

    async def _news_taken(self, live: LiveSession) -> bool:
        """Return whether the session is where the store is, by what came since alone."""
        (outcome,) = await self._shared.commit([Batch(live.id, live.session.head, ())])
        match outcome:
            case Ok():
                return True
            case Moved(_, came) if came:
                return await catch_up.take(live, came)
        return False

    async def _load(self, session_id: str) -> Session | None:
        return await load_shared(self._shared, session_id)

    def _lost(self, live: LiveSession) -> None:
        self.go_alone(live)  # the store has lost what it had: it comes back with it

    def go_alone(self, live: LiveSession) -> None:
        go_alone(live, secrets.token_hex(8))
        if not self.away:
            self.healer.submit(live)

    async def all_back(self) -> None:
        while any(live.alone for live in self._here.held().values()):
            await self.healer.ended_one()

    async def run(self) -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self.store_health.run)
            nursery.start_soon(self.replication.run)
            nursery.start_soon(self.healer.run)
            nursery.start_soon(self.read_index.run)

    def _is_back(self) -> None:
        self._here.back()
        for live in self._here.held().values():
            self.healer.submit(live)
            self._here.submit(live)
        self._wake_all()
        self.replication.check_now()

    def _wake_all(self) -> None:
        """Have all readers look at the status: it says whether the store is away."""
        for live in self._here.held().values():
            live.wake()
