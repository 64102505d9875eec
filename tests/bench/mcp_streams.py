"""MCP over /sse: what a message costs that lands on another pod, and a session that is held."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import httpx2
import trio

from tests.bench.machine import memory
from tests.bench.options import Options
from tests.bench.pods import mapsrv_pod, open_redis
from tests.bench.report import Table, percentile, times
from tests.bench.talk import open_talker, post
from tests.bench.targets import mapsrv, process_id, rival, view

HELD = 1_000  # sessions, each with its stream, initialised
WARM_UP = 20
SETTLE_SECONDS = 2.0
SECONDS = 60.0  # for anything; more means that it is stuck

COLUMNS = ("what", "p50 ms", "p99 ms", "by direct", "KiB a session", "by the SDK's")
NOTE = (
    "A call of set_map_view over /sse, from its POST to its answer on the stream, one by one; relayed is a"
    " POST to the pod that has not the stream, through their Redis. Held are sessions that were initialised"
    " and do nothing: what the process grew by, of each, beside the SDK's own SseServerTransport on uvicorn."
)

INITIALIZE = {
    "jsonrpc": "2.0",
    "id": 0,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-11-25",
        "capabilities": {},
        "clientInfo": {"name": "bench", "version": "1"},
    },
}
INITIALIZED = {"jsonrpc": "2.0", "method": "notifications/initialized"}


class Stream:
    """One GET /sse that is read to the next message."""

    def __init__(self, lines: AsyncIterator[str]) -> None:
        self._lines = lines

    async def data(self) -> str:
        """Return what the next event says."""
        async for line in self._lines:
            if line.startswith("data: "):
                return line.removeprefix("data: ")
        raise RuntimeError("the stream ended")


@asynccontextmanager
async def open_stream(http: httpx2.AsyncClient, port: int) -> AsyncIterator[tuple[Stream, str]]:
    """Open a session; yield its stream, and the path that takes its messages."""
    async with http.stream("GET", f"http://127.0.0.1:{port}/sse") as answer:
        stream = Stream(answer.aiter_lines())
        path = await stream.data()
        async with open_talker(port) as talker:
            await talker.ask(post(port, path, INITIALIZE))
            await stream.data()
            await talker.ask(post(port, path, INITIALIZED))
        yield stream, path


async def waits(owner: int, asked: int, session_id: str, seconds: float) -> list[float]:
    """Return the ms from each POST at a pod to its answer on the stream, which the owner has."""
    found: list[float] = []
    async with httpx2.AsyncClient(timeout=SECONDS) as http, open_stream(http, owner) as (stream, path):
        async with open_talker(asked) as talker:
            until, number = time.perf_counter() + seconds, 0
            while number < WARM_UP or time.perf_counter() < until:
                number += 1
                arguments = {"session_id": session_id, **view(number)}
                params = {"name": "set_map_view", "arguments": arguments}
                call = {"jsonrpc": "2.0", "id": number, "method": "tools/call", "params": params}
                begun = time.perf_counter()
                await talker.ask(post(asked, path, call))
                answer = json.loads(await stream.data())
                if answer["id"] != number or answer["result"].get("isError"):
                    raise RuntimeError(str(answer))
                found.append((time.perf_counter() - begun) * 1000)
    return found[WARM_UP:]


async def held(port: int, pid: int, count: int) -> float:
    """Return the KiB that a process grows by for each session that is held."""
    limits = httpx2.Limits(max_connections=count + 10)
    async with httpx2.AsyncClient(timeout=SECONDS, limits=limits) as http, AsyncExitStack() as stack:
        for _ in range(10):  # what the first ones make is not theirs alone
            await stack.enter_async_context(open_stream(http, port))
        before = memory(pid)
        for _ in range(count):
            await stack.enter_async_context(open_stream(http, port))
        await trio.sleep(SETTLE_SECONDS)
        return (memory(pid) - before) / count / 1024


def measure(options: Options) -> Table:
    """Return the part's table."""
    table = Table("MCP streams between pods", COLUMNS, NOTE)
    with open_redis() as redis, mapsrv_pod(redis) as one, mapsrv_pod(redis) as other:
        session_id = one.new_map()
        direct = trio.run(waits, one.port, one.port, session_id, options.seconds)
        relayed = trio.run(waits, one.port, other.port, session_id, options.seconds)
    p50, p99 = percentile(direct, 0.5), percentile(direct, 0.99)
    table.add("a call, direct", p50, p99, None, None, None)
    far = percentile(relayed, 0.5)
    table.add("a call, relayed", far, percentile(relayed, 0.99), times(far, p50), None, None)
    with mapsrv("--max-mcp-sessions", str(2 * HELD)) as server:
        ours = trio.run(held, server.port, process_id(server), HELD)
    theirs = None
    if options.rivals:
        with rival("sse") as (port, pid):
            theirs = trio.run(held, port, pid, HELD)
    table.add(f"{HELD:,} sessions held", None, None, None, ours, times(ours, theirs))
    return table
