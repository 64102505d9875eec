"""What a store that lost a session is given of it, in slices, so that a large map does not hold the loop."""

from __future__ import annotations

import trio

from mapsrv.core.log import Head, Position, Record
from mapsrv.core.session import Session
from mapsrv.store import Component, KeyRecord
from mapsrv.store.shared import Seed
from mapsrv.wire import answers, codec

MAX_CAME_FROM = 8  # histories that are remembered: as many losses while one process sleeps
SLICE = 500  # layers between two checkpoints, some 3 ms
SLICE_KEYS = 200  # whose answers are read and written again: as long


async def seed_of(session_id: str, session: Session, expect: Head | None, epoch: str) -> tuple[Seed, Session]:
    """Return the seed of a session under a new epoch, and the Session that it is then."""
    old = session.head
    # The revision goes on: only the epoch and the chain begin anew.
    head = Head(epoch, old.revision, Head.of_epoch(epoch).hash)
    came_from = (old.position, *session.came_from)[:MAX_CAME_FROM]
    state, keys = session.state, list(session.keys.items())
    components = {name: Component(*part) for name, part in codec.part_components(state).items()}
    for number, layer in enumerate(state):
        components[codec.LAYER + layer.id] = Component(*codec.layer_component(layer))
        if number % SLICE == 0:
            await trio.lowlevel.checkpoint()
    records: list[KeyRecord] = []
    for start in range(0, len(keys), SLICE_KEYS):
        records += [_key_record(key, record) for key, record in keys[start : start + SLICE_KEYS]]
        await trio.lowlevel.checkpoint()
    seed = Seed(session_id, expect, head, components, tuple(records), came_from)
    return seed, Session(head, codec.encode_event, state=state, keys=keys, came_from=came_from)


def _key_record(key: str, record: Record) -> KeyRecord:
    return KeyRecord(key, record.fingerprint, answers.to_bytes(record.answer), _head(record.position))


def _head(position: Position) -> Head:
    """Return a head at that position; of its hash only the check is known, which is all that is told."""
    return Head(position.epoch, position.revision, bytes.fromhex(position.check).ljust(32, b"\0"))
