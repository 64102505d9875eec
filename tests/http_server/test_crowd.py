"""Thousands of connections, opened and closed: all are accepted, and nothing of them is left."""

from __future__ import annotations

import os
import socket
from typing import Any

import pytest
import trio

from mapsrv.http_server.connections import Connections
from mapsrv.http_server.sockets import open_listeners, raise_file_limit
from tests.http_server.kit.serving import GET, STREAM, part

MANY, AT_ONCE = 5000, 500
WATCHDOG = 100.0  # seconds; it takes two


async def app(scope: Any, receive: Any, send: Any) -> None:
    await send(STREAM)
    await send(part(b"ok", more=bool(scope["query_string"])))
    if scope["query_string"]:
        await receive()
        assert (await receive())["type"] == "http.disconnect"


@pytest.mark.parametrize("request_", [b"", GET[:10], GET, GET.replace(b"/ ", b"/?stream ")])
async def test_five_thousand_leave_no_descriptor_and_no_task(request_: bytes) -> None:
    raise_file_limit()
    listeners, port = await open_listeners("127.0.0.1", 0)
    connections = Connections(app, 1000.0)
    with trio.fail_after(WATCHDOG):
        async with trio.open_nursery() as nursery:
            await nursery.start(connections.serve, listeners, nursery)
            await trio.testing.wait_all_tasks_blocked()
            before = len(nursery.child_tasks), len(os.listdir("/proc/self/fd"))
            for _ in range(MANY // AT_ONCE):
                await crowd(port, request_, connections)
            await trio.testing.wait_all_tasks_blocked()
            assert (len(nursery.child_tasks), len(os.listdir("/proc/self/fd"))) == before
            nursery.cancel_scope.cancel()


async def test_where_descriptors_run_short_those_that_rest_longest_are_closed() -> None:
    listeners, port = await open_listeners("127.0.0.1", 0)
    connections = Connections(app, 1000.0, files=10)
    with trio.fail_after(WATCHDOG):
        async with trio.open_nursery() as nursery:
            await nursery.start(connections.serve, listeners, nursery)
            stream = await asked(port, GET.replace(b"/ ", b"/?stream "))
            resting = [await asked(port, GET) for _ in range(7)]
            late = [await asked(port, GET) for _ in range(2)]
            for number, one in enumerate(resting):
                if number < 2:
                    assert await one.receive_some() == b"", "it was closed"
                else:
                    await one.send_all(GET)
                    assert await one.receive_some()
            await stream.aclose()
            for one in (*resting, *late):
                await one.aclose()
            nursery.cancel_scope.cancel()


async def asked(port: int, request_: bytes) -> trio.SocketStream:
    """Return a connection that has had an answer, and rests, or reads one that goes on."""
    client = await trio.open_tcp_stream("127.0.0.1", port)
    await client.send_all(request_)
    while not (await client.receive_some()).endswith((b"ok", b"ok\r\n")):
        pass
    return client


async def crowd(port: int, request_: bytes, connections: Connections) -> None:
    """Connect so many, have each say this, and close them, half of them by a reset."""
    clients = [socket.create_connection(("127.0.0.1", port)) for _ in range(AT_ONCE)]
    while len(connections) < AT_ONCE:  # noqa: ASYNC110
        await trio.lowlevel.checkpoint()
    for number, client in enumerate(clients):
        client.sendall(request_)
        if request_.endswith(b"\r\n\r\n"):
            await trio.lowlevel.wait_readable(client)
        if number % 2:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        client.close()
    await connections.ended()
