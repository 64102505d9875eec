"""A session read back from Redis: as it was written, or refused.

What does not read as it was written refuses that session alone, by a sentence that names the key,
and nothing of it is overwritten.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import trio

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

SLICE_BYTES = 256 * 1024  # parsed between two checkpoints, about 3 ms
SLICE_RECORDS = 250


async def stored_session(session_id: str, replies: Sequence[Reply]) -> StoredSession | None:
    """Return the session that load_commands read, in slices. Raises StoreUnavailable, naming the key."""
    for kind, reply in zip(KINDS, replies, strict=True):
        if isinstance(reply, Exception):
            if "WRONGTYPE" in str(reply):
                raise refusal(session_id, kind, "is of another type")
            raise explain(reply) from reply
    try:
        if not replies[0]:
            if any(replies):
                raise Damaged("meta", "is gone")
            return None
        return await _stored(replies)
    except Newer as error:
        raise newer(session_id, error) from error
    except Damaged as error:
        raise refusal(session_id, error.kind, error.trouble) from error


async def _stored(replies: Sequence[Reply]) -> StoredSession:
    meta, state, events, keys = replies
    assert isinstance(meta, list) and isinstance(state, list)
    assert isinstance(events, list) and isinstance(keys, list)
    facts = _meta(meta)
    epoch = facts[b"epoch"]
    try:
        head = head_from_reply(epoch, facts[b"revision"], facts[b"hash"])
        base = head_from_reply(epoch, facts[b"base"], facts[b"base_hash"])
        parts, known = int(facts[b"parts"]), int(facts[b"keys"])
    except (KeyError, ValueError) as error:
        raise Damaged("meta", UNREAD) from error
    try:
        components = {name.decode(): value for name, value in pairs(state).items()}  # type: ignore[arg-type]
    except ValueError as error:
        raise Damaged("state", UNREAD) from error
    if len(components) != parts:
        raise Damaged("state", "does not have all its parts")
    log = await entries(events, base)
    if (log[-1].record.head if log else base) != head:
        raise Damaged("log", "does not end where the map stands")
    if known and not keys:
        raise Damaged("keys", "is gone")
    return StoredSession(head, components, base, log, await _records(keys), _came_from(facts))


def _meta(reply: list[Reply]) -> dict[bytes, bytes]:
    facts: dict[bytes, bytes] = dict(pairs(reply))  # type: ignore[arg-type]
    version = facts.get(b"format", b"")
    if b"epoch" not in facts or not version.isdigit() or len(version) > 9:
        raise Damaged("meta", UNREAD)
    if int(version) > FORMAT:
        raise Newer(version)
    return facts


def _came_from(facts: Mapping[bytes, bytes]) -> tuple[Position, ...]:
    positions = [Position.parse(text) for text in facts.get(b"from", b"").decode(errors="replace").split()]
    if None in positions:
        raise Damaged("meta", UNREAD)
    return tuple(position for position in positions if position is not None)


async def entries(events: list[Reply], head: Head) -> tuple[Entry, ...]:
    """Return the events after `head`; each must bear the hash that continues the chain. Raises Damaged."""
    found, size = [], 0
    for event in events:
        try:
            id_, flat = event  # type: ignore[misc]
            fields = pairs(flat)  # type: ignore[arg-type]
            record = record_from_bytes(fields[b"key"].decode(), fields[b"record"])
            body = fields[b"body"]
            head = head.next(record.key, body)
            if record.head != head or id_ != b"%d-0" % head.revision:
                raise ValueError
            found.append(Entry(body, record, names(fields[b"blobs"])))
        except (KeyError, TypeError, ValueError) as error:
            raise Damaged("log", f"does not parse at revision {head.revision}") from error
        size += len(body) + 1000
        if size > SLICE_BYTES:
            size = 0
            await trio.lowlevel.checkpoint()
    return tuple(found)


async def _records(reply: list[Reply]) -> tuple[KeyRecord, ...]:
    """Return the records of keys, oldest first. `nth:N` says which key was the Nth."""
    fields = pairs(reply)  # type: ignore[arg-type]
    found = []
    try:
        order = sorted((int(name[4:]), key) for name, key in fields.items() if name.startswith(b"nth:"))
        if len(fields) != 2 * len(order):
            raise ValueError
        for number, (_n, key) in enumerate(order):
            found.append(record_from_bytes(key.decode(), fields[b"key:" + key]))
            if number % SLICE_RECORDS == 0:
                await trio.lowlevel.checkpoint()
    except (KeyError, ValueError) as error:
        raise Damaged("keys", UNREAD) from error
    return tuple(found)
