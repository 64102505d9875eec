"""A session read back from Redis: as it was written, or refused.

What does not read as it was written refuses that session alone, by a sentence that names the key,
and nothing of it is overwritten. What was answered to keys is looked through and not read: one that does
not parse refuses who asks for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from itertools import accumulate, pairwise
from typing import TypeAlias

import trio
from redis.exceptions import ResponseError

from mapsrv.core.log import Head, Position
from mapsrv.store.protocol import FORMAT, Entry, KeyRecord, StoredSession
from mapsrv.store.redis.errors import UNREAD, explain, newer, refusal
from mapsrv.store.redis.keys_and_values import (
    KINDS,
    Damaged,
    Newer,
    Reply,
    head_from_reply,
    names,
    pairs,
    record_from_bytes,
)
from mapsrv.store.redis.unread import Read, unread, unread_at

SLICE_BYTES = 256 * 1024  # read between two checkpoints, about 3 ms
SLICE_RECORDS = 500  # of keys, about 1 ms, since the first have the sorting of all before them

Values: TypeAlias = list[bytes]


async def stored_session(session_id: str, reply: Reply) -> tuple[StoredSession | None, set[str]]:
    """Return the session that load.lua answered, and the blobs that its state names; in slices.

    Raises StoreUnavailable, naming the key.
    """
    match reply:
        case [bytes(lengths), bytes(values), *rest]:
            meta = _row(lengths, values)
        case [int(place), bytes(trouble)] if trouble.startswith(b"WRONGTYPE"):
            raise refusal(session_id, KINDS[place - 1], "is of another type")
        case [int(), bytes(trouble)]:
            raise explain(ResponseError(trouble.decode(errors="replace")))
        case _:
            raise refusal(session_id, "meta", UNREAD)
    try:
        if meta:
            facts = _meta(meta)
            return await _stored(facts, rest, partial(record_of, session_id)), blobs_named(facts)
        if any(rest):
            raise Damaged("meta", "is gone")
        return None, set()
    except Newer as error:
        raise newer(session_id, error) from error
    except Damaged as error:
        raise refusal(session_id, error.kind, error.trouble) from error


def _row(lengths: Reply, values: Reply) -> Values:
    """Return the values that load.lua has put in a row."""
    assert isinstance(lengths, bytes) and isinstance(values, bytes)
    ends = accumulate(map(int, lengths.split()), initial=0)
    return [values[start:end] for start, end in pairwise(ends)]


async def _stored(facts: Mapping[bytes, bytes], rest: Sequence[Reply], read: Read) -> StoredSession:
    state_lengths, state, event_lengths, events, keys = rest
    assert isinstance(keys, bytes)
    epoch = facts[b"epoch"]
    try:
        head = head_from_reply(epoch, facts[b"revision"], facts[b"hash"])
        base = head_from_reply(epoch, facts[b"base"], facts[b"base_hash"])
        count, known = int(facts[b"parts"]), int(facts[b"keys"])
    except (KeyError, ValueError) as error:
        raise Damaged("meta", UNREAD) from error
    try:
        components = {name.decode(): value for name, value in pairs(_row(state_lengths, state)).items()}
    except ValueError as error:
        raise Damaged("state", UNREAD) from error
    if len(components) != count:
        raise Damaged("state", "does not have all its parts")
    log = await entries(map(_fields, _row(event_lengths, events)), base, read)
    if (log[-1].record.head if log else base) != head:
        raise Damaged("log", "does not end where the map stands")
    if known and not keys:
        raise Damaged("keys", "is gone")
    return StoredSession(head, components, base, log, await _records(keys, read), _came_from(facts))


def _meta(reply: Values) -> Mapping[bytes, bytes]:
    facts = pairs(reply)
    version = facts.get(b"format", b"")
    if b"epoch" not in facts or not version.isdigit() or len(version) > 9:
        raise Damaged("meta", UNREAD)
    if int(version) > FORMAT:
        raise Newer(version)
    return facts


def blobs_named(facts: Mapping[bytes, bytes]) -> set[str]:
    """Return the blobs that a session's state names, from its meta."""
    texts = [value for name, value in facts.items() if name.startswith(b"blobs:")]
    return {name for text in texts for name in text.decode(errors="replace").split()}


def _came_from(facts: Mapping[bytes, bytes]) -> tuple[Position, ...]:
    positions = [Position.parse(text) for text in facts.get(b"from", b"").decode(errors="replace").split()]
    if None in positions:
        raise Damaged("meta", UNREAD)
    return tuple(position for position in positions if position is not None)


def _fields(event: bytes) -> tuple[bytes, ...]:
    """Return id, key, record, blobs and body; only the body may hold a NUL itself."""
    return tuple(event.split(b"\0", 4))


def fields_of(event: Reply) -> tuple[bytes, ...]:
    """Return the same of an event as XRANGE has it. Raises KeyError, TypeError, ValueError."""
    id_, flat = event  # type: ignore[misc]
    fields = pairs(flat)  # type: ignore[arg-type]
    assert isinstance(id_, bytes)
    return id_, fields[b"key"], fields[b"record"], fields[b"blobs"], fields[b"body"]


async def entries(events: Iterable[tuple[bytes, ...]], head: Head, read: Read) -> tuple[Entry, ...]:
    """Return the events after `head`; each must bear the hash that continues the chain. Raises Damaged."""
    found, size = [], 0
    try:
        for id_, key_, record, blobs, body in events:
            key = key_.decode()
            head = head.next(key, body)
            if id_ != b"%d-0" % head.revision:
                raise ValueError
            found.append(Entry(body, unread_at(head, key, record, read), names(blobs)))
            size += len(body) + 1000
            if size > SLICE_BYTES:
                size = 0
                await trio.lowlevel.checkpoint()
    except (KeyError, TypeError, ValueError) as error:
        raise Damaged("log", f"does not parse at revision {head.revision}") from error
    return tuple(found)


async def _records(keys: bytes, read: Read) -> tuple[KeyRecord, ...]:
    """Return the records of keys, oldest first. `nth:N` says which key was the Nth."""
    found = list[KeyRecord]()
    if len(keys) > SLICE_BYTES:
        await trio.lowlevel.checkpoint()
    try:
        fields = pairs(keys.split(b"\0") if keys else ())
        keys_by_number = {int(name[4:]): key for name, key in fields.items() if name.startswith(b"nth:")}
        if len(fields) != 2 * len(keys_by_number):
            raise ValueError
        for index, number in enumerate(sorted(keys_by_number), 1):
            key = keys_by_number[number]
            found.append(unread(key.decode(), fields[b"key:" + key], read))
            if index % SLICE_RECORDS == 0:
                await trio.lowlevel.checkpoint()
    except (KeyError, ValueError) as error:
        raise Damaged("keys", UNREAD) from error
    return tuple(found)


def record_of(session_id: str, key: str, body: bytes) -> KeyRecord:
    """Read a record of a session's key. Raises StoreUnavailable, naming where it stands."""
    try:
        return record_from_bytes(key, body)
    except ValueError as error:
        raise refusal(session_id, "keys", UNREAD) from error
