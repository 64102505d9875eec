"""A real server on a free loopback port in the test's own nursery, and real MCP clients of it."""

from __future__ import annotations

import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest
import trio
from mcp.client import Client
from mcp.client.sse import sse_client
from mcp.client.streamable_http import streamable_http_client
from mcp_types import Implementation

from mapsrv.http_server.connections import Connections
from mapsrv.http_server.sockets import open_listeners

MODERN, LEGACY = "2026-07-28", "2025-11-25"
# Every way in: the transport, and the revision that is spoken over it.
WAYS = ("sse", "http-2025", "http-2026")
WATCHDOG_SECONDS = 30.0  # real ones; only a fault takes so long

# The SDK's clients leave httpx2's generators to the garbage collector, which Trio tells of.
CLIENT_LEAKS = pytest.mark.filterwarnings("ignore:Async generator '(httpx2|httpcore2|mcp):ResourceWarning")


@asynccontextmanager
async def serving(asgi: Any) -> AsyncIterator[str]:
    """Serve an ASGI app; yield its base URL."""
    listeners, port = await open_listeners("127.0.0.1", 0)
    connections = Connections(asgi, WATCHDOG_SECONDS)
    with trio.fail_after(WATCHDOG_SECONDS):
        async with trio.open_nursery() as nursery:
            await nursery.start(connections.serve, listeners, nursery)
            yield f"http://127.0.0.1:{port}"
            await connections.close()
            nursery.cancel_scope.cancel()


@asynccontextmanager
async def connected(
    base: str,
    way: str,
    query: str = "",
    name: str = "tester",
    headers: dict[str, str] | None = None,
    hooks: Any = None,
) -> AsyncIterator[Client]:
    """Connect a client the way that is asked for."""
    info = Implementation(name=name, version="1")
    async with httpx2.AsyncClient(headers=headers, timeout=10, event_hooks=hooks) as http:
        if way == "sse":
            url = f"{base}/sse{query}"
            streams: Any = sse_client(url, headers, httpx_client_factory=partial(_factory, hooks))
        else:
            streams = streamable_http_client(f"{base}/mcp{query}", http_client=http)
        mode: Any = MODERN if way == "http-2026" else "legacy"
        async with Client(streams, mode=mode, client_info=info, cache=None) as client:
            yield client


def _factory(hooks: Any, headers: Any = None, timeout: Any = None, auth: Any = None) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(headers=headers, timeout=timeout, auth=auth, event_hooks=hooks)


async def dial(base: str) -> trio.SocketStream:
    """Connect a bare socket."""
    parts = urlsplit(base)
    assert parts.hostname is not None and parts.port is not None
    return await trio.open_tcp_stream(parts.hostname, parts.port)


def hang_up(stream: trio.SocketStream) -> None:
    """Close the socket with a reset, as a crashed client's machine does."""
    stream.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    stream.socket.close()


async def eventually(true: Any) -> None:
    """Wait until it is true; real sockets give no other sign."""
    with trio.fail_after(WATCHDOG_SECONDS):
        while not true():  # noqa: ASYNC110
            await trio.sleep(0.01)
