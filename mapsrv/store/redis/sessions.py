"""Sessions in Redis: what is asked for them, and what the replies say. See commit.lua and reading.py."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from redis.exceptions import NoScriptError

from mapsrv.core import log
from mapsrv.core.log import Head
from mapsrv.errors import NewerFormat, StoreUnavailable
from mapsrv.store.protocol import FORMAT, Batch, Done, Entry, Moved, Ok, Outcome, Refused, Unknown
from mapsrv.store.redis.errors import UNREAD, explain, newer, raise_if_away, refusal
from mapsrv.store.redis.keys_and_values import (
    KINDS,
    Command,
    Damaged,
    Newer,
    Reply,
    batch_arguments,
    channel_of,
    head_from_reply,
    key_of,
    keys_of,
    pairs,
    record_from_bytes,
    seed_arguments,
)
from mapsrv.store.redis.reading import blobs_named, entries, fields_of, record_of
from mapsrv.store.redis.scripts import COMMIT, CREATE, LOAD, NAMED, RENEW, SEED
from mapsrv.store.shared import Seed

HOUR, DAY = 3_600, 86_400
LOADED_BYTES = 1024 * 1024  # of one reply, about 5 ms for Redis; what is larger comes alone
MAX_READ = 10 * log.MAX_EVENTS  # of a log, whoever wrote it: another release may keep more than this one


@dataclass(frozen=True, slots=True)
class Lifetimes:
    """Seconds that things are kept after they were last renewed."""

    session: int = 30 * DAY
    unchanged: int = DAY  # a session that nobody ever changed

    @property
    def blob(self) -> int:
        """A blob outlives the sessions that name it. One that was only put, or asked for, has HOUR: a
        commit follows within seconds, and what is decided again after an outage is brought back."""
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


def load_command(session_ids: Sequence[str], kept: Lifetimes) -> Command:
    """Return what renews and reads sessions; the reply has an element of each, None for want of room."""
    keys = [key for session_id in session_ids for key in keys_of(session_id)]
    return LOAD.call(keys, FORMAT, kept.session, kept.unchanged, MAX_READ, LOADED_BYTES)


def commit_command(batch: Batch, kept: Lifetimes) -> Command:
    """Return what commits a batch. Raises StoreUnavailable where a key stands in it twice."""
    if len({entry.record.key for entry in batch.entries}) < len(batch.entries):
        raise StoreUnavailable("A key stands twice among commands sent at once: send the second again.")
    bounds = (log.MAX_EVENTS, log.MAX_BYTES, log.MAX_KEYS)
    head = (channel_of(batch.session_id), FORMAT, kept.session, kept.unchanged, *bounds)
    return COMMIT.call(keys_of(batch.session_id), *head, *batch_arguments(batch))


async def outcome(batch: Batch, reply: Reply) -> Outcome:
    """Return what became of a batch. Raises StoreAway for an error that is not the session's own.

    Then other batches of the same commit may have become OK: all of them are in doubt, and sent again
    they are answered with DONE, since the store remembers their keys.
    """
    session_id = batch.session_id
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
                return Refused(newer(session_id, Newer(version)))
            case [b"MOVED", bytes(epoch), bytes(revision), bytes(hash_), list(came)]:
                return Moved(head_from_reply(epoch, revision, hash_), await _news(came, batch))
            case [b"TORN", int(place), bytes(trouble)]:
                return Refused(refusal(session_id, KINDS[place - 1], trouble.decode()))
            case [b"DONE", *found]:
                texts: list[bytes] = found  # type: ignore[assignment]
                keys = (key.decode() for key in texts[::2])
                return Done(tuple(record_from_bytes(k, r) for k, r in zip(keys, texts[1::2], strict=True)))
    except ValueError:
        pass
    kind = "keys" if isinstance(reply, list) and reply[:1] == [b"DONE"] else "meta"
    return Refused(refusal(session_id, kind, UNREAD))


async def _news(came: list[Reply], batch: Batch) -> tuple[Entry, ...]:
    try:
        return await entries(map(fields_of, came), batch.after, partial(record_of, batch.session_id))
    except Damaged:
        return ()  # who reads the whole session is told which key it is


def blobs_of(meta: Reply) -> set[str]:
    """Return the blobs that a session's state names, from its meta; none where that is damaged."""
    if not isinstance(meta, list):
        return set()
    found: list[bytes] = meta  # type: ignore[assignment]
    return blobs_named(pairs(found))


def log_blobs_command(session_id: str) -> Command:
    """Return what asks which blobs a session's kept events name."""
    return NAMED.call([key_of("log", session_id)], MAX_READ)


def log_blobs_of(reply: Reply) -> set[str]:
    """Return the names in a reply to log_blobs_command; none where that is damaged."""
    if not isinstance(reply, list):
        return set()
    texts: list[bytes] = reply  # type: ignore[assignment]
    return {name for text in texts for name in text.decode(errors="replace").split()}


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
        return newer(session_id, Newer(version))
    if epoch is None:
        return None
    if not (isinstance(epoch, bytes) and isinstance(revision, bytes) and isinstance(hash_, bytes)):
        raise ValueError("no head")
    return head_from_reply(epoch, revision, hash_)
