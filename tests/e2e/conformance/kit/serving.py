"""A Server behind our own transports, protocol and sockets: as mapsrv serves its own, without the map."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import trio

from mapsrv.asgi.origin_guard import OriginGuard
from mapsrv.http_server.connections import Connections
from mapsrv.http_server.sockets import open_listeners
from mapsrv.server.dispatch import Dispatch
from mapsrv.transports.endpoints import PATHS, open_mcp
from mapsrv.transports.serving import MakeServer

HOST = "127.0.0.1"


@asynccontextmanager
async def serving(make_server: MakeServer, origins: OriginGuard | None = None) -> AsyncIterator[str]:
    """Serve it on a free loopback port; yield the base URL."""
    listeners, port = await open_listeners(HOST, 0)
    async with open_mcp(make_server, origins=origins or OriginGuard(HOST)) as mcp:
        connections = Connections(Dispatch(_nothing_else, {path: mcp.asgi for path in PATHS}))
        async with trio.open_nursery() as nursery:
            await nursery.start(connections.serve, listeners, nursery)
            yield f"http://{HOST}:{port}"
            connections.close_idle()
            await mcp.drain()
            connections.shut_down()
            nursery.cancel_scope.cancel()


async def _nothing_else(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 404, "headers": [(b"content-length", b"0")]})
    await send({"type": "http.response.body", "body": b""})
