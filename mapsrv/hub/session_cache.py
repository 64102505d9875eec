"""The sessions in memory: found or loaded once, pinned while used, dropped when idle."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import trio

from mapsrv.errors import StoreAway, TooMany, UnknownSession
from mapsrv.hub.live_session import Around, LiveSession
from mapsrv.hub.replicas.load import restored
from mapsrv.hub.replicas.single import SingleProcess
from mapsrv.metrics.maps import SESSIONS
from mapsrv.store import Store

MAX_SESSIONS = 10_000  # held at once; past it the longest idle one is dropped first
FORGET_SECONDS = 1.0  # to stop watching a session that could not be loaded


class Pin:
    """A session that is held in memory meanwhile. No generator: every command opens one."""

    __slots__ = ("_find", "_id", "_live")
    _live: LiveSession

    def __init__(self, find: Callable[[str], Awaitable[LiveSession]], session_id: str) -> None:
        self._find, self._id = find, session_id

    async def __aenter__(self) -> LiveSession:
        self._live = await self._find(self._id)
        self._live.pins += 1
        return self._live

    async def __aexit__(self, *_error: object) -> None:  # noqa: ASYNC124
        self._live.pins -= 1
        self._live.idle_since = trio.current_time()


class SessionCache:
    """`held` is what is in memory; `idle` seconds are how long one is kept that nobody uses.

    `replicas` are the other processes of the store; `around` is what a session has of this one.
    """

    def __init__(self, store: Store, replicas: SingleProcess, around: Around, idle: float) -> None:
        self.held: dict[str, LiveSession] = {}
        self._store, self._replicas, self._around, self._idle = store, replicas, around, idle
        self.loading: dict[str, trio.Event] = {}

    def open(self, session_id: str) -> Pin:
        """Hold a session meanwhile; raises UnknownSession or StoreUnavailable."""
        return Pin(self.find, session_id)

    async def exists(self, session_id: str) -> bool:
        """Return whether there is a session of that id."""
        if session_id in self.held or await self._store.exists(session_id):
            return True
        while await self._replicas.has_lost():  # and perhaps once more since, with the note of it
            if await self._store.exists(session_id):
                return True
        return False

    async def find(self, session_id: str) -> LiveSession:
        """Return the session; loading is single-flight."""
        while (live := self.held.get(session_id)) is None:
            loading = self.loading.get(session_id)
            if loading is not None:
                await loading.wait()
                continue
            self.loading[session_id] = trio.Event()
            try:
                live = self.held[session_id] = await self._load_in_step(session_id)
                self._replicas.loaded(live)
            finally:
                self.loading.pop(session_id).set()
            SESSIONS.set(len(self.held))
        return live

    async def _load(self, session_id: str) -> LiveSession:
        stored = await self._store.load(session_id)
        while stored is None and await self._replicas.has_lost():  # and perhaps once more since
            stored = await self._store.load(session_id)
        if stored is None:
            raise UnknownSession()
        self._make_room()
        return LiveSession(session_id, await restored(stored), self._around)

    async def _load_in_step(self, session_id: str) -> LiveSession:
        """Watch, then load: what is heard meanwhile is applied then, so that nothing falls between."""
        if self._replicas.away:
            raise StoreAway("The place where maps are kept is away: try again in a moment.", retry_after=1)
        try:
            await self._replicas.watch(session_id)
            return await self._load(session_id)
        except BaseException as error:
            if isinstance(error, StoreAway):
                self._replicas.lost_touch(error)
            with trio.move_on_after(FORGET_SECONDS, shield=True):
                await self._replicas.forget(session_id)
            raise

    def _make_room(self) -> None:
        if len(self.held) < MAX_SESSIONS:
            return
        idle = [live for live in self.held.values() if live.droppable]
        if not idle:
            raise TooMany("This server holds as many maps as it can. Try again later.", retry_after=30)
        self.drop(min(idle, key=lambda live: live.idle_since))

    def drop_idle(self) -> None:
        """Drop the sessions that nobody used for a while: one step, so that none is dropped in use."""
        limit = trio.current_time() - self._idle
        for live in [live for live in self.held.values() if live.droppable and live.idle_since <= limit]:
            self.drop(live)

    def drop(self, live: LiveSession) -> None:
        """Hold a session no more."""
        if self.held.get(live.id) is not live:
            return
        del self.held[live.id]
        self._replicas.unwatch(live.id)
        SESSIONS.set(len(self.held))
