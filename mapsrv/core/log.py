"""Events and their order: Position, the hash chain, and the ring of a session's newest events.

A position names a place in one history. Two histories that part never share a position, since
the check is cut from a hash over everything before it.
"""

from __future__ import annotations

import hashlib
import itertools
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from mapsrv.core.ops import Op
from mapsrv.core.prepared import Answer
from mapsrv.core.state import Json

MAX_EVENTS = 1_000  # a reader further behind gets a Snapshot, which is smaller by then
MAX_BYTES = 4 * 1024 * 1024  # of bodies, so that a ring of large events stays small too
MAX_KEYS = 5_000  # a retry comes within minutes; this many commands do not


@dataclass(frozen=True, slots=True)
class Position:
    """A place in one history, printed `epoch.revision.check`; opaque to clients."""

    epoch: str
    revision: int
    check: str  # first 8 hex digits of the chain hash

    def __str__(self) -> str:
        return f"{self.epoch}.{self.revision}.{self.check}"

    @classmethod
    def parse(cls, text: str) -> Position | None:
        """Return the Position that prints so, or None for anything else."""
        parts = text.split(".")
        if len(parts) != 3 or not (parts[1].isascii() and parts[1].isdigit() and len(parts[1]) < 18):
            return None
        return cls(parts[0], int(parts[1]), parts[2])


@dataclass(frozen=True, slots=True)
class Head:
    """The end of a history: how many events it has, and the chain hash (32 bytes) over them."""

    epoch: str
    revision: int
    hash: bytes

    @classmethod
    def of_epoch(cls, epoch: str) -> Head:
        """Return the head of an empty history."""
        return cls(epoch, 0, hashlib.sha256(epoch.encode()).digest())

    def next(self, key: str, body: bytes) -> Head:
        """Return the head after one more event. `key` is author-scoped, without NUL."""
        digest = hashlib.sha256(self.hash + key.encode() + b"\0" + body).digest()
        return Head(self.epoch, self.revision + 1, digest)

    @property
    def position(self) -> Position:
        """The head as clients see it."""
        return Position(self.epoch, self.revision, self.hash.hex()[:8])

    def is_at(self, position: Position) -> bool:
        """Return whether that is its position; asked at every read, so none is made for it."""
        same_place = self.revision == position.revision and self.epoch == position.epoch
        return same_place and self.hash.hex()[:8] == position.check


ANONYMOUS = "anonymous"  # the id of every person whose browser keeps no cookie


@dataclass(frozen=True, slots=True)
class Origin:
    """Who asked: kind is person, model or system.

    `agent` tells models of one name apart, and is not what keys are scoped by: a host may start its client
    anew between a call and its retry.
    """

    kind: str
    id: str
    name: str
    agent: str = ""

    def to_json(self) -> dict[str, Json]:
        """Return it as it stands in an event, which has the agent beside it."""
        return {"kind": self.kind, "id": self.id, "name": self.name}

    @classmethod
    def from_json(cls, value: Mapping[str, Json], agent: str = "") -> Origin:
        """Read what to_json wrote, and whatever a later release has beside it. Raises KeyError, TypeError."""
        return cls(value["kind"], value["id"], value["name"], agent)


@dataclass(frozen=True, slots=True)
class Record:
    """What is remembered of a key: which command it was, what was answered, where it stands."""

    fingerprint: str
    answer: Answer
    position: Position


@dataclass(frozen=True, slots=True, eq=False)
class Event:
    """The Ops of one Command, at its place. `body` is its one encoding, `key` is author-scoped."""

    head: Head  # after this event
    key: str
    body: bytes
    ops: tuple[Op, ...]
    record: Record


class OutOfStep(Exception):
    """The events do not follow this history; nothing was taken of them."""


class EventLog:
    """The newest events of one session, bounded in number and bytes, and where they begin."""

    def __init__(self, base: Head, *, max_events: int = MAX_EVENTS, max_bytes: int = MAX_BYTES) -> None:
        self._base = base  # the head before the oldest event held
        self._events: deque[Event] = deque()
        self._bytes = 0
        self._max_events, self._max_bytes = max_events, max_bytes

    @property
    def head(self) -> Head:
        """The head after the newest event."""
        return self._events[-1].head if self._events else self._base

    @property
    def base(self) -> Head:
        """The head before the oldest event held."""
        return self._base

    def __iter__(self) -> Iterator[Event]:
        """Yield the events held, oldest first."""
        return iter(self._events)

    def newest(self) -> Iterator[Event]:
        """Yield the events held, newest first."""
        return reversed(self._events)

    def append(self, event: Event) -> None:
        """Add the next event; the oldest fall out of the ring."""
        self._events.append(event)
        self._bytes += len(event.body)
        while len(self._events) > self._max_events or self._bytes > self._max_bytes:
            oldest = self._events.popleft()
            self._bytes -= len(oldest.body)
            self._base = oldest.head

    def news(self, events: Sequence[Event]) -> list[Event]:
        """Return those that come after the head. Raises OutOfStep where they do not chain to what is held."""
        news: list[Event] = []
        head = self.head
        for event in events:
            if event.head.revision <= self.head.revision:
                if self.at(event.head.revision) not in (None, event.head):
                    raise OutOfStep
                continue
            head = head.next(event.key, event.body)
            if head != event.head:
                raise OutOfStep
            news.append(event)
        return news

    def after(self, position: Position) -> tuple[Event, ...] | None:
        """Return the events after a position of this history that the ring still holds, else None."""
        held = self.at(position.revision)
        if held is None or not held.is_at(position):
            return None
        if held is self.head:  # as most are whenever they look
            return ()
        # From the end: deques are slow in the middle, and readers are mostly near the head.
        newest = itertools.islice(reversed(self._events), self.head.revision - position.revision)
        return tuple(newest)[::-1]

    def at(self, revision: int) -> Head | None:
        """Return the head as it was at a revision, when the ring still knows it."""
        back = self.head.revision - revision
        if not 0 <= back <= len(self._events):
            return None
        return self._base if back == len(self._events) else self._events[-1 - back].head
