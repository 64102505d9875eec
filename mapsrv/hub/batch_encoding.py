"""What the store is to write of a session's oldest pending commands, encoded in turns."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

import trio

from mapsrv.core.log import Head
from mapsrv.core.proposal import Pending
from mapsrv.store import Batch, Component, Entry, KeyRecord
from mapsrv.wire import answers, codec

SLICE = 50  # ops or events encoded between two checkpoints: some 5 ms where each has 16 KiB


async def batch_of(session_id: str, after: Head, share: Sequence[Pending]) -> Batch:
    """Return the batch of some commands, oldest first; of each component only what it is after the last."""
    state, parts = share[-1].state, dict[str, Component]()
    ops = tuple(chain.from_iterable(pending.event.ops for pending in share))
    for start in range(0, len(ops), SLICE):
        await _turn(start)
        touched = codec.components(state, ops[start : start + SLICE])
        parts.update({name: Component(*part) for name, part in touched.items()})
    entries: list[Entry] = []
    for start in range(0, len(share), SLICE):
        await _turn(start)
        entries += [_entry(pending) for pending in share[start : start + SLICE]]
    return Batch(session_id, after, tuple(entries), parts)


async def _turn(start: int) -> None:
    if start:  # most batches are small, and need none
        await trio.lowlevel.checkpoint()


def _entry(pending: Pending) -> Entry:
    event = pending.event
    answer = answers.to_bytes(event.record.answer)
    record = KeyRecord(event.key, event.record.fingerprint, answer, event.head)
    return Entry(event.body, record, codec.blobs_of(event.ops))
