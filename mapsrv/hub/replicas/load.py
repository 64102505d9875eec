"""A Session from what the store has of it, in slices, so that a large map does not hold the loop.

What was answered to keys stays as the store has it, and is read when a key comes again: thousands are
remembered, and hardly one is asked for.
"""

from __future__ import annotations

import trio

from mapsrv.core.log import Event, EventLog, Position, Record
from mapsrv.core.ops import Op
from mapsrv.core.prepared import Answer
from mapsrv.core.session import Session
from mapsrv.core.state import MapLayer
from mapsrv.store import Entry, KeyRecord, Store, StoredSession
from mapsrv.store.damage import damaged
from mapsrv.store.shared import SharedStore
from mapsrv.wire import answers, codec, parts

SLICE_BYTES = 256 * 1024  # of JSON parsed between two checkpoints, about 3 ms
SLICE_PARTS = 100  # layers read between two checkpoints, about 2 ms however small they are
SLICE_RECORDS = 1_000  # events or keys taken over between two checkpoints, about 2 ms


class KeptRecord(Record):
    """What is remembered of a key, read from what the store has each time that somebody asks."""

    __slots__ = ("_kept",)
    _kept: KeyRecord

    def __init__(self, kept: KeyRecord) -> None:
        object.__setattr__(self, "_kept", kept)

    @property
    def fingerprint(self) -> str:
        return self._kept.fingerprint

    @property
    def answer(self) -> Answer:
        """The answer; raises StoreDamaged where what is kept is none."""
        try:
            return answers.from_bytes(self._kept.answer)
        except ValueError as error:
            raise damaged("map_keys", "The map's map_keys", "does not parse") from error

    @property
    def position(self) -> Position:
        return self._kept.head.position


async def restored(stored: StoredSession) -> Session:
    """Return the session at the store's head. Its log's events carry no ops: readers need only bodies.

    Raises StoreDamaged where a part of it does not parse; an answer that does not is told to who asks for it.
    """
    try:
        state = parts.base_state(stored.components).with_layers(await _layers(stored))
    except parts.TornPart as error:
        raise damaged("map_state", "The map's map_state", f"does not parse at {error.name[:80]!r}") from error
    log, records = EventLog(stored.base), dict[str, Record]()
    for number, entry in enumerate(stored.log, 1):
        event = event_of(entry)
        log.append(event)
        records[event.key] = event.record
        await _turn(number)
    keys = dict[str, Record]()
    for number, kept in enumerate(stored.keys, 1):
        keys[kept.key] = records.get(kept.key) or KeptRecord(kept)
        await _turn(number)
    return Session(
        stored.head,
        codec.encode_event,
        state=state,
        log=log,
        keys=keys.items(),
        came_from=stored.came_from,
    )


async def _turn(number: int) -> None:
    if number % SLICE_RECORDS == 0:  # most maps are small, and need none
        await trio.lowlevel.checkpoint()


async def _layers(stored: StoredSession) -> list[MapLayer]:
    layers, size = [], 0
    for number, (name, body) in enumerate(parts.layer_components(stored.components), 1):
        layers.append(parts.layer_from_bytes(name, body))
        size += len(body)
        if size > SLICE_BYTES or number % SLICE_PARTS == 0:
            size = 0
            await trio.lowlevel.checkpoint()
    return layers


def event_of(entry: Entry, ops: tuple[Op, ...] = ()) -> Event:
    """Return the event as the store has it."""
    return Event(entry.record.head, entry.record.key, entry.body, ops, KeptRecord(entry.record))


async def load(store: Store, session_id: str) -> Session | None:
    """Return the session as the store has it now, or None when it is not there. Raises MapsrvError."""
    stored = await store.load(session_id)
    return None if stored is None else await restored(stored)


async def load_shared(store: SharedStore, session_id: str) -> Session | None:
    """As load(), of a store that is asked for the head first.

    While lost sessions are brought back, a load says only that it is unavailable.
    """
    if (await store.heads([session_id])).get(session_id, 0) is None:
        return None
    return await load(store, session_id)
