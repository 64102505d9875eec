"""Where sessions are in Redis, of many in one round trip."""

from __future__ import annotations

from mapsrv.core.log import Head
from mapsrv.errors import NewerFormat
from mapsrv.store.redis import sessions
from mapsrv.store.redis.client import Client
from mapsrv.store.redis.errors import raise_if_away


async def of(client: Client, ids: list[str]) -> dict[str, Head | NewerFormat | None]:
    """Return the heads by session, None for those that are not there; a damaged one is left out."""
    metas = await client.pipe([sessions.head_command(one) for one in ids])
    found: dict[str, Head | NewerFormat | None] = {}
    for session_id, meta in zip(ids, metas, strict=True):
        raise_if_away(meta)
        try:
            found[session_id] = sessions.head_of(session_id, meta)
        except ValueError:
            continue  # it is refused where it is used
    gone = [name for name, head in found.items() if head is None]
    rests = await client.pipe([sessions.rest_command(name) for name in gone]) if gone else []
    for name, rest in zip(gone, rests, strict=True):
        raise_if_away(rest)
        if rest != 0:  # not gone, but damaged: what is left must not be written over
            del found[name]
    return found
