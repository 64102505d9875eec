"""What is told of things in a store that are not what mapsrv wrote there.

The one who asked is told which it is. The log is told only of what kind it is, since ids open maps,
and no more than once a minute: whoever has a damaged map open asks again and again.
"""

from __future__ import annotations

import logging
import time
from hashlib import sha256

import trio

from mapsrv.errors import StoreDamaged

TELL_SECONDS = 60.0
INLINE = 32 * 1024  # bytes hashed on the loop; more are in a thread

log = logging.getLogger("mapsrv.store")

_told: dict[str, float] = {}  # when the log was last told of a kind


def damaged(kind: str, name: str, trouble: str, remedy: str = "or open a new map") -> StoreDamaged:
    """Return the refusal for something damaged: its kind for the log, its whole name for the caller."""
    now = time.monotonic()
    if now >= _told.get(kind, now):
        _told[kind] = now + TELL_SECONDS
        log.warning("store=damaged", extra={"key": kind, "reason": trouble})
    return StoreDamaged(f"{name} {trouble}: have it put back, {remedy}. Nothing was changed.")


async def is_intact(name: str, body: bytes) -> bool:
    """Return whether these are the bytes of a document: its name is their SHA-256."""
    digest = sha256(body) if len(body) <= INLINE else await trio.to_thread.run_sync(sha256, body)
    return digest.hexdigest() == name
