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
from mapsrv.hub.replicas.catch_up import heard, is_elsewhere
from mapsrv.hub.replicas.store_health import StoreHealth
from mapsrv.hub.standing import Sign, Standing
from mapsrv.store import Entry
from mapsrv.store.shared import Committed, Feed, Letter, Live, Missed, SharedStore, Unread
from mapsrv.wire import told as wire
from mapsrv.wire.asked import Ask
from mapsrv.wire.said import Said, passed_on

CHECK_SECONDS = 15.0
BEAT_SECONDS = 10.0  # how often a process tells of its viewers; others forget them after three
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
        self._dropped: list[str] = []
        self.early: dict[str, deque[Entry]] = {}  # news of sessions that are being loaded
        self._check_now = trio.Event()
        self._check_now.set()  # who the store is must be known before it can be another

    async def watch(self, session_id: str) -> None:
        """Hear of a session before it is loaded, so that nothing falls between."""
        self.early[session_id] = deque(maxlen=MAX_EARLY)
        await self._feed.watch(session_id)

    def loaded(self, live: LiveSession) -> None:
        """Apply what was heard of a session while it was loaded."""
        for entry in self.early.pop(live.id, ()):
            self._hear(live.id, entry)

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
        """Listen, check and beat for ever."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._listen)
            nursery.start_soon(self._check)
            nursery.start_soon(self._beat)

    async def _listen(self) -> None:
        while True:
            match await self._feed.next():
                case Committed(session_id, entry):
                    self._hear(session_id, entry)
                case Live(session_id, body):
                    await self._note(session_id, body)
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

    # --- presence ------------------------------------------------------------------

    async def tell_viewers(self, live: LiveSession) -> None:
        """Tell the others who has the map open here."""
        await self._feed.tell(live.id, live.presence.told_to_others(self.pod))

    async def pass_on(self, live: LiveSession, said: Said) -> None:
        """Tell the others what a tab says: one of them may have its stream."""
        body = passed_on(self.pod, said)
        await self._feed.pass_on(live.id, body, about=said.subject, number=said.number)

    async def _note(self, session_id: str, body: bytes) -> None:
        live = self._held().get(session_id)
        told = _told(body) if live is not None else None
        if live is None or told is None or told.pod == self.pod:
            return
        match told:
            case wire.Turn():
                live.hold()
            case wire.Asked(_, tab, ask):
                if live.presence.has_stream_of(tab):
                    live.asks.owe(tab, ask)
                    live.wake()
            case wire.PassedOn(_, said):
                live.asks.heard(said)
                if live.presence.knows(said.tab):
                    live.tab_says(said)
            case wire.Told(pod, count, viewers, here, asks, models, calls):
                live.presence.models.elsewhere(pod, models, calls)
                before = live.presence.count_here
                for said in live.presence.others_told(pod, count, viewers, here, asks):
                    await self.pass_on(live, said)
                if live.presence.count_here != before:  # though what is shown here may be the same
                    await self.tell_viewers(live)

    async def ask_for_a_turn(self, live: LiveSession) -> None:
        """Have the others commit nothing of a session for a moment: ours are overtaken all the time."""
        await self._feed.tell(live.id, wire.turn(self.pod), about="turn")

    async def ask(self, live: LiveSession, tab: str, ask: Ask) -> None:
        """Have whoever has a tab's stream ask it."""
        await self._feed.tell(live.id, wire.asked(self.pod, tab, ask), about=f"ask {ask.token}")

    async def _beat(self) -> None:
        while True:
            await trio.sleep(BEAT_SECONDS)
            for live in list(self._held().values()):
                live.presence.forget_others()
                if live.presence.count_here or live.presence.models.here:
                    await self.tell_viewers(live)


def _told(body: bytes) -> wire.Told | wire.Turn | wire.Asked | wire.PassedOn | None:
    """Return what another process tells of a session; None for what this release does not know."""
    try:
        return wire.read_told(body)
    except ValueError:
        return None
