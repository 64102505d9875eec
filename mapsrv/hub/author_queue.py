"""Arrival order: of one author's commands in one session, the earliest prepares first.

A command keeps its ticket until it is answered. When it is taken back to be decided again, it
waits again in its old place, before all that came after it.
"""

from __future__ import annotations

from collections import deque

from mapsrv.change import Change


class Ticket:
    """A command's place in its author's line."""

    __slots__ = ("number", "waits")

    def __init__(self, number: int) -> None:
        self.number = number
        self.waits = True  # to be prepared and proposed, now or again


class AuthorQueue:
    """The line of one author in one session."""

    def __init__(self) -> None:
        self._tickets: deque[Ticket] = deque()
        self._moved = Change()
        self._drawn = 0

    def __len__(self) -> int:
        return len(self._tickets)

    def draw(self) -> Ticket:
        """Return a new last place."""
        self._drawn += 1
        ticket = Ticket(self._drawn)
        self._tickets.append(ticket)
        return ticket

    def leave(self, ticket: Ticket) -> None:
        """Give the place up: the command is answered, or its caller is gone."""
        self._tickets.remove(ticket)
        self._moved.tell()

    async def turn(self, ticket: Ticket) -> None:
        """Wait until no earlier ticket waits. Until done() or leave(), nobody later goes ahead."""
        await self._moved.until(lambda: next(other for other in self._tickets if other.waits) is ticket)

    def done(self, ticket: Ticket) -> None:
        """End the turn: the command is proposed."""
        ticket.waits = False
        self._moved.tell()
