"""Who is cut: a reader that takes nothing for a minute, and a slow one only while room is short."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st
from trio.testing import MockClock

from mapsrv.http_server.connections import Connections
from mapsrv.http_server.pace import LOOK_SECONDS, SLOWEST, STALLED_SECONDS, Pace
from mapsrv.http_server.sockets import open_listeners
from tests.http_server.kit.serving import GET, START, STREAM, part

WHOLE = 8 * 1024 * 1024  # bytes: more than any socket's buffers
SLICE = 64 * 1024
LATE = 40  # seconds more, as the kernel still takes some bytes after the first ones waited
JUMP = 0.02  # seconds that nothing moves on real sockets before virtual time does


@pytest.fixture
def mock_clock() -> MockClock:
    return MockClock(autojump_threshold=JUMP)


async def document(scope: Any, receive: Any, send: Any) -> None:
    await send({**START, "headers": [(b"content-length", b"%d" % WHOLE)]})
    for _ in range(WHOLE // SLICE):
        await send(part(b"x" * SLICE, more=True))


async def stream(scope: Any, receive: Any, send: Any) -> None:
    await send(STREAM)
    while (await trio.lowlevel.checkpoint()) is None:
        await send(part(b"data: x\n\n" * 500, more=True))


def until_left(app: Any) -> Any:
    """Serve it until the client has left, as the site does."""

    async def serve(scope: Any, receive: Any, send: Any) -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(app, scope, receive, send)
            while (await receive())["type"] != "http.disconnect":
                pass
            nursery.cancel_scope.cancel()

    return serve


@asynccontextmanager
async def reader(app: Any, *, pressed: bool) -> AsyncIterator[tuple[trio.SocketStream, Connections]]:
    listeners, port = await open_listeners("127.0.0.1", 0)
    connections = Connections(until_left(app), pressed=lambda: pressed)
    async with trio.open_nursery() as nursery:
        await nursery.start(connections.serve, listeners, nursery)
        plain = trio.socket.socket()
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SLICE)
        await plain.connect(("127.0.0.1", port))
        async with trio.SocketStream(plain) as client:
            await client.send_all(GET)
            yield client, connections
        nursery.cancel_scope.cancel()


async def lives(client: trio.SocketStream, connections: Connections, rate: int, seconds: int) -> bool:
    """Read so many bytes a second; return whether the connection is open after so many seconds."""
    while not len(connections):  # noqa: ASYNC110
        await trio.lowlevel.checkpoint()
    for _ in range(seconds):
        await trio.sleep(1)
        if not len(connections):
            return False
        left = rate
        while left and (got := await client.receive_some(left)):
            left -= len(got)
    return True


@pytest.mark.parametrize("app", [document, stream])
async def test_one_that_takes_nothing_is_cut_after_a_minute(mock_clock: MockClock, app: Any) -> None:
    async with reader(app, pressed=False) as (client, connections):
        assert await lives(client, connections, 0, round(STALLED_SECONDS) - 1)
        assert not await lives(client, connections, 0, LATE)


@pytest.mark.parametrize("app", [document, stream])
async def test_a_phone_on_a_bad_line_gets_its_map(mock_clock: MockClock, app: Any) -> None:
    async with reader(app, pressed=False) as (client, connections):
        assert await lives(client, connections, SLOWEST // 4, 150)


@pytest.mark.parametrize("app", [document, stream])
async def test_a_slow_one_is_cut_while_over_half_of_the_budget_is_out(
    mock_clock: MockClock, app: Any
) -> None:
    async with reader(app, pressed=True) as (client, connections):
        assert not await lives(client, connections, SLOWEST // 16, round(STALLED_SECONDS) - 1)


looks = st.lists(st.integers(0, 200_000), min_size=1, max_size=40)


@given(looks)
def test_without_pressure_only_a_whole_minute_without_a_byte_is_too_long(taken: list[int]) -> None:
    pace, now, total, still = Pace(0.0, 0), 0.0, 0, 0.0
    for more in taken:
        now, total = pace.look_at, total + more
        still = 0.0 if more else still + LOOK_SECONDS
        why = pace.look(now, total, pressed=False)
        assert why == ("stalled" if still >= STALLED_SECONDS else None)


@given(looks)
def test_under_pressure_each_look_wants_the_slowest_rate(taken: list[int]) -> None:
    pace, total, still = Pace(0.0, 0), 0, 0.0
    for more in taken:
        total += more
        still = 0.0 if more else still + LOOK_SECONDS
        why = pace.look(pace.look_at, total, pressed=True)
        if still < STALLED_SECONDS:
            assert why == (None if more >= SLOWEST * LOOK_SECONDS else "slow")
