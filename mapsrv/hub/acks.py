"""Who waits for commands that are on their way: each is told once what became of it."""

from __future__ import annotations

from collections import defaultdict

import trio

from mapsrv.core.log import Position
from mapsrv.core.proposal import Pending
from mapsrv.errors import MapsrvError
from mapsrv.hub.author_queue import Ticket
from mapsrv.hub.replicas.offline import Wanted


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
    """Those of one session, and what the commands were made of that they wait for."""

    def __init__(self) -> None:
        self._waiting: defaultdict[Pending, list[Waiter]] = defaultdict(list)
        self._wanted: dict[Pending, Wanted] = {}

    def __bool__(self) -> bool:
        return bool(self._waiting or self._wanted)

    def __contains__(self, pending: object) -> bool:
        return pending in self._wanted

    def keep(self, pending: Pending, wanted: Wanted) -> None:
        """Keep what a pending command was made of."""
        self._wanted[pending] = wanted

    def wanted(self, pending: Pending) -> Wanted:
        """Return what a pending command was made of."""
        return self._wanted[pending]

    def add(self, pending: Pending, ticket: Ticket) -> Waiter:
        """Return one more that waits for it."""
        waiter = Waiter(ticket)
        self._waiting[pending].append(waiter)
        return waiter

    def done(self, pending: Pending, durability: str, position: Position | None = None) -> None:
        """Tell who waits for it that it is done; `position` is where it stands, if not where it was meant."""
        for waiter in self._let_go(pending):
            waiter.durability, waiter.position = durability, position
            waiter.ready.set()

    def refused(self, pending: Pending, error: MapsrvError) -> None:
        """Tell who waits for it that it is refused."""
        for waiter in self._let_go(pending):
            waiter.error = error
            waiter.ready.set()

    def again(self, pending: Pending) -> None:
        """Have who waits for it decide it anew, each in its old place."""
        for waiter in self._let_go(pending):
            waiter.again = waiter.ticket.waits = True
            waiter.ready.set()

    def _let_go(self, pending: Pending) -> list[Waiter]:
        self._wanted.pop(pending, None)
        return self._waiting.pop(pending, [])
