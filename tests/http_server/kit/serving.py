"""An application served on a free port, and a plain connection to it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import trio

from mapsrv.http_server.connections import Connections
from mapsrv.http_server.sockets import open_listeners

GET = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
START = {"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]}
STREAM = {"type": "http.response.start", "status": 200, "headers": []}
SECONDS = 5.0  # of real time, for what takes none

App = Callable[..., Awaitable[None]]


def part(body: bytes, more: bool = False) -> dict[str, Any]:
    return {"type": "http.response.body", "body": body, "more_body": more}


async def says_ok(scope: Any, receive: Any, send: Any) -> None:
    while (await receive()).get("more_body"):
        pass
    await send(START)
    await send(part(b"ok"))


@asynccontextmanager
async def connected(
    app: App, keep_alive: float = 5.0
) -> AsyncIterator[tuple[trio.SocketStream, Connections]]:
    """Connect to a server of this application."""
    listeners, port = await open_listeners("127.0.0.1", 0)
    connections = Connections(app, keep_alive)
    with trio.fail_after(SECONDS):
        async with trio.open_nursery() as nursery:
            await nursery.start(connections.serve, listeners, nursery)
            async with await trio.open_tcp_stream("127.0.0.1", port) as stream:
                yield stream, connections
            nursery.cancel_scope.cancel()


async def some(stream: trio.SocketStream) -> bytes:
    return bytes(await stream.receive_some(2**20))


async def until(stream: trio.SocketStream, end: bytes) -> bytes:
    data = b""
    while not data.endswith(end):
        assert (more := await some(stream)), data
        data += more
    return data
