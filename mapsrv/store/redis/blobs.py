"""Blobs in Redis: by chunks, so that neither Redis nor our loop is long at one; seen when whole.

A blob being written stands under a key of its own, in the same slot, and is renamed at the end;
what a crash leaves of it is gone a minute later.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterable

from mapsrv.errors import StoreUnavailable
from mapsrv.store.damage import damaged, is_intact
from mapsrv.store.redis.client import Client
from mapsrv.store.redis.errors import explain
from mapsrv.store.redis.keys_and_values import Command, blob_key
from mapsrv.store.redis.scripts import PUT

CHUNK = 512 * 1024  # bytes; about a millisecond on the loop
PART_SECONDS = 60
RENEWED_AT_ONCE = 500


async def put(client: Client, name: str, body: bytes, seconds: int, named: int) -> None:
    """Write a blob, or renew the one that is there. `named`: seconds that one is kept which is named.

    Bytes whose hash is the name are the right ones: others under that name are damaged, and mended here.
    """
    key = blob_key(name)
    if await renew(client, [name], seconds):
        there = await get(client, name)
        if there == body or (there is not None and not await is_intact(name, body)):
            return
    part = b"map_part:{%s}:%s" % (key, secrets.token_hex(8).encode())
    view = memoryview(body)
    for start in range(0, max(1, len(view)), CHUNK):
        chunk = bytes(view[start : start + CHUNK])
        length, _ = await client.pipe([("APPEND", part, chunk), ("EXPIRE", part, PART_SECONDS)])
        if isinstance(length, Exception):
            raise explain(length) from length
        if length != start + len(chunk):  # it was gone in between
            raise StoreUnavailable("Writing the data took so long that it was swept away: send it again.")
    await client.call(*PUT.call([part, key], seconds, named))


def renewals(names: Iterable[str], seconds: int) -> list[Command]:
    """Return what renews blobs, never to an earlier time."""
    return [("EXPIRE", blob_key(name), seconds, "GT") for name in sorted(set(names))]


async def renew(client: Client, names: Collection[str], seconds: int) -> int:
    """Renew the time of blobs, never to an earlier one. Return how many of them are there."""
    found, ordered = 0, sorted(names)
    for start in range(0, len(ordered), RENEWED_AT_ONCE):
        some = ordered[start : start + RENEWED_AT_ONCE]
        there: Command = ("EXISTS", *(blob_key(name) for name in some))
        replies = await client.pipe([*renewals(some, seconds), there])
        if isinstance(replies[-1], Exception):
            raise explain(replies[-1]) from replies[-1]
        found += int(replies[-1])  # type: ignore[arg-type]
    return found


async def get(client: Client, name: str) -> bytes | None:
    """Return the bytes of a blob, or None."""
    key = blob_key(name)
    length, chunk = await client.pipe([("STRLEN", key), ("GETRANGE", key, 0, CHUNK - 1)])
    for reply in (length, chunk):
        if isinstance(reply, Exception):
            if "WRONGTYPE" in str(reply):
                raise damaged("map_data", f"{key.decode()} in Redis", "is of another type", "or deleted")
            raise explain(reply) from reply
    if not length:
        return b"" if await client.call("EXISTS", key) else None
    assert isinstance(length, int) and isinstance(chunk, bytes)
    chunks = [chunk]
    for start in range(CHUNK, length, CHUNK):
        piece = await client.call("GETRANGE", key, start, start + CHUNK - 1)
        assert isinstance(piece, bytes)
        chunks.append(piece)
    body = b"".join(chunks)
    return body if len(body) == length else None  # else it ran out of time meanwhile
