"""A Session from what the store has of it, in slices, so that a large map does not hold the loop."""

from __future__ import annotations

import trio

from mapsrv.core.log import Event, EventLog, Record
from mapsrv.core.ops import Op
from mapsrv.core.session import Session
from mapsrv.core.state import MapLayer
from mapsrv.store import Entry, KeyRecord, Store, StoredSession
from mapsrv.store.damage import damaged
from mapsrv.store.shared import SharedStore
from mapsrv.wire import codec, parts

SLICE_BYTES = 256 * 1024  # of JSON parsed between two checkpoints, about 3 ms
SLICE_PARTS = 100  # layers, events or keys read between two checkpoints, about 2 ms however small they are


async def restored(stored: StoredSession) -> Session:
    """Return the session at the store's head. Its log's events carry no ops: readers need only bodies.

    Raises StoreDamaged where a part of it, or what was answered to a key, does not parse.
    """
    try:
        return await _restored(stored)
    except parts.TornPart as error:
        raise damaged("map_state", "The map's map_state", f"does not parse at {error.name[:80]!r}") from error
    except ValueError as error:
        raise damaged("map_keys", "The map's map_keys", "does not parse") from error


async def _restored(stored: StoredSession) -> Session:
    state = parts.base_state(stored.components)
    layers = await _layers(stored)
    log = EventLog(stored.base)
    for number, entry in enumerate(stored.log, 1):
        log.append(event_of(entry))
        if number % SLICE_PARTS == 0:
            await trio.lowlevel.checkpoint()
    keys = []
    for number, record in enumerate(stored.keys, 1):
        keys.append((record.key, _record(record)))
        if number % SLICE_PARTS == 0:
            await trio.lowlevel.checkpoint()
    return Session(
        stored.head,
        codec.encode_event,
        state=state.with_layers(layers),
        log=log,
        keys=keys,
        came_from=stored.came_from,
    )


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
    return Event(entry.record.head, entry.record.key, entry.body, ops, _record(entry.record))


def _record(record: KeyRecord) -> Record:
    return Record(record.fingerprint, codec.answer_from_bytes(record.answer), record.head.position)


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
