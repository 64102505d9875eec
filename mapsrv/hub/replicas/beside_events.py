"""What the processes on one store tell each other of a map beside its events: who looks at it, who asks what.

Nothing of it is stored, and any of it may be lost: it is told again at each beat. Who has just loaded a map
has missed all of it, and asks: else it would take nobody for a viewer until then.
"""

from __future__ import annotations

from collections.abc import Callable

import trio

from mapsrv.hub.live_session import LiveSession
from mapsrv.hub.tab_says import tab_says
from mapsrv.store.shared import Feed
from mapsrv.wire import told as wire
from mapsrv.wire.asked import Ask
from mapsrv.wire.said import Said, passed_on

BEAT_SECONDS = 10.0  # how often a process tells of its viewers; others forget them after three


class BesideEvents:
    """One process's part. `held` gives the sessions in memory."""

    def __init__(self, feed: Feed, held: Callable[[], dict[str, LiveSession]]) -> None:
        self._feed, self._held, self._pod = feed, held, feed.pod
        self._loaded: list[str] = []
        self._was_loaded = trio.Event()

    async def run(self) -> None:
        """Tell and ask for ever."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._beat)
            nursery.start_soon(self._ask_who)

    def ask_who(self, live: LiveSession) -> None:
        """Have the others tell soon who has the map open there."""
        self._loaded.append(live.id)
        self._was_loaded.set()

    async def tell_viewers(self, live: LiveSession) -> None:
        """Tell the others who has the map open here."""
        await self._feed.tell(live.id, live.presence.told_to_others(self._pod))

    async def pass_on(self, live: LiveSession, said: Said) -> None:
        """Tell the others what a tab says: one of them may have its stream."""
        body = passed_on(self._pod, said)
        await self._feed.pass_on(live.id, body, about=said.subject, number=said.number)

    async def note(self, session_id: str, body: bytes) -> None:
        """Take what was told of a session; of one that is not here, or by this process itself, nothing."""
        live = self._held().get(session_id)
        told = _told(body) if live is not None else None
        if live is None or told is None or told.pod == self._pod:
            return
        match told:
            case wire.Turn():
                live.hold()
            case wire.Who():
                if live.presence.count_here or live.presence.models.here:
                    await self.tell_viewers(live)
            case wire.Asked(_, tab, ask):
                if live.presence.has_stream_of(tab):
                    live.asks.owe(tab, ask)
                    live.wake()
            case wire.PassedOn(_, said):
                live.asks.heard(said)
                if live.presence.knows(said.tab):
                    tab_says(live, said)
            case wire.Told(pod, count, viewers, here, asks, models, calls):
                live.presence.models.elsewhere(pod, models, calls)
                before = live.presence.count_here
                for said in live.presence.others_told(pod, count, viewers, here, asks):
                    await self.pass_on(live, said)
                if live.presence.count_here != before:  # though what is shown here may be the same
                    await self.tell_viewers(live)

    async def ask_for_a_turn(self, live: LiveSession) -> None:
        """Have the others commit nothing of a session for a moment: ours are overtaken all the time."""
        await self._feed.tell(live.id, wire.turn(self._pod), about="turn")

    async def ask(self, live: LiveSession, tab: str, ask: Ask) -> None:
        """Have whoever has a tab's stream ask it."""
        await self._feed.tell(live.id, wire.asked(self._pod, tab, ask), about=f"ask {ask.token}")

    async def _ask_who(self) -> None:
        """Ask for the viewers of each session that was loaded: until the next beat nobody would tell."""
        while True:
            await self._was_loaded.wait()
            self._was_loaded = trio.Event()
            loaded, self._loaded = self._loaded, []
            for session_id in loaded:
                await self._feed.tell(session_id, wire.who(self._pod), about="who")

    async def _beat(self) -> None:
        while True:
            await trio.sleep(BEAT_SECONDS)
            for live in list(self._held().values()):
                live.presence.forget_others()
                if live.presence.count_here or live.presence.models.here:
                    await self.tell_viewers(live)


def _told(body: bytes) -> wire.Told | wire.Turn | wire.Who | wire.Asked | wire.PassedOn | None:
    """Return what another process tells of a session; None for what this release does not know."""
    try:
        return wire.read_told(body)
    except ValueError:
        return None
