"""A live reader of a session: a cursor, a wake-up and take(). No queue: what it has not taken is in the log.

First connect, reconnect, a slow reader and a takeover are all the same call to since().
"""

from __future__ import annotations

from collections import deque
from functools import lru_cache

import trio

from mapsrv.core.log import Event, Position
from mapsrv.core.session import Replay
from mapsrv.hub.live_session import LiveSession
from mapsrv.metrics import DELIVERIES, SNAPSHOTS
from mapsrv.wire import codec, sse

NOBODY = ("", "")
MAX_TAKE = 8 * 1024  # bytes of events joined in one take: what a reader has of its own while it does not read


@lru_cache(maxsize=4096)
def event_frame(event: Event) -> bytes:
    """Return the SSE frame of an event, made once and shared by all readers."""
    return sse.frame("event", event.body, id=str(event.head.position))


@lru_cache(maxsize=64)
def presence_frame(body: bytes) -> bytes:
    """Return the SSE frame of a presence, which is sent to all who have a map open at the same moment."""
    return sse.frame("presence", body)


class Subscriber:
    """Reads a session from `cursor` (None: from a Snapshot). `url` is the map's link as its reader has it.

    `author` is who reads, as commands of theirs are told: the kind and id of an Origin.
    """

    def __init__(
        self, live: LiveSession, cursor: Position | None, url: str, author: tuple[str, str] = NOBODY
    ) -> None:
        self._live = live
        self._url = url
        self._author = author
        self._presence: bytes | None = None
        self._status: bytes | None = None
        self._woken = trio.Event()
        self._rest: deque[bytes] = deque()  # of a frame that is taken part by part
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
        """Return the next SSE frames, or a part of one while rest() has more, or None when all is read."""
        self._woken = trio.Event()
        return self.rest() or self._history() or self._status_frame() or self._presence_frame()

    def rest(self) -> bytes | None:
        """Return the next part of the frame that was begun, before which nothing else may be sent."""
        return self._rest.popleft() if self._rest else None

    def ping(self) -> bytes:
        """Return a ping frame with the head position."""
        return sse.frame("ping", codec.dumps({"position": str(self._live.position)}))

    def _history(self) -> bytes | None:
        found = self._live.session.since(self.cursor)
        if isinstance(found, Replay):
            return self._replay(found.events)
        self.cursor = found.position
        SNAPSHOTS.inc()
        return self._snapshot(self._live.encoded_state())

    def _snapshot(self, state: bytes) -> bytes:
        """Begin a snapshot: the state, encoded once, is sent as it is and copied for no reader."""
        assert self.cursor is not None
        head, tail = codec.snapshot_around(self._live.id, self._url, self.cursor)
        begun, end = sse.frame("snapshot", head, id=str(self.cursor)).removesuffix(b"\n\n"), tail + b"\n\n"
        self._rest.extend((state, end))
        return begun

    def _replay(self, events: tuple[Event, ...]) -> bytes | None:
        frames: list[bytes] = []
        size = 0
        for event in events:
            frame = event_frame(event)
            size += len(frame)
            if frames and size > MAX_TAKE:  # one that is larger goes alone, and is shared by all readers
                self._woken.set()
                break
            frames.append(frame)
            self.cursor = event.head.position
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
        return presence_frame(presence)
