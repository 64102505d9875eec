"""What one process leaves for another in Redis, once, for some seconds: Parcels of store/shared.py.

`map_parcel:TOKEN:due` says that somebody waits; who brings it takes that away first.
"""

from __future__ import annotations

from mapsrv.store.redis.client import Client
from mapsrv.store.shared import PARCEL_SECONDS

KEY = b"map_parcel:%s"


async def expect(client: Client, token: str) -> None:
    """Have it be due."""
    await client.call("SET", _key(token) + b":due", 1, "EX", PARCEL_SECONDS)


async def admit(client: Client, token: str) -> bool:
    """Return whether it was due, which it is no more."""
    return await client.call("GETDEL", _key(token) + b":due") is not None


async def leave(client: Client, token: str, body: bytes) -> None:
    """Put it there."""
    await client.call("SET", _key(token), body, "EX", PARCEL_SECONDS)


async def collect(client: Client, token: str) -> bytes | None:
    """Take it away."""
    body = await client.call("GETDEL", _key(token))
    return body if isinstance(body, bytes) else None


def _key(token: str) -> bytes:
    return KEY % token.encode()
