"""Asking one page of a map, wherever its stream is, and waiting a moment for what it says.

Who asks holds nothing meanwhile: no turn of an author, no pin of the session. Only a page that has said what
it draws is asked; an older one, and a test without a browser, never does, and nobody waits for it.
"""

from __future__ import annotations

import secrets
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence

import trio

from mapsrv.core.log import Position
from mapsrv.core.state import Json
from mapsrv.hub.live_session import LiveSession
from mapsrv.wire.asked import MAX_WAITED, Ask
from mapsrv.wire.drawn import Drawn

MAX_MISSES = 2  # asks in a row that a page may let pass; it may be asleep
QUIET_SECONDS = 60.0  # that it is not asked then
MAX_KNOWN = 1_000  # pages of which that is remembered
MARGIN = 0.15  # of the time: a page answers so much earlier, and its answer has to come here

Pass = Callable[[LiveSession, str, Ask], Awaitable[None]]


class Asking:
    """A process's part. `elsewhere` has other processes put an ask."""

    def __init__(self, elsewhere: Pass) -> None:
        self._elsewhere = elsewhere
        self._misses: OrderedDict[str, tuple[int, float]] = OrderedDict()  # how many, and the last one's time
        self._asking: set[trio.CancelScope] = set()
        self._ended = False

    def page(self, live: LiveSession, *, front: bool = False) -> str | None:
        """Return the tab to ask: one of here, with `front` the one in front; else of another process."""
        here = ((tab, viewer.front) for tab, viewer in live.presence.reporting() if self._awake(tab))
        found = next(here, None)
        if found is not None and front:
            found = max((found, *here), key=lambda one: -1.0 if one[1] is None else one[1])
        if found is not None:
            return found[0]
        return next((tab for tab in live.presence.reporting_elsewhere if self._awake(tab)), None)

    async def ask(
        self,
        live: LiveSession,
        tab: str,
        wait: Sequence[str],
        seconds: float,
        *,
        looks: tuple[str, str] | None = None,
        read: Mapping[str, Json] | None = None,
    ) -> Drawn | None:
        """Return what the page says once it has applied what there is now; None where nothing comes in time.

        It waits for the data of the layers in `wait`. `looks`: it is asked for a picture, under that token,
        by who bears that name. `read`: it is asked what there is in the tiles of that source.
        """
        if self._ended or seconds <= 0:
            return None
        ms = round(seconds * (1 - MARGIN) * 1000)
        token, by = looks or (new_token(), "")
        ask = Ask(token, str(live.position), tuple(wait[:MAX_WAITED]), ms, by, read)
        waiting = live.asks.begin(tab, ask)
        scope = trio.CancelScope(deadline=trio.current_time() + seconds)
        self._asking.add(scope)
        try:
            with scope:
                await self._put(live, tab, ask)
                await waiting.heard.wait()
        finally:
            self._asking.discard(scope)
            live.asks.end(waiting)
        if not self._ended:
            self._note(tab, waiting.answer is None)
        return waiting.answer

    async def _put(self, live: LiveSession, tab: str, ask: Ask) -> None:
        if live.presence.has_stream_of(tab):
            live.asks.put(tab, ask)
            live.wake()
        else:
            await self._elsewhere(live, tab, ask)

    def end(self) -> None:
        """The server stops: whoever waits goes on, and nobody waits any more."""
        self._ended = True
        for scope in list(self._asking):
            scope.cancel()

    def _awake(self, tab: str) -> bool:
        misses, at = self._misses.get(tab, (0, 0.0))
        return misses < MAX_MISSES or trio.current_time() >= at + QUIET_SECONDS

    def _note(self, tab: str, missed: bool) -> None:
        misses, _at = self._misses.pop(tab, (0, 0.0))
        if missed:
            self._misses[tab] = misses + 1, trio.current_time()
        while len(self._misses) > MAX_KNOWN:
            self._misses.popitem(last=False)


def new_token() -> str:
    """Return what an answer is known by."""
    return secrets.token_urlsafe(16)


def covers(applied: str, position: Position) -> bool:
    """Return whether a page that says so has applied what is at a position."""
    found = Position.parse(applied)
    return found is not None and found.epoch == position.epoch and found.revision >= position.revision
