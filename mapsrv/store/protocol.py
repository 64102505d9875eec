"""Where sessions outlive the process: the Store protocol and the values it takes and gives.

A store keeps bytes and never judges history: it compares heads, remembers keys, and writes all of
a session's batch or none. Implementations: memory.py, sqlite/, redis/; what more they need who share
one is in shared.py.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

from mapsrv.core.log import Head, Position
from mapsrv.errors import StoreUnavailable

# Of what is written here; what bears a higher one is refused, and never written to. A release reads all that
# are lower. 1: the first release, which takes a map for damaged where a layer has fields that it does not
# know. 2: layers say who added them, and readers pass over what they do not know.
FORMAT = 2


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """What is remembered of an author-scoped key. `answer` is JSON bytes; `head` is after its event."""

    key: str
    fingerprint: str
    answer: bytes
    head: Head


@dataclass(frozen=True, slots=True)
class Component:
    """A part of the state (title, basemap, camera, layer:ID) as JSON bytes; None takes it away.

    `blobs` are the names (64 hex digits) of the blobs that it refers to.
    """

    value: bytes | None
    blobs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Entry:
    """One event to be written, or as it was read."""

    body: bytes
    record: KeyRecord  # its key, and the head after it
    blobs: tuple[str, ...] = ()  # named by its ops


@dataclass(frozen=True, slots=True)
class Batch:
    """The next events of one session, and what the state's components are after them."""

    session_id: str
    after: Head  # the head that the first entry follows
    entries: tuple[Entry, ...]
    components: Mapping[str, Component] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Ok:
    """All of the batch is written. `durability` where that is worth less than the store's own."""

    durability: str | None = None


@dataclass(frozen=True, slots=True)
class Unknown:
    """No such session; nothing written."""


@dataclass(frozen=True, slots=True)
class Done:
    """These keys of the batch are there already, with their records; nothing written."""

    records: tuple[KeyRecord, ...]


@dataclass(frozen=True, slots=True)
class Moved:
    """The session's head is elsewhere; nothing written.

    `news` is what came after the head that the batch was to follow, oldest first, up to `head`; nothing
    where that is no place of this history, or one that its log does not reach back to, or where the
    store is one process's own.
    """

    head: Head
    news: tuple[Entry, ...] = ()


@dataclass(frozen=True, slots=True)
class Refused:
    """What the store has of this session is damaged or too new; nothing written, the other batches go on."""

    error: StoreUnavailable


Outcome: TypeAlias = Ok | Unknown | Done | Moved | Refused


@dataclass(frozen=True, slots=True)
class StoredSession:
    """A whole session as the store has it."""

    head: Head
    components: Mapping[str, bytes]
    base: Head  # the head before the first of `log`
    log: tuple[Entry, ...]  # the newest events, oldest first, at most core.log.MAX_EVENTS and MAX_BYTES
    keys: tuple[KeyRecord, ...]  # the newest core.log.MAX_KEYS, oldest first
    came_from: tuple[Position, ...] = ()  # where this history began anew from others, newest first


class Store(Protocol):
    """What hub/ needs of a store. Every call raises StoreUnavailable when it cannot answer.

    `now` is Unix time in seconds.
    """

    durability: str  # memory, disk, redis, replicated: what an OK is worth

    @property
    def trouble(self) -> str | None:
        """What is wrong with all that it keeps, known without asking it: a sentence that names no place."""

    async def create(self, session_id: str, head: Head, *, now: float) -> bool:
        """Write an empty session with the head of its epoch; False when that id is taken."""

    async def load(self, session_id: str) -> StoredSession | None:
        """Return the session, or None when there is none of that id."""

    async def exists(self, session_id: str) -> bool:
        """Return whether there is such a session."""

    async def commit(self, batches: Sequence[Batch]) -> list[Outcome]:
        """Write each batch wholly or not at all, durably before it returns; an outcome a batch, in order.

        One session stands in at most one of the batches. An error raises StoreUnavailable. On a disk
        nothing of any batch is written then; over a network each batch is in doubt, and sent again
        it is Done or as if it had never been sent. An empty batch writes nothing, and asks for what
        came after its head: Ok for nothing, else Moved.
        """

    async def put_blob(self, name: str, body: bytes, *, now: float) -> None:
        """Write a blob, or renew the time of the one that is there."""

    async def renew_blob(self, name: str, *, now: float) -> bool:
        """Renew the time of a blob; False when there is none of that name."""

    async def get_blob(self, name: str) -> bytes | None:
        """Return the bytes of a blob, or None."""

    async def renew(self, session_ids: Collection[str], *, now: float) -> None:
        """Renew the time of sessions in use, so that no sweep takes them; unknown ids are passed over."""

    async def sweep(self, *, before: float, crowded: float = -math.inf) -> tuple[int, int]:
        """Forget sessions never changed and last renewed before then, and blobs last renewed before
        then that no component and no kept event refers to; of such blobs also the oldest that were last
        renewed before `crowded`, while they have more than loose.MAX_LOOSE bytes. Return how many of
        each; none where the store forgets by its own clock."""
