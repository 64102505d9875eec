"""The readers of a session to whom the rounds of broadcast.py write, and where each of them is."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import trio

from mapsrv.asgi.peer import Peer
from mapsrv.core.log import Position


class Mark(NamedTuple):
    """What a reader has been told: up to which position, and which status and presence last."""

    cursor: Position | None
    status: bytes | None = None
    presence: bytes | None = None


class Seats:
    """Those of one session. `mark` is where most of them are: who is there has that very object."""

    __slots__ = ("_open", "mark")

    def __init__(self) -> None:
        self._open: dict[Seat, None] = {}
        self.mark = Mark(None)

    def __bool__(self) -> bool:
        return bool(self._open)

    def __contains__(self, seat: Seat) -> bool:
        return seat in self._open

    def all(self) -> list[Seat]:
        """Return all that are taken."""
        return list(self._open)

    def interned(self, mark: Mark) -> Mark:
        """Return the one object of those who are at a mark."""
        if mark != self.mark:
            self.mark = mark
        return self.mark

    def take(self, seat: Seat) -> None:
        """Have the rounds write to a seat from now on; its reader has taken all there was."""
        self._open[seat] = None

    def leave(self, seat: Seat) -> None:
        """Have them write to it no more."""
        self._open.pop(seat, None)


class Seat:
    """One reader's, who is at `mark`: `author` at `tab`. `lost` wakes its own task."""

    __slots__ = ("_lost", "_peer", "_seats", "author", "mark", "rest", "tab")

    def __init__(
        self,
        seats: Seats,
        author: tuple[str, str],
        mark: Mark,
        peer: Peer,
        lost: Callable[[], None],
        tab: str = "",
    ) -> None:
        self._seats, self._peer, self._lost = seats, peer, lost
        self.author, self.mark, self.tab = author, mark, tab
        self.rest = b""  # what is left of a chunk that was begun
        seats.take(self)

    def leave(self) -> None:
        """Give it back."""
        self._seats.leave(self)

    def give_up(self) -> None:
        """Take it away from its reader, who goes on alone."""
        self.leave()
        self._lost()

    def write(self, data: bytes, chunked: bytes) -> None:
        """Write the bytes, or their form in chunks; what is not taken is for the reader's own task."""
        data = chunked if self._peer.chunked else data
        try:
            taken = self._peer.write_nowait(data)
        except trio.BrokenResourceError:
            return self.leave()  # its own task learns of the end by itself
        if taken < len(data):
            self.rest = data[taken:]
            self.give_up()
