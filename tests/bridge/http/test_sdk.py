"""The clients of the SDK over both transports of a bridge that is a process; primed streams too."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from functools import partial

import pytest
import trio
from mcp import ClientSession
from mcp.client.sse import sse_client
from mcp.client.streamable_http import streamable_http_client

from tests.bridge.kit.faults import BOTH
from tests.bridge.kit.running import Running, running
from tests.bridge.kit.wrappers import Mapsrv

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")

SECONDS = 30.0


@pytest.fixture(scope="module", params=BOTH)
def run(request: pytest.FixtureRequest) -> Iterator[Running]:
    with running(Mapsrv(), request.param) as found:
        yield found


def client(run: Running):
    url = f"http://127.0.0.1:{run.port}{run.path}"
    return sse_client(url) if run.transport == "sse" else streamable_http_client(url)


def test_it_lists_tools_and_calls_one(run: Running) -> None:
    async def main() -> None:
        with trio.fail_after(SECONDS):
            async with client(run) as streams, ClientSession(streams[0], streams[1]) as session:
                await session.initialize()
                assert "echo" in {tool.name for tool in (await session.list_tools()).tools}
                answer = await session.call_tool("echo", {"value": "hello"})
                assert "hello" in answer.content[0].text

    trio.run(main)


def test_a_call_that_takes_so_long_that_it_is_a_stream_is_answered(run: Running) -> None:
    async def main() -> None:
        with trio.fail_after(SECONDS):
            async with client(run) as streams, ClientSession(streams[0], streams[1]) as session:
                await session.initialize()
                answer = await session.call_tool("sleep", {"seconds": 1.6, "value": "late"})
                assert "late" in answer.content[0].text

    trio.run(main)


# Over HTTP+SSE the SDK's client does not come back; test_sse.py does.
@pytest.mark.parametrize("run", ["http"], indirect=True)
def test_a_call_whose_stream_breaks_is_answered_all_the_same(run: Running) -> None:
    async def main() -> None:
        with trio.fail_after(SECONDS):
            async with open_relay(run.port) as relay:
                url = f"http://127.0.0.1:{relay.port}{run.path}"
                async with (
                    streamable_http_client(url) as streams,
                    ClientSession(streams[0], streams[1]) as session,
                    trio.open_nursery() as nursery,
                ):
                    await session.initialize()
                    nursery.start_soon(cut_later, relay)
                    answer = await session.call_tool("sleep", {"seconds": 2.5, "value": "late"})
                    assert "late" in answer.content[0].text and relay.cuts

    trio.run(main)


async def cut_later(relay: Relay) -> None:
    await trio.sleep(1.5)
    relay.cut()


class Relay:
    """What stands between a client and a server, and can break all connections."""

    def __init__(self, to: int) -> None:
        self.port, self.cuts = 0, 0
        self._to = to
        self._scopes: set[trio.CancelScope] = set()

    def cut(self) -> None:
        for scope in self._scopes:
            self.cuts += 1
            scope.cancel()

    async def pass_on(self, stream: trio.SocketStream) -> None:
        with trio.CancelScope() as scope:
            self._scopes.add(scope)
            async with await trio.open_tcp_stream("127.0.0.1", self._to) as other:
                async with trio.open_nursery() as nursery:
                    nursery.start_soon(copy, stream, other)
                    nursery.start_soon(copy, other, stream)
        self._scopes.discard(scope)


async def copy(one: trio.SocketStream, other: trio.SocketStream) -> None:
    try:
        async for data in one:
            await other.send_all(data)
        await other.send_eof()
    except (trio.BrokenResourceError, trio.ClosedResourceError):
        pass


@asynccontextmanager
async def open_relay(to: int) -> AsyncIterator[Relay]:
    relay = Relay(to)
    async with trio.open_nursery() as nursery:
        [listener] = await nursery.start(partial(trio.serve_tcp, relay.pass_on, 0, host="127.0.0.1"))
        relay.port = listener.socket.getsockname()[1]
        yield relay
        nursery.cancel_scope.cancel()
