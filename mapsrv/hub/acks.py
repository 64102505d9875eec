"""Who waits for commands that are on their way: each is told once what became of it."""

from __future__ import annotations

from collections import defaultdict

import trio

from mapsrv.core.log import Position
from mapsrv.core.proposal import Pending
from mapsrv.errors import MapsrvError
from mapsrv.hub.author_queue import Ticket


class Waiter:
    """One caller that waits for a pending command, its own or one that its answer stands on."""

    __slots__ = ("ticket", "ready", "error", "again", "durability", "position")

    def __init__(self, ticket: Ticket) -> None:
        self.ticket = ticket
        self.ready = trio.Event()
        self.error: MapsrvError | None = None
        self.again = False  # it must be decided anew
        self.durability = ""
        self.position: Position | None = None  # where the command stands, when that is not where it was meant


class Acks:
    """Those of one session."""

    def __init__(self) -> None:
        self._waiting: defaultdict[Pending, list[Waiter]] = defaultdict(list)

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def add(self, pending: Pending, ticket: Ticket) -> Waiter:
        """Return one more that waits for it."""
        waiter = Waiter(ticket)
        self._waiting[pending].append(waiter)
        return waiter

    def release(
        self,
        pending: Pending,
        durability: str,
        *,
        again: bool = False,
        error: MapsrvError | None = None,
        position: Position | None = None,
    ) -> None:
        """Let go on who waits for it: done, refused with the error, or to be decided anew."""
        for waiter in self._waiting.pop(pending, ()):
            waiter.again = waiter.ticket.waits = again
            waiter.error, waiter.durability, waiter.position = error, durability, position
            waiter.ready.set()
