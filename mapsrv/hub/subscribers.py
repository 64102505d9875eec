"""A live reader of a session: a mark and take(). No queue: what it has not taken is in the log.

First connect, reconnect, a slow reader and a takeover are all the same call to since(). What take() gives
of a mark, advance() gives for all who are at that mark, where it is the same for all of them.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

import trio

from mapsrv.asgi.peer import Peer
from mapsrv.core.log import ANONYMOUS, Event, Position
from mapsrv.core.session import Replay
from mapsrv.hub.live_session import LiveSession
from mapsrv.hub.seats import Mark, Seat
from mapsrv.metrics.maps import DELIVERIES, SNAPSHOTS
from mapsrv.wire import codec, sse

NOBODY = ("", "")
MAX_TAKE = 8 * 1024  # bytes of events joined in one take: what a reader has of its own while it does not read

_HERE = trio.Event()  # of which nobody need wait
_HERE.set()


@lru_cache(maxsize=4096)
def event_frame(event: Event) -> bytes:
    """Return the SSE frame of an event, made once and shared by all readers."""
    return sse.frame("event", event.body, id=str(event.head.position))


@lru_cache(maxsize=64)
def status_frame(body: bytes) -> bytes:
    """Return the SSE frame of a status, which is mostly the same for all."""
    return sse.frame("status", body)


@lru_cache(maxsize=64)
def presence_frame(body: bytes) -> bytes:
    """Return the SSE frame of a presence, which is sent to all who have a map open at the same moment."""
    return sse.frame("presence", body)


def replayed(events: tuple[Event, ...], cursor: Position | None) -> tuple[bytes, Position | None, int]:
    """Return the frames of the first events, the position behind them, and how many they are."""
    frames: list[bytes] = []
    size = 0
    for event in events:
        frame = event_frame(event)
        size += len(frame)
        if frames and size > MAX_TAKE:  # one that is larger goes alone, and is shared by all readers
            break
        frames.append(frame)
        cursor = event.head.position
    return b"".join(frames), cursor, len(frames)


class Step(NamedTuple):
    """What all at one mark are sent: `data`, with so many events; then they are at `mark`."""

    data: bytes
    mark: Mark
    events: int
    more: bool  # whether there is more to take


def advance(live: LiveSession, mark: Mark) -> Step | None:
    """Return what comes after a mark; None where that is not the same for all: a Snapshot has its own link.

    It holds for readers of whom nothing was refused, whose status is the common one.
    """
    found = live.session.since(mark.cursor)
    if not isinstance(found, Replay):
        return None
    data, cursor, count = replayed(found.events, mark.cursor)
    if count < len(found.events):
        return Step(data, Mark(cursor, mark.status, mark.presence), count, True)
    status, presence = live.status(NOBODY), live.presence.body
    if status != mark.status:
        data += status_frame(status)
    if presence is not mark.presence:
        data += presence_frame(presence)
    return Step(data, Mark(cursor, status, presence), count, False)


class Subscriber:
    """Reads a session from `cursor` (None: from a Snapshot). `url` is the map's link as its reader has it.

    `author` is who reads, as commands of theirs are told: the kind and id of an Origin. `tab` is what may
    be asked by name.
    """

    __slots__ = ("_author", "_news", "_rest", "_tab", "_url", "live", "mark")

    def __init__(
        self,
        live: LiveSession,
        cursor: Position | None,
        url: str,
        author: tuple[str, str] = NOBODY,
        tab: str = "",
    ) -> None:
        self.live = live
        self._tab = tab
        self._url = url
        self._author = author
        self._news = live.moved.coming()
        self._rest: deque[bytes] | None = None  # of a frame that is taken part by part
        self.mark = Mark(cursor)

    @property
    def cursor(self) -> Position | None:
        """Where it is."""
        return self.mark.cursor

    @property
    def gone(self) -> bool:
        """Whether its session is not served here any more."""
        return self.live.gone is not None

    async def wait(self) -> None:
        """Wait until there may be something to take that was not there at the last take()."""
        await self._news.wait()

    def sit(self, peer: Peer, lost: Callable[[], None]) -> Seat:
        """Return a seat, to which the rounds write from now on; all that there was is taken."""
        mark = self.mark
        if mark.status == self.live.status(NOBODY):  # else it is its own
            mark = self.live.seats.interned(mark)
        return Seat(self.live.seats, self._author, mark, peer, lost, self._tab)

    def rise(self, seat: Seat) -> None:
        """Go on by take() from where the rounds came."""
        seat.leave()
        self.mark = seat.mark

    def take(self) -> bytes | None:
        """Return the next SSE frames, or a part of one while rest() has more, or None when all is read."""
        self._news = self.live.moved.coming()
        return (
            self.rest()
            or self._history()
            or self._status_frame()
            or self._presence_frame()
            or self.live.asks.take(self._tab)  # last: it is asked of what it has been told
        )

    def rest(self) -> bytes | None:
        """Return the next part of the frame that was begun, before which nothing else may be sent."""
        if self._rest is None:
            return None
        part = self._rest.popleft()
        if not self._rest:
            self._rest = None
        return part

    def ping(self) -> bytes:
        """Return a ping frame with the head position."""
        return sse.frame("ping", codec.dumps({"position": str(self.live.position)}))

    def _history(self) -> bytes | None:
        found = self.live.session.since(self.cursor)
        if isinstance(found, Replay):
            if not found.events:
                return None
            data, cursor, count = replayed(found.events, self.cursor)
            self.mark = Mark(cursor, self.mark.status, self.mark.presence)
            DELIVERIES.inc(count)
            if count < len(found.events):
                self._news = _HERE
            return data or None
        self.mark = Mark(found.position, self.mark.status, self.mark.presence)
        SNAPSHOTS.inc()
        return self._snapshot(found.position, self.live.encoded_state())

    def _snapshot(self, cursor: Position, state: bytes) -> bytes:
        """Begin a snapshot: the state, encoded once, is sent as it is and copied for no reader."""
        kind, id = self._author
        you = id if kind == "person" and id != ANONYMOUS else ""
        head, tail = codec.snapshot_around(self.live.id, self._url, cursor, you)
        begun, end = sse.frame("snapshot", head, id=str(cursor)).removesuffix(b"\n\n"), tail + b"\n\n"
        self._rest = deque((state, end))
        return begun

    def _status_frame(self) -> bytes | None:
        status = self.live.status(self._author)
        if status == self.mark.status:
            return None
        self.mark = Mark(self.cursor, status, self.mark.presence)
        return status_frame(status)

    def _presence_frame(self) -> bytes | None:
        presence = self.live.presence.body
        if presence is self.mark.presence:
            return None
        self.mark = Mark(self.cursor, self.mark.status, presence)
        return presence_frame(presence)
