"""How connections end: by rest, by their peers, by the server, or by a failing application."""

from __future__ import annotations

import math
import socket
from typing import Any

import pytest
import trio

from tests.http_server.kit.serving import GET, START, STREAM, connected, part, says_ok, some, until


async def test_a_peer_that_rests_too_long_is_closed_and_one_that_leaves_is_forgotten_at_once() -> None:
    for keep_alive, leaves in ((0.2, False), (1000.0, True)):
        async with connected(says_ok, keep_alive) as (stream, connections):
            await stream.send_all(GET)
            await until(stream, b"ok")
            if leaves:
                await stream.aclose()
            else:
                assert await some(stream) == b""
            await connections.ended()


async def test_a_request_that_takes_longer_than_a_rest_is_served() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await trio.sleep(0.4)
        await says_ok(scope, receive, send)

    async with connected(app, 0.1) as (stream, _):
        await stream.send_all(GET)
        await until(stream, b"ok")


async def test_told_to_close_it_ends_resting_connections_now_and_others_after_their_answer() -> None:
    go_on = trio.Event()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["query_string"]:
            await go_on.wait()
        await says_ok(scope, receive, send)

    async with connected(app, math.inf) as (stream, connections):
        await stream.send_all(GET)
        await until(stream, b"ok")
        await stream.send_all(GET.replace(b"/ ", b"/?wait "))
        await trio.sleep(0.1)
        connections.close_idle()
        await trio.sleep(0.1)
        assert len(connections) == 1
        go_on.set()
        await until(stream, b"ok")
        await connections.ended()
    async with connected(app, math.inf) as (stream, connections):
        await stream.send_all(GET)
        await until(stream, b"ok")
        connections.close_idle()
        assert await some(stream) == b""


async def test_a_client_that_leaves_is_told_of_to_the_application() -> None:
    left = trio.Event()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        left.set()

    async with connected(app) as (stream, _):
        await stream.send_all(GET)
        await trio.sleep(0.05)
        stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        await stream.aclose()
        await left.wait()


@pytest.mark.parametrize("after", [[], [START], [STREAM, part(b"x", more=True)]])
async def test_an_application_that_fails_ends_its_answer_and_no_other(after: list[Any], caplog: Any) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        for message in after:
            await send(message)
        raise RuntimeError("a bug")

    async with connected(app) as (stream, connections):
        await stream.send_all(GET)
        data = b""
        while more := await some(stream):
            data += more
        assert data.startswith(b"HTTP/1.1 200" if len(after) == 2 else b"HTTP/1.1 500")
        await connections.ended()
    assert "a bug" in caplog.text
