"""Tool calls a second, by a real client of the MCP SDK, over each transport."""

from __future__ import annotations

import sys
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from itertools import count
from typing import Any

import trio
from mcp import ClientSession, StdioServerParameters, stdio_client
from mcp.client.sse import sse_client
from mcp.client.streamable_http import streamable_http_client

from tests.bench.options import Options
from tests.bench.report import Table, percentile, times
from tests.bench.talk import post, rate
from tests.bench.targets import mapsrv, rival, view
from tests.e2e.kit.server import Server, client

AT_ONCE = 8
WARM_UP = 10  # calls before the clock starts
CONNECT_SECONDS = 30.0

COLUMNS = ("over", "one by one/s", "p50 ms", "8 at once/s", "one by one: by bare SDK", "8 at once")
NOTE = (
    "set_map_view by the SDK's own client, which shares the machine; a call is answered when the store"
    " (SQLite) has it. The last two are mapsrv's number by that of the SDK's own MCPServer with a tool that"
    " does nothing, on uvicorn for sse and http. /commands is the same change without MCP."
)


@asynccontextmanager
async def bare_client(transport: str, port: int) -> AsyncIterator[ClientSession]:
    """Connect to the SDK's own server; over stdio it is started."""
    async with AsyncExitStack() as stack:
        if transport == "stdio":
            command = ["-m", "tests.bench.rivals", "stdio", "0"]
            parameters = StdioServerParameters(command=sys.executable, args=command)
            streams: Any = await stack.enter_async_context(stdio_client(parameters))
        elif transport == "sse":
            streams = await stack.enter_async_context(sse_client(f"http://127.0.0.1:{port}/sse"))
        else:
            streams = await stack.enter_async_context(streamable_http_client(f"http://127.0.0.1:{port}/mcp"))
        session = await stack.enter_async_context(ClientSession(streams[0], streams[1]))
        await session.initialize()
        yield session


async def calls(
    session: ClientSession, at_once: int, seconds: float, fixed: dict[str, Any]
) -> tuple[float, float]:
    """Return calls a second, and the median wait in ms. Without `fixed` arguments it is the bare server."""
    waits: list[float] = []
    numbers = count()

    async def call() -> None:
        number = next(numbers)
        arguments = {**view(number), **fixed} if fixed else {"zoom": number % 20}
        result = await session.call_tool("set_map_view", arguments)
        if result.is_error:
            raise RuntimeError(str(result.content))

    async def repeat(until: float) -> None:
        while (begun := time.perf_counter()) < until:
            await call()
            waits.append(time.perf_counter() - begun)

    for _ in range(WARM_UP):
        await call()
    begun = time.perf_counter()
    async with trio.open_nursery() as nursery:
        for _ in range(at_once):
            nursery.start_soon(repeat, begun + seconds)
    return len(waits) / (time.perf_counter() - begun), percentile(waits, 0.5) * 1000


async def ours(server: Server, session_id: str, transport: str, seconds: float) -> tuple[float, float, float]:
    """Return calls a second one by one, the median wait, and calls a second of many at once."""
    with trio.fail_after(CONNECT_SECONDS + 4 * seconds):
        async with client(server, transport) as session:
            fixed = {"session_id": session_id}
            single, wait = await calls(session, 1, seconds, fixed)
            return single, wait, (await calls(session, AT_ONCE, seconds, fixed))[0]


async def bare(transport: str, port: int, seconds: float) -> tuple[float, float]:
    """Return the bare server's calls a second, one by one and many at once."""
    with trio.fail_after(CONNECT_SECONDS + 4 * seconds):
        async with bare_client(transport, port) as session:
            single, _wait = await calls(session, 1, seconds, {})
            return single, (await calls(session, AT_ONCE, seconds, {}))[0]


def _bare(transport: str, seconds: float) -> tuple[float, float]:
    if transport == "stdio":
        return trio.run(bare, transport, 0, seconds)
    with rival(transport) as (port, _pid):
        return trio.run(bare, transport, port, seconds)


async def plain(port: int, session_id: str, seconds: float) -> tuple[float, float, float]:
    """Return what ours() does, of POST /commands."""

    def request(number: int, person: int) -> bytes:
        body = {"command": "set_map_view", "arguments": view(number)}
        return post(port, f"/commands?session={session_id}", body, person=person)

    single = await rate(port, request, 1, seconds)
    return single.a_second, single.p50, (await rate(port, request, AT_ONCE, seconds)).a_second


def measure(options: Options) -> Table:
    """Return the part's table."""
    table = Table("Tool calls", COLUMNS, NOTE)
    for transport in options.transports:
        with mapsrv() as server:
            single, wait, many = trio.run(ours, server, server.new_map(), transport, options.seconds)
        theirs = _bare(transport, options.seconds) if options.rivals else (None, None)
        table.add(transport, single, wait, many, times(single, theirs[0]), times(many, theirs[1]))
    with mapsrv() as server:
        table.add("/commands", *trio.run(plain, server.port, server.new_map(), options.seconds), None, None)
    return table
