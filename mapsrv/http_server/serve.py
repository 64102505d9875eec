"""What both programs do alike, maps and bridge: accept connections until the end, and obey signals.

It stands here and not in asgi/, which is beneath: what accepts and what closes are http_server's own.
"""

from __future__ import annotations

import logging
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import trio

from mapsrv.http_server.connections import Connections
from mapsrv.http_server.sockets import Listeners
from mapsrv.logs import tell_left_out
from mapsrv.logs.flood import SECONDS

log = logging.getLogger("mapsrv.http")


@asynccontextmanager
async def open_serving(connections: Connections, listeners: Listeners) -> AsyncIterator[None]:
    """Accept connections and serve them while this is open; then accept none, close them, and cut the rest.

    What a program has to end before its connections, its streams above all, it ends at the end of the block:
    until then requests are answered.
    """
    async with trio.open_nursery() as nursery:
        listening = trio.CancelScope()
        nursery.start_soon(_listen, listening, connections, listeners, nursery)
        nursery.start_soon(_tell_of_floods)
        yield
        listening.cancel()
        await connections.close()
        nursery.cancel_scope.cancel()


async def _listen(
    scope: trio.CancelScope, connections: Connections, listeners: Listeners, handlers: trio.Nursery
) -> None:
    with scope:
        await connections.serve(listeners, handlers)


async def _tell_of_floods() -> None:
    """Have the log say soon, for ever, what it has left out."""
    while True:
        await trio.sleep(SECONDS)
        tell_left_out()


async def obey(
    signals: AsyncIterator[int], stop: trio.Event, again: Callable[[], Awaitable[None]] | None = None
) -> None:
    """Set `stop` at the first signal, and end at once at a second: nothing may be left that needs an end.

    `again` is done at a SIGHUP, unless it stops already. Without it SIGHUP is a signal like the others, as
    it is when the terminal closes.
    """
    async for number in signals:
        if again is not None and number == signal.SIGHUP:
            if not stop.is_set():
                await again()
        elif stop.is_set():
            os._exit(128 + number)
        else:
            log.info("Stopping")
            stop.set()
