"""Sessions in Redis: what is asked for them, and what the replies say. See commit.lua.

What does not read as it was written refuses that session alone, by a sentence that names the key,
and nothing of it is overwritten.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import trio
from redis.exceptions import NoScriptError

from mapsrv.core import log
from mapsrv.core.log import Head, Position
from mapsrv.errors import NewerFormat, StoreUnavailable
from mapsrv.store import (
    FORMAT,
    Batch,
    Done,
    Entry,
    KeyRecord,
    Moved,
    Ok,
    Outcome,
    Refused,
    Seed,
    StoredSession,
    Unknown,
)
from mapsrv.store.damage import damaged
from mapsrv.store.redis.layout import (
    KINDS,
    Damaged,
    Newer,
    Reply,
    batch_arguments,
    channel_of,
    head_from_reply,
    key_of,
    keys_of,
    names,
    pairs,
    record_from_bytes,
    seed_arguments,
)
from mapsrv.store.redis.link import COMMIT, CREATE, RENEW, SEED, Command, explain, raise_if_away

DAY = 86_400
SLICE_BYTES = 256 * 1024  # parsed between two checkpoints, about 3 ms
UNREAD = "does not parse"
SLICE_RECORDS = 250
MAX_READ = 10 * log.MAX_EVENTS  # of a log, whoever wrote it: another release may keep more than this one

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Lifetimes:
    """Seconds that things are kept after they were last renewed."""

    session: int = 30 * DAY
    unchanged: int = DAY  # a session that nobody ever changed

    @property
    def blob(self) -> int:
        """A blob outlives the sessions that name it."""
        return self.session + DAY


def create_command(session_id: str, head: Head, kept: Lifetimes) -> Command:
    """Return what writes an empty session; the reply is 1 when it is written."""
    place = (head.epoch.encode(), head.revision, head.hash.hex())
    return CREATE.call(keys_of(session_id), *place, FORMAT, kept.unchanged)


def renew_command(session_id: str, kept: Lifetimes) -> Command:
    """Return what renews a session; the reply is its meta."""
    return RENEW.call(keys_of(session_id), kept.session, kept.unchanged, FORMAT)


def seed_command(seed: Seed, kept: Lifetimes) -> Command:
    """Return what begins a session anew; the reply is 1 when that was done."""
    return SEED.call(keys_of(seed.session_id), *seed_arguments(seed, FORMAT, kept.session))


def load_commands(session_id: str, kept: Lifetimes) -> list[Command]:
    """Return what renews and reads a session."""
    _meta, state, events, keys = keys_of(session_id)
    return [
        renew_command(session_id, kept),
        ("HGETALL", state),
        ("XRANGE", events, "-", "+", "COUNT", MAX_READ),
        ("HGETALL", keys),
    ]


def commit_command(batch: Batch, kept: Lifetimes) -> Command:
    """Return what commits a batch. Raises StoreUnavailable where a key stands in it twice."""
    if len({entry.record.key for entry in batch.entries}) < len(batch.entries):
        raise StoreUnavailable("A key stands twice among commands sent at once: send the second again.")
    bounds = (log.MAX_EVENTS, log.MAX_BYTES, log.MAX_KEYS)
    head = (channel_of(batch.session_id), FORMAT, kept.session, kept.unchanged, *bounds)
    return COMMIT.call(keys_of(batch.session_id), *head, *batch_arguments(batch))


def outcome(session_id: str, reply: Reply) -> Outcome:
    """Return what became of a batch. Raises StoreAway for an error that is not the session's own.

    Then other batches of the same commit may have become OK: all of them are in doubt, and sent again
    they are answered with DONE, since the store remembers their keys.
    """
    raise_if_away(reply)
    if isinstance(reply, NoScriptError):  # lost twice while one commit was sent: nothing was done
        return Refused(explain(reply))
    try:
        match reply:
            case [b"OK"]:
                return Ok()
            case [b"UNKNOWN"]:
                return Unknown()
            case [b"NEWER", bytes(version)]:
                return Refused(_newer(session_id, Newer(version)))
            case [b"MOVED", bytes(epoch), bytes(revision), bytes(hash_)]:
                return Moved(head_from_reply(epoch, revision, hash_))
            case [b"TORN", int(place), bytes(trouble)]:
                return Refused(_refusal(session_id, KINDS[place - 1], trouble.decode()))
            case [b"DONE", *found]:
                texts: list[bytes] = found  # type: ignore[assignment]
                keys = (key.decode() for key in texts[::2])
                return Done(tuple(record_from_bytes(k, r) for k, r in zip(keys, texts[1::2], strict=True)))
    except ValueError:
        pass
    kind = "keys" if isinstance(reply, list) and reply[:1] == [b"DONE"] else "meta"
    return Refused(_refusal(session_id, kind, UNREAD))


def blobs_of(meta: Reply) -> set[str]:
    """Return the blobs that a session's state names, from its meta; none where that is damaged."""
    if not isinstance(meta, list):
        return set()
    found: list[bytes] = meta  # type: ignore[assignment]
    fields = zip(found[::2], found[1::2])
    texts = (value.decode(errors="replace") for field, value in fields if field.startswith(b"blobs:"))
    return {name for text in texts for name in text.split()}


async def stored_session(session_id: str, replies: Sequence[Reply]) -> StoredSession | None:
    """Return the session that load_commands read, in slices. Raises StoreUnavailable, naming the key."""
    for kind, reply in zip(("meta", "state", "log", "keys"), replies, strict=True):
        if isinstance(reply, Exception):
            if "WRONGTYPE" in str(reply):
                raise _refusal(session_id, kind, "is of another type")
            raise explain(reply) from reply
    try:
        if not replies[0]:
            if any(replies):
                raise Damaged("meta", "is gone")
            return None
        return await _stored(replies)
    except Newer as error:
        raise _newer(session_id, error) from error
    except Damaged as error:
        raise _refusal(session_id, error.kind, error.trouble) from error


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
    entries = await _entries(events, base)
    if (entries[-1].record.head if entries else base) != head:
        raise Damaged("log", "does not end where the map stands")
    if known and not keys:
        raise Damaged("keys", "is gone")
    return StoredSession(head, components, base, entries, await _records(keys), _came_from(facts))


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


async def _entries(events: list[Reply], head: Head) -> tuple[Entry, ...]:
    """Return the events after `head`; each must bear the hash that continues the chain."""
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


def _refusal(session_id: str, kind: str, trouble: str) -> StoreUnavailable:
    return damaged(f"map_{kind}", f"{key_of(kind, session_id).decode()} in Redis", trouble)


def _newer(session_id: str, error: Newer) -> NewerFormat:
    found = f"{key_of(error.kind, session_id).decode()} in Redis was written by a newer release of mapsrv"
    why = f"{found} ({error.trouble}): another server will answer. Try again."
    return NewerFormat(why, retry_after=1)


def head_command(session_id: str) -> Command:
    """Return the command that asks where a session is."""
    return ("HMGET", key_of("meta", session_id), "epoch", "revision", "hash", "format")


def rest_command(session_id: str) -> Command:
    """Return the command that asks how many keys there are of a session."""
    return ("EXISTS", *keys_of(session_id))


def head_of(session_id: str, reply: Reply) -> Head | NewerFormat | None:
    """Return what a reply to head_command says, None for no session; raises ValueError."""
    if not isinstance(reply, list):
        raise ValueError("no list")
    epoch, revision, hash_, version = reply
    if isinstance(version, bytes) and int(version) > FORMAT:
        return _newer(session_id, Newer(version))
    if epoch is None:
        return None
    if not (isinstance(epoch, bytes) and isinstance(revision, bytes) and isinstance(hash_, bytes)):
        raise ValueError("no head")
    return head_from_reply(epoch, revision, hash_)
