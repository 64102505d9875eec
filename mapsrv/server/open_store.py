"""Which store a server keeps its maps in, by its address."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from mapsrv.config import Config, shared
from mapsrv.store import Store
from mapsrv.store.memory import open_memory
from mapsrv.store.sqlite import open_sqlite


@asynccontextmanager
async def open_store(config: Config, url: str) -> AsyncIterator[Store]:
    """Open it for the server at `url`. Raises StartupError."""
    kind, _, path = config.store.partition(":")
    if kind == "memory":
        async with open_memory() as memory:
            yield memory
    elif shared(config.store):
        from mapsrv.store.redis import open_redis  # a fifth of a second that a laptop need not spend

        replicated = config.durability == "replicated"
        async with open_redis(config.store, session_ttl=config.session_ttl, replicated=replicated) as redis:
            yield redis
    else:
        async with open_sqlite(os.path.expanduser(path)) as sqlite:
            await sqlite.announce(url)  # a second server's refusal names it
            yield sqlite
