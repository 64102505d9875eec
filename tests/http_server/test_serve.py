"""Both programs' serving: it ends in order, and signals stop it, then end it."""

from __future__ import annotations

import signal
from collections.abc import AsyncIterator
from typing import Any

import pytest
import trio

from mapsrv.http_server import serve
from mapsrv.http_server.connections import Connections
from mapsrv.http_server.serve import obey, open_serving
from mapsrv.http_server.sockets import open_listeners
from tests.http_server.kit.serving import GET, SECONDS, says_ok, some, until

HUP, INT, TERM = signal.SIGHUP, signal.SIGINT, signal.SIGTERM


async def test_at_its_end_what_rests_is_closed_and_nobody_else_gets_in() -> None:
    listeners, port = await open_listeners("127.0.0.1", 0)
    with trio.fail_after(SECONDS):
        async with open_serving(Connections(says_ok), listeners):
            stream = await trio.open_tcp_stream("127.0.0.1", port)
            await stream.send_all(GET)
            await until(stream, b"ok")
        assert await some(stream) == b""
        await stream.aclose()
        with pytest.raises(OSError):
            await trio.open_tcp_stream("127.0.0.1", port)


async def test_until_its_end_requests_are_answered_and_then_those_that_do_not_end_are_cut() -> None:
    async def never(scope: Any, receive: Any, send: Any) -> None:
        await trio.sleep_forever()

    listeners, port = await open_listeners("127.0.0.1", 0)
    with trio.fail_after(SECONDS):
        async with open_serving(connections := Connections(never), listeners):
            stream = await trio.open_tcp_stream("127.0.0.1", port)
            await stream.send_all(GET)
            while not len(connections):  # noqa: ASYNC110
                await trio.sleep(0.01)
        assert await some(stream) == b"" and not len(connections)
        await stream.aclose()


def told(*numbers: int) -> AsyncIterator[int]:
    """Return these signals, and then no more."""
    send, receive = trio.open_memory_channel[int](len(numbers))
    for number in numbers:
        send.send_nowait(number)
    send.close()
    return receive


@pytest.mark.parametrize("first", [INT, TERM, HUP])
async def test_the_first_signal_stops_and_the_second_ends_at_once(
    first: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended: list[int] = []
    monkeypatch.setattr(serve.os, "_exit", ended.append)
    stop = trio.Event()
    await obey(told(first), stop)
    assert stop.is_set() and ended == []
    await obey(told(TERM), stop)
    assert ended == [128 + TERM]


async def test_a_hangup_has_things_done_again_until_it_stops() -> None:
    stop, done = trio.Event(), []

    async def again() -> None:
        await trio.lowlevel.checkpoint()
        done.append(stop.is_set())

    await obey(told(HUP, HUP), stop, again)
    assert done == [False, False] and not stop.is_set()
    await obey(told(INT, HUP), stop, again)
    assert len(done) == 2 and stop.is_set()
