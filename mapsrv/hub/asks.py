"""Of one map: what its pages are being asked, what they have answered, and whose data is not waited for.

An ask goes to one tab. What can happen to it:

- The tab's stream is here: its frame is put for that tab, whose own task takes it behind all events that are
  visible here, so that a page which reads it has applied them.
- The stream is at another process, which is asked to put the frame. It notes the token: the page's answer may
  be posted to that very process, which else would keep it to itself, and is passed on.
- The page is gone, asleep or old: nothing comes, and who asked goes on when its time is over.

An answer counts only if it is told by the tab that was asked: what others see of a tab is a hash of its id.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import trio

from mapsrv.core.state import Json
from mapsrv.wire.asked import Ask
from mapsrv.wire.drawn import Drawn, read_drawn
from mapsrv.wire.said import Said

MAX_FRAMES = 16  # for one tab that its stream has not taken, as of a host that calls many tools at once
MAX_TABS_ASKED = 1_000  # tabs with such frames
MAX_OWED = 1_000  # asks of other processes whose answers are passed on
MAX_SLOW = 1_000  # layers whose data is not waited for again


@dataclass(slots=True)
class Waiting:
    """Who asked waits here for the answer."""

    tab: str
    ask: Ask
    heard: trio.Event = field(default_factory=trio.Event)
    answer: Drawn | None = None


class Asks:
    """Those of one map; every call is a plain function."""

    def __init__(self) -> None:
        self.frames: OrderedDict[str, tuple[bytes, ...]] = OrderedDict()  # by tab, not to be changed
        self._open: dict[str, Waiting] = {}  # by token
        self._owed: OrderedDict[str, str] = OrderedDict()  # the tab that another process has asked, by token
        self._slow: OrderedDict[str, Mapping[str, Json]] = OrderedDict()  # the source, by layer

    # --- on the way to the page ------------------------------------------------------

    def put(self, tab: str, ask: Ask) -> None:
        """Have the tab's stream say it."""
        self.frames[tab] = (*self.frames.pop(tab, ()), ask.frame())[-MAX_FRAMES:]
        _bound(self.frames, MAX_TABS_ASKED)

    def take(self, tab: str) -> bytes | None:
        """Return, and forget, what a tab is asked."""
        frames = self.frames.pop(tab, None)
        return None if frames is None else b"".join(frames)

    def owe(self, tab: str, ask: Ask) -> None:
        """Put what another process asks; its answer is to be passed on."""
        self._owed[ask.token] = tab
        _bound(self._owed, MAX_OWED)
        self.put(tab, ask)

    # --- and back ------------------------------------------------------------------

    def begin(self, tab: str, ask: Ask) -> Waiting:
        """Wait for the answer of a tab; end() it in any case."""
        waiting = self._open[ask.token] = Waiting(tab, ask)
        return waiting

    def end(self, waiting: Waiting) -> None:
        """Wait no more."""
        self._open.pop(waiting.ask.token, None)

    def heard(self, said: Said) -> bool:
        """Note what a tab answers; return whether another process waits for it."""
        if "drawn" not in said.values:
            return False
        drawn = read_drawn(said.values["drawn"])
        for token in drawn.answers:
            waiting = self._open.get(token)
            if waiting is not None and waiting.tab == said.tab:
                waiting.answer = drawn
                waiting.heard.set()
        owed = [token for token in drawn.answers if self._owed.get(token) == said.tab]
        for token in owed:
            del self._owed[token]
        return bool(owed)

    # --- whom not to wait for ----------------------------------------------------------

    def is_slow(self, layer: str, source: Mapping[str, Json]) -> bool:
        """Whether a layer's data, as it is now, was late or failed before."""
        return self._slow.get(layer) == source

    def note(self, layer: str, source: Mapping[str, Json], slow: bool) -> None:
        """Note how a layer's data came."""
        self._slow.pop(layer, None)
        if slow:
            self._slow[layer] = source
            _bound(self._slow, MAX_SLOW)


def _bound(held: OrderedDict[str, Any], most: int) -> None:
    while len(held) > most:
        held.popitem(last=False)
