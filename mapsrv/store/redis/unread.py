"""Records of keys as they stand in Redis, read when somebody asks: most are never asked for again.

A record begins by its head, so that where the head is known, the first bytes tell whether it is the right
one. What does not begin as this release writes it is read at once: another release may write it otherwise.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TypeAlias

from mapsrv.core.log import Head
from mapsrv.store.protocol import KeyRecord
from mapsrv.store.redis.keys_and_values import record_from_bytes

Read: TypeAlias = Callable[[str, bytes], KeyRecord]  # raises what is told of one that does not parse

_BEGIN, _END = b'{"epoch":"', b'"}'


class UnreadRecord(KeyRecord):
    """A KeyRecord that is read each time that more than its key is asked for."""

    __slots__ = ("_body", "_read")
    _body: bytes
    _read: Read

    def __init__(self, key: str, body: bytes, read: Read) -> None:
        object.__setattr__(self, "key", key)
        object.__setattr__(self, "_body", body)
        object.__setattr__(self, "_read", read)

    @property
    def fingerprint(self) -> str:
        return self.whole.fingerprint

    @property
    def answer(self) -> bytes:
        return self.whole.answer

    @property
    def head(self) -> Head:
        return self.whole.head

    @property
    def whole(self) -> KeyRecord:
        """The record, read."""
        return self._read(self.key, self._body)

    def __eq__(self, other: object) -> bool:
        return self.whole == (other.whole if isinstance(other, UnreadRecord) else other)

    __hash__ = KeyRecord.__hash__


def unread(key: str, body: bytes, read: Read) -> KeyRecord:
    """Return the record of a key. Raises ValueError where it can be seen that it is none."""
    if body.startswith(_BEGIN) and body.endswith(_END):
        return UnreadRecord(key, body, read)
    return record_from_bytes(key, body)


def unread_at(head: Head, key: str, body: bytes, read: Read) -> KeyRecord:
    """Return the record of the key whose event leads to `head`. Raises ValueError for another's."""
    place = (json.dumps(head.epoch).encode(), head.revision, head.hash.hex().encode())
    if body.startswith(b'{"epoch":%b,"revision":%d,"hash":"%b","' % place) and body.endswith(_END):
        return UnreadRecord(key, body, read)
    record = record_from_bytes(key, body)
    if record.head != head:
        raise ValueError("another's record")
    return record
