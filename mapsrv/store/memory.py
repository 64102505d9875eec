"""The store that forgets: plain dicts in this process, for tests and for `--store memory:`.

It says what the protocol means; every other store is compared with it. Each call passes one
checkpoint and then changes everything or nothing, without waiting in between. Of commits only one in
COMMITS gives the other tasks a turn: a turn of the loop is a sixth of what a command costs.
"""

from __future__ import annotations

import math
from collections import Counter, deque
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import trio

from mapsrv.core import log
from mapsrv.core.log import Head
from mapsrv.store.loose import Loose
from mapsrv.store.protocol import (
    Batch,
    Component,
    Done,
    Entry,
    KeyRecord,
    Moved,
    Ok,
    Outcome,
    StoredSession,
    Unknown,
)

COMMITS = 16  # less than a millisecond of writing to dicts


@dataclass(slots=True, eq=False)
class MemorySession:
    """One session; `size` is the bytes of the bodies in `entries`."""

    head: Head
    base: Head
    renewed: float
    size: int = 0
    components: dict[str, Component] = field(default_factory=dict)
    entries: deque[Entry] = field(default_factory=deque)
    keys: dict[str, KeyRecord] = field(default_factory=dict)  # oldest first


@dataclass(slots=True)
class _Blob:
    body: bytes
    renewed: float


class MemoryStore:
    """A Store in dicts; what an OK is worth ends with the process."""

    durability = "memory"
    trouble = None

    def __init__(self) -> None:
        self._commits = 0
        self.sessions: dict[str, MemorySession] = {}
        self.blobs: dict[str, _Blob] = {}
        # How often each blob is named by a component or a kept event: a sweep need not walk them all.
        self.refs: Counter[str] = Counter()

    async def create(self, session_id: str, head: Head, *, now: float) -> bool:
        await trio.lowlevel.checkpoint()
        if session_id in self.sessions:
            return False
        self.sessions[session_id] = MemorySession(head, head, now)
        return True

    async def load(self, session_id: str) -> StoredSession | None:
        await trio.lowlevel.checkpoint()
        session = self.sessions.get(session_id)
        if session is None:
            return None
        components = {name: part.value for name, part in session.components.items() if part.value is not None}
        return StoredSession(
            session.head, components, session.base, tuple(session.entries), tuple(session.keys.values())
        )

    async def exists(self, session_id: str) -> bool:
        await trio.lowlevel.checkpoint()
        return session_id in self.sessions

    async def commit(self, batches: Sequence[Batch]) -> list[Outcome]:
        self._commits += 1
        if self._commits % COMMITS:
            await trio.lowlevel.checkpoint_if_cancelled()
        else:
            await trio.lowlevel.checkpoint()
        return [self._commit(batch) for batch in batches]

    async def put_blob(self, name: str, body: bytes, *, now: float) -> None:
        await trio.lowlevel.checkpoint()
        if not self._renew(name, now):
            self.blobs[name] = _Blob(bytes(body), now)

    async def renew_blob(self, name: str, *, now: float) -> bool:
        await trio.lowlevel.checkpoint()
        return self._renew(name, now)

    async def get_blob(self, name: str) -> bytes | None:
        await trio.lowlevel.checkpoint()
        blob = self.blobs.get(name)
        return None if blob is None else blob.body

    async def renew(self, session_ids: Collection[str], *, now: float) -> None:
        await trio.lowlevel.checkpoint()
        for session_id in session_ids:
            if session_id in self.sessions:
                self.sessions[session_id].renewed = now

    async def sweep(self, *, before: float, crowded: float = -math.inf) -> tuple[int, int]:
        await trio.lowlevel.checkpoint()
        idle = [k for k, s in self.sessions.items() if s.head.revision == 0 and s.renewed < before]
        for session_id in idle:
            for part in self.sessions.pop(session_id).components.values():
                self.forget(part.blobs)
        found, names = Loose(), [name for name in self.blobs if name not in self.refs]
        found.add((self.blobs[k].renewed, n, len(self.blobs[k].body)) for n, k in enumerate(names))
        due = found.due(before, crowded)
        for number in due:
            del self.blobs[names[number]]
        return len(idle), len(due)

    def _commit(self, batch: Batch) -> Outcome:
        session = self.sessions.get(batch.session_id)
        if session is None:
            return Unknown()
        known = (session.keys.get(entry.record.key) for entry in batch.entries)
        if records := tuple(record for record in known if record is not None):
            return Done(records)
        if session.head != batch.after:
            return Moved(session.head, _news(session, batch.after))
        for entry in batch.entries:
            self._append(session, entry)
        for name, part in batch.components.items():
            self.put_component(session, name, part)
        return Ok()

    def _append(self, session: MemorySession, entry: Entry) -> None:
        session.head = entry.record.head
        session.keys[entry.record.key] = entry.record
        if len(session.keys) > log.MAX_KEYS:
            del session.keys[next(iter(session.keys))]
        session.entries.append(entry)
        session.size += len(entry.body)
        self.refs.update(entry.blobs)
        while len(session.entries) > log.MAX_EVENTS or session.size > log.MAX_BYTES:
            oldest = session.entries.popleft()
            session.size -= len(oldest.body)
            session.base = oldest.record.head
            self.forget(oldest.blobs)

    def put_component(self, session: MemorySession, name: str, part: Component) -> None:
        """Set a part of a session, or take it away."""
        if (previous := session.components.pop(name, None)) is not None:
            self.forget(previous.blobs)
        if part.value is not None:
            session.components[name] = part
            self.refs.update(part.blobs)

    def forget(self, blobs: Sequence[str]) -> None:
        """Note that something that named these names them no more."""
        self.refs.subtract(blobs)
        for name in blobs:
            if self.refs[name] <= 0:
                del self.refs[name]

    def _renew(self, name: str, now: float) -> bool:
        if (blob := self.blobs.get(name)) is None:
            return False
        blob.renewed = max(blob.renewed, now)  # a clock that is set back must not age what is in use
        return True


def _news(session: MemorySession, after: Head) -> tuple[Entry, ...]:
    """Return what came after a head, or nothing where that is no place of this history that is kept."""
    places = [session.base, *(entry.record.head for entry in session.entries)]
    index = after.revision - session.base.revision
    held = 0 <= index < len(places) and places[index] == after
    return tuple(session.entries)[index:] if held else ()


@asynccontextmanager
async def open_memory() -> AsyncIterator[MemoryStore]:
    """Yield an empty store."""
    yield MemoryStore()
