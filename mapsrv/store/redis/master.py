"""Which Redis the sentinels call the master, asked all the time.

The client asks them only for a new connection. A master that stood still while another took over
takes itself for the master for some ten seconds after it goes on, and answers on the connections
that it has: what is written there meanwhile is thrown away.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import trio
from redis import exceptions
from redis.asyncio.sentinel import SentinelConnectionPool

ASK_SECONDS = 1.0


class MasterPool(SentinelConnectionPool):
    """Connections to the master alone; `moves` counts how often another has become it."""

    moves = 0

    async def get_master_address(self) -> Any:
        """Ask the sentinels; what is idle and leads elsewhere is closed."""
        known = self.master_address
        address = await super().get_master_address()  # type: ignore[no-untyped-call]
        self.moves += known not in (None, address)
        return address

    async def release(self, connection: Any) -> None:
        """Take a connection back; the client itself would keep one that was in use meanwhile."""
        if (connection.host, connection.port) != self.master_address:
            await connection.disconnect()
        await super().release(connection)


async def watch_master(
    pool: MasterPool, island: Callable[[Coroutine[Any, Any, Any]], Awaitable[Any]]
) -> None:
    """Ask the sentinels for ever; `island` awaits what is the client's own."""
    while True:
        await trio.sleep(ASK_SECONDS)
        try:
            await island(pool.get_master_address())
        except (exceptions.RedisError, OSError):
            pass  # they are away: then nothing is known to have changed
