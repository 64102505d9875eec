"""How often one event is written: LINES times in a second. What is more is counted, and the log told of it.

An event is what a line says before its arguments are filled in, of one logger and at one level: so a flood of
requests that went well hides none that failed. Who is about to make a line that costs something asks full()
first. Seconds are of one clock for all events: tell of them with left_out() as soon as they are over.

Lines come from threads too. Two that count at the same moment may lose a count, and never raise.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import TypeAlias

LINES = 100  # of one event in a second: more is read by nobody
SECONDS = 1.0
MAX_EVENTS = 1000  # told apart in a second; ours are a hundred, but a library may say whatever a client said

Event: TypeAlias = tuple[str, int, str]  # logger, level, text
OTHERS: Event = ("mapsrv.logs", 20, "events of other kinds")  # what is more than MAX_EVENTS, together


class Flood:
    """The counts of this second. `clock` gives seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._until = -math.inf
        self._seen: dict[Event, int] = {}

    def full(self, event: Event) -> bool:
        """Return whether one more would not be written; then it is counted."""
        seen = self._seen.get(event, 0)
        if seen < LINES or self._clock() >= self._until:
            return False
        self._seen[event] = seen + 1
        return True

    def take(self, event: Event) -> bool:
        """Count one more, and return whether it is to be written."""
        if event not in self._seen and len(self._seen) >= MAX_EVENTS:
            event = OTHERS
        seen = self._seen[event] = self._seen.get(event, 0) + 1
        return seen <= LINES

    def left_out(self, *, early: bool = False) -> list[tuple[Event, int]]:
        """Return what a second that is over has left out, and begin another. `early`: it is over now."""
        now = self._clock()
        if now < self._until and not early:
            return []
        self._until = now + SECONDS
        seen, self._seen = self._seen, {}
        return [(event, count - LINES) for event, count in seen.items() if count > LINES]
