"""A live reader of a session: a cursor, a wake-up and take(). No queue: what it has not taken is in the log.

First connect, reconnect, a slow reader and a takeover are all the same call to since().
"""

from __future__ import annotations

from functools import lru_cache
from typing import Protocol

import trio

from mapsrv.core.log import Event, Position
from mapsrv.core.session import Replay, Session
from mapsrv.errors import MapsrvError
from mapsrv.hub.presence import Presence
from mapsrv.metrics import DELIVERIES, SNAPSHOTS
from mapsrv.wire import codec, sse

NOBODY = ("", "")
MAX_TAKE = 256 * 1024  # bytes of events in one take, so that one far behind does not hold the loop


@lru_cache(maxsize=4096)
def event_frame(event: Event) -> bytes:
    """Return the SSE frame of an event, made once and shared by all readers."""
    return sse.frame("event", event.body, id=str(event.head.position))


class Readable(Protocol):
    """What a reader needs of the session that it reads."""

    id: str
    session: Session
    presence: Presence
    gone: MapsrvError | None

    @property
    def position(self) -> Position:
        """Where readers are."""

    def status(self, author: tuple[str, str]) -> bytes:
        """Return the status as one author reads it."""

    def encoded_state(self) -> bytes:
        """Return the JSON of the state at that position."""


class Subscriber:
    """Reads a session from `cursor` (None: from a Snapshot). `url` is the map's link as its reader has it.

    `author` is who reads, as commands of theirs are told: the kind and id of an Origin.
    """

    def __init__(
        self, live: Readable, cursor: Position | None, url: str, author: tuple[str, str] = NOBODY
    ) -> None:
        self._live = live
        self._url = url
        self._author = author
        self._presence: bytes | None = None
        self._status: bytes | None = None
        self._woken = trio.Event()
        self.cursor = cursor

    @property
    def gone(self) -> bool:
        """Whether its session is not served here any more."""
        return self._live.gone is not None

    def wake(self) -> None:
        """Let wait() return."""
        self._woken.set()

    async def wait(self) -> None:
        """Wait until there may be something to take."""
        await self._woken.wait()

    def take(self) -> bytes | None:
        """Return the next SSE frames, or None when all is read."""
        self._woken = trio.Event()
        return self._history() or self._status_frame() or self._presence_frame()

    def ping(self) -> bytes:
        """Return a ping frame with the head position."""
        return sse.frame("ping", codec.dumps({"position": str(self._live.position)}))

    def _history(self) -> bytes | None:
        found = self._live.session.since(self.cursor)
        if isinstance(found, Replay):
            return self._replay(found.events)
        self.cursor = found.position
        SNAPSHOTS.inc()
        body = codec.snapshot_bytes(self._live.id, self._url, found.position, self._live.encoded_state())
        return sse.frame("snapshot", body, id=str(found.position))

    def _replay(self, events: tuple[Event, ...]) -> bytes | None:
        frames, size = [], 0
        for event in events:
            frames.append(event_frame(event))
            self.cursor = event.head.position
            size += len(frames[-1])
            if size > MAX_TAKE:
                self._woken.set()
                break
        DELIVERIES.inc(len(frames))
        return b"".join(frames) or None

    def _status_frame(self) -> bytes | None:
        status = self._live.status(self._author)
        if status == self._status:
            return None
        self._status = status
        return sse.frame("status", status)

    def _presence_frame(self) -> bytes | None:
        presence = self._live.presence.body
        if presence is self._presence:
            return None
        self._presence = presence
        return sse.frame("presence", presence)
