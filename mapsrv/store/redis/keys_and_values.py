"""What stands in Redis, and how: the names of keys, and values to bytes and back. No I/O.

The braces are literal: a hash tag, which keeps what belongs to a session in one slot. Everything
is text that a person can read with redis-cli. docs/pods.md has the table.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from mapsrv.core.log import Head
from mapsrv.store.protocol import FORMAT, Batch, Component, Entry, KeyRecord
from mapsrv.store.shared import Seed

Reply: TypeAlias = "bytes | int | None | Exception | list[Reply]"  # of a command, as RESP2 has it
Command: TypeAlias = "tuple[bytes | str | int, ...]"

STORE = b"map_store"  # a random id of this store: missing or another means that the store was lost
SECRET = b"map_secret"  # the key that pods sign by, as text
LOST = b"map_lost"  # there for a while after some process found that sessions were lost


def identity_commands(new_id: str) -> list[Command]:
    """Return what gives the store an id, if it has none, and asks for the one that it has."""
    return [("SET", STORE, new_id, "NX"), ("GET", STORE)]


def secret_commands(mine: bytes) -> list[Command]:
    """Return what puts a key there, if there is none, and asks for the one that is there."""
    return [("SET", SECRET, mine, "NX"), ("GET", SECRET)]


class Damaged(ValueError):
    """What stands in Redis is not what mapsrv writes; says of which kind of key."""

    def __init__(self, kind: str, trouble: str) -> None:
        super().__init__(trouble)
        self.kind, self.trouble = kind, trouble


class Newer(Damaged):
    """It bears a format that this release does not know."""

    def __init__(self, format_: bytes | int) -> None:
        super().__init__("meta", f"format {int(format_)}, this one reads {FORMAT}")


def key_of(kind: str, session_id: str) -> bytes:
    """Return the key of one kind (meta, state, log, keys) of a session."""
    return f"map_{kind}:{{{session_id}}}".encode()


def keys_of(session_id: str) -> tuple[bytes, ...]:
    """Return the four keys of a session, in the order that the scripts take them."""
    return tuple(key_of(kind, session_id) for kind in KINDS)


KINDS = ("meta", "state", "log", "keys")


def channel_of(session_id: str) -> bytes:
    """Return the channel that a session's events are published on."""
    return f"map:{{{session_id}}}".encode()


def live_channel_of(session_id: str) -> bytes:
    """Return the channel of a session's presence."""
    return f"map_live:{{{session_id}}}".encode()


def letterbox_of(pod: str) -> bytes:
    """Return the channel on which one process hears what is for it alone."""
    return f"map_pod:{{{pod}}}".encode()


def session_of(channel: bytes) -> tuple[str, str] | None:
    """Return the kind (events or live) and the session of a channel, or None for another's."""
    for kind, start in (("events", b"map:{"), ("live", b"map_live:{")):
        if channel.startswith(start) and channel.endswith(b"}"):
            return kind, channel[len(start) : -1].decode(errors="replace")
    return None


def blob_key(name: str) -> bytes:
    """Return the key of a blob."""
    return f"map_data:{name}".encode()


# --- values to bytes -------------------------------------------------------------


def record_to_bytes(record: KeyRecord) -> bytes:
    """Return one line of JSON; the key itself stands beside it. Takes any bytes for an answer."""
    head = record.head
    value = {
        "epoch": head.epoch,
        "revision": head.revision,
        "hash": head.hash.hex(),
        "fingerprint": record.fingerprint,
        "answer": record.answer.decode("utf-8", "surrogateescape"),
    }
    return json.dumps(value, separators=(",", ":")).encode()


def record_from_bytes(key: str, body: bytes) -> KeyRecord:
    """Read what record_to_bytes wrote; raises ValueError for anything else."""
    try:
        value = json.loads(body)
        head = Head(str(value["epoch"]), int(value["revision"]), _hash(value["hash"]))
        answer = value["answer"].encode("utf-8", "surrogateescape")
        return KeyRecord(key, str(value["fingerprint"]), answer, head)
    except (KeyError, TypeError, AttributeError, RecursionError, OverflowError) as error:
        raise ValueError("not a record") from error


def head_from_reply(epoch: bytes, revision: bytes, hash_: bytes) -> Head:
    """Return a head; raises ValueError."""
    return Head(epoch.decode(), int(revision), _hash(hash_.decode()))


def batch_arguments(batch: Batch) -> list[bytes]:
    """Return a batch as commit.lua takes it, from the head that it follows on."""
    values = [*_place(batch.after), b"%d" % len(batch.entries)]
    for entry in batch.entries:
        record = entry.record
        values += [record.key.encode(), record.head.hash.hex().encode(), record_to_bytes(record)]
        values += [_names(entry.blobs), entry.body]
    for name, part in batch.components.items():
        values += [name.encode(), *_part(part)]
    return values


def seed_arguments(seed: Seed, format_: int, seconds: int) -> list[bytes]:
    """Return a seed as seed.lua takes it."""
    values = _place(seed.expect) if seed.expect else [b"", b"", b""]
    came_from = " ".join(map(str, seed.came_from)).encode()
    values += [*_place(seed.head), b"%d" % format_, came_from, b"%d" % seconds, b"%d" % len(seed.keys)]
    for record in seed.keys:
        values += [record.key.encode(), record_to_bytes(record)]
    for name, part in seed.components.items():
        values += [name.encode(), _names(part.blobs), part.value or b""]
    return values


def _place(head: Head) -> list[bytes]:
    return [head.epoch.encode(), b"%d" % head.revision, head.hash.hex().encode()]


def publication_to_entry(payload: bytes) -> Entry:
    """Return the event that was published; raises ValueError, for a higher format too.

    A publication is format, key, record, blobs and body, with NUL between; only the body may hold
    a NUL itself.
    """
    format_, key, record, blobs, body = payload.split(b"\0", 4)
    if int(format_) > FORMAT:
        raise Newer(format_)
    return Entry(body, record_from_bytes(key.decode(), record), names(blobs))


def names(text: bytes) -> tuple[str, ...]:
    """Return the names of blobs that stand in a field."""
    return tuple(text.decode().split())


def pairs(reply: Sequence[bytes]) -> Mapping[bytes, bytes]:
    """Return a flat reply of fields and values as a mapping."""
    return dict(zip(reply[::2], reply[1::2], strict=True))


def _part(part: Component) -> tuple[bytes, bytes, bytes]:
    return (b"drop", b"", b"") if part.value is None else (b"put", _names(part.blobs), part.value)


def _names(blobs: Sequence[str]) -> bytes:
    return " ".join(blobs).encode()


def _hash(text: str) -> bytes:
    value = bytes.fromhex(text)
    if len(value) != 32:
        raise ValueError("not a hash")
    return value
