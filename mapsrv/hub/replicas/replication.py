"""In step with the other processes on the same store: their events are absorbed, presence is shared.

News may be lost, late or doubled. So a session that hears of an event which does not follow is read
anew, and the heads of all held sessions are compared with the store's after each break and every
CHECK_SECONDS.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable

import trio

from mapsrv.errors import StoreAway, StoreUnavailable
from mapsrv.hub.live_session import LiveSession
from mapsrv.hub.replicas.beside_events import BesideEvents
from mapsrv.hub.replicas.catch_up import heard, is_elsewhere
from mapsrv.hub.replicas.store_health import StoreHealth
from mapsrv.hub.standing import Sign, Standing
from mapsrv.store import Entry
from mapsrv.store.shared import Committed, Feed, Letter, Live, Missed, SharedStore, Unread

CHECK_SECONDS = 15.0
HEADS_AT_ONCE = 500
MAX_EARLY = 1_000  # events heard of a session while it is loaded; without the older ones it is read anew

log = logging.getLogger("mapsrv.link")


class Replication:
    """One process's part. `held` gives the sessions in memory; `on_letter` is given what comes by post."""

    def __init__(
        self,
        store: SharedStore,
        feed: Feed,
        held: Callable[[], dict[str, LiveSession]],
        reread: Callable[[LiveSession], None],
        store_health: StoreHealth,
    ) -> None:
        self._store, self._feed, self.pod, self._store_health = store, feed, feed.pod, store_health
        self.on_letter: Callable[[bytes], None] = lambda body: None
        self._held, self._reread = held, reread
        self.beside = BesideEvents(feed, held)
        self._dropped: list[str] = []
        self.early: dict[str, deque[Entry]] = {}  # news of sessions that are being loaded
        self._check_now = trio.Event()
        self._check_now.set()  # who the store is must be known before it can be another

    async def watch(self, session_id: str) -> None:
        """Hear of a session before it is loaded, so that nothing falls between."""
        self.early[session_id] = deque(maxlen=MAX_EARLY)
        await self._feed.watch(session_id)

    def loaded(self, live: LiveSession) -> None:
        """Apply what was heard of a session while it was loaded, and have the others asked for the rest."""
        for entry in self.early.pop(live.id, ()):
            self._hear(live.id, entry)
        self.beside.ask_who(live)

    async def forget(self, session_id: str) -> None:
        """Hear no more of a session that is not there, or could not be loaded."""
        self.early.pop(session_id, None)
        await self._feed.unwatch(session_id)

    def check_now(self) -> None:
        """Compare positions now."""
        self._check_now.set()

    def unwatch(self, session_id: str) -> None:
        """Hear of a session no more, soon."""
        self._dropped.append(session_id)

    async def post(self, pod: str, body: bytes) -> bool:
        """Post a letter to one process; return whether anybody heard. Raises StoreUnavailable."""
        return await self._feed.post(pod, body)

    async def run(self) -> None:
        """Listen, check and tell for ever."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._listen)
            nursery.start_soon(self._check)
            nursery.start_soon(self.beside.run)

    async def _listen(self) -> None:
        while True:
            match await self._feed.next():
                case Committed(session_id, entry):
                    self._hear(session_id, entry)
                case Live(session_id, body):
                    await self.beside.note(session_id, body)
                case Missed():
                    self._check_now.set()
                case Letter(body):
                    self.on_letter(body)
                case Unread(session_id):
                    self._read_anew(session_id)

    def _hear(self, session_id: str, entry: Entry) -> None:
        live = self._held().get(session_id)
        if live is None:
            if session_id in self.early:
                self.early[session_id].append(entry)
            return
        try:
            event = heard(entry)
        except (ValueError, KeyError, TypeError):
            live.now(Sign.MISSED)  # another release's, or torn: the store knows what it means
        else:
            live.hear(event)
        if live.standing.behind:
            self._reread(live)

    def _read_anew(self, session_id: str) -> None:
        live = self._held().get(session_id)
        if live is None:
            return self._check_now.set()  # it is being loaded, or was let go and is still watched
        live.now(Sign.MISSED)
        self._reread(live)

    async def _check(self) -> None:
        """Compare positions after each break and every CHECK_SECONDS."""
        while True:
            with trio.move_on_after(CHECK_SECONDS):
                await self._check_now.wait()
            self._check_now = trio.Event()
            try:
                await self._store_health.identify()
                await self._compare()
            except StoreAway as error:
                self._store_health.begin(error)  # its end has this done again
            except StoreUnavailable:
                await trio.sleep(1)
                self._check_now.set()

    async def _compare(self) -> None:
        dropped, self._dropped = self._dropped, []
        for session_id in dropped:
            if session_id not in self._held():
                await self._feed.unwatch(session_id)
        ids = [name for name, live in self._held().items() if not live.alone]
        for start in range(0, len(ids), HEADS_AT_ONCE):
            await self._compare_some(ids[start : start + HEADS_AT_ONCE])

    async def _compare_some(self, ids: list[str]) -> None:
        known = {name: live.session.head for name in ids if (live := self._held().get(name))}
        for session_id, head in (await self._store.heads(ids)).items():
            live, before = self._held().get(session_id), known.get(session_id)
            if live is None or before is None or live.standing not in (Standing.IN_STEP, Standing.BEHIND):
                continue
            if is_elsewhere(live.session.head, before, head):
                live.now(Sign.MISSED)
            if live.standing.behind:
                self._reread(live)
