"""One pod's MCP sessions over /sse, in virtual time: resumed, bounded, ended when they are of no use."""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
import trio
from mcp.server.lowlevel import Server
from mcp_types import CallToolResult, TextContent
from trio.testing import wait_all_tasks_blocked

from mapsrv.asgi.event_stream import PING_SECONDS
from mapsrv.asgi.message import Answer, Message
from mapsrv.budget import Claim
from mapsrv.change import Change
from mapsrv.errors import Busy, MapsrvError, NotFound, TooMany
from mapsrv.transports.mcp_sse import SseEndpoints
from mapsrv.transports.sse_session import MAX_TAKEN, MAX_WAITING, SseSession, parsed
from mapsrv.transports.sse_session_limits import CROWDED, SWEEP_SECONDS, SseLimits
from tests.kit.sse import Parser


@dataclass
class House:
    """The endpoints over a server with one tool, which says what it was given once `go` is set."""

    limits: SseLimits = SseLimits()
    go: trio.Event = field(default_factory=trio.Event)
    calls: int = 0
    sse: SseEndpoints = field(init=False)

    def make_server(self, opening: Any) -> Server[Any]:
        return Server("fixture", version="1", on_call_tool=self.call_tool)

    async def call_tool(self, ctx: Any, params: Any) -> CallToolResult:
        self.calls += 1
        if params.name == "fail":
            raise RuntimeError("a fault")
        await self.go.wait()
        return CallToolResult(content=[TextContent(text=str(params.arguments["text"]))])


@asynccontextmanager
async def opened(**limits: Any) -> AsyncIterator[House]:
    house = House(SseLimits(**limits))
    async with trio.open_nursery() as nursery:
        house.sse = SseEndpoints(house.make_server, Change(), house.limits, nursery)
        nursery.start_soon(house.sse.places.run)
        yield house
        nursery.cancel_scope.cancel()


class Client:
    """One GET /sse, and the POSTs of its session."""

    def __init__(self, house: House, client: str | None = "1.2.3.4", reads: bool = True) -> None:
        self.house, self.client, self.reads = house, client, reads
        self.events: list[tuple[str, str, bytes]] = []  # name, id, data
        self.over = False
        self.error: MapsrvError | None = None
        self.parser = Parser()
        self._left = trio.Event()

    async def stream(self, last: str = "", root: str = "") -> None:
        """Read the stream to its end, from after an event."""
        self._left, self.over = trio.Event(), False
        headers = [(b"last-event-id", last.encode())] if last else []
        scope = {"type": "http", "method": "GET", "path": "/sse", "query_string": b"", "headers": headers}
        try:
            await self.house.sse.open(
                {**scope, "root_path": root}, self._receive, Answer(self._send), self.client
            )
        except MapsrvError as error:
            self.error = error
        self.over = True

    def leave(self) -> None:
        self._left.set()

    async def _receive(self) -> Message:
        await self._left.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Message) -> None:
        await trio.lowlevel.checkpoint()
        if message["type"] == "http.response.body":
            if not self.reads and self.events:
                await trio.sleep_forever()
            self.events += [(one.event, one.id, one.data) for one in self.parser.feed(message["body"])]

    @property
    def session_id(self) -> str:
        return self.events[0][1].partition(".")[0]

    @property
    def last(self) -> str:
        return self.events[-1][1]

    def said(self) -> list[Any]:
        return [json.loads(data) for name, _id, data in self.events if name == "message"]

    async def post(self, message: dict[str, Any]) -> int:
        """Return the status, or raise what refuses it."""
        body, status = json.dumps(message).encode(), []

        async def receive() -> Message:
            await trio.lowlevel.checkpoint()
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(told: Message) -> None:
            await trio.lowlevel.checkpoint()
            if told["type"] == "http.response.start":
                status.append(told["status"])

        query = f"session_id={self.session_id}".encode()
        headers = [(b"content-type", b"application/json")]
        scope = {
            "type": "http",
            "method": "POST",
            "path": "/messages",
            "query_string": query,
            "headers": headers,
        }
        await self.house.sse.post(scope, receive, Answer(send), Claim())
        return status[0]

    async def initialize(self) -> None:
        info = {"name": "tester", "version": "1"}
        params = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": info}
        assert await self.post(rpc("initialize", params, 0)) == 202
        assert await self.post({"jsonrpc": "2.0", "method": "notifications/initialized"}) == 202


class _Keeper(Parser):
    """Keeps the bytes of a stream as they come."""

    def __init__(self, parts: list[bytes]) -> None:
        super().__init__()
        self.parts = parts

    def feed(self, data: bytes) -> list[Any]:
        self.parts.append(data)
        return []


def rpc(method: str, params: dict[str, Any], number: int) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": number, "method": method, "params": params}


def call(number: int, text: str = "", name: str = "say") -> dict[str, Any]:
    return rpc("tools/call", {"name": name, "arguments": {"text": text}}, number)


@asynccontextmanager
async def connected(house: House, **about: Any) -> AsyncIterator[Client]:
    client = Client(house, **about)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(client.stream)
        await until(lambda: client.events)
        await client.initialize()
        yield client
        nursery.cancel_scope.cancel()


async def until(true: Callable[[], object]) -> None:
    for _ in range(100):
        if true():
            return
        await wait_all_tasks_blocked()
    raise AssertionError("it never came")


async def test_who_lost_the_stream_comes_back_and_gets_what_was_missed(autojump_clock: object) -> None:
    async with opened() as house, trio.open_nursery() as nursery:
        client = Client(house)
        nursery.start_soon(client.stream)
        await until(lambda: client.events)
        await client.initialize()
        await until(client.said)
        last = client.last
        await client.post(call(1, "while it was away"))
        await until(lambda: house.calls)
        client.leave()
        await until(lambda: client.over)
        house.go.set()
        await trio.sleep(house.limits.resume / 2)
        address = client.events[0]
        client.events.clear()
        nursery.start_soon(client.stream, last)
        await until(client.said)
        assert client.events[0][2] == address[2], "the same address, which clients wait for"
        assert [one["id"] for one in client.said()] == [1]
        await client.post(call(2, "again"))
        await until(lambda: len(client.said()) == 2)
        nursery.cancel_scope.cancel()


async def test_who_comes_back_too_late_or_to_nothing_is_told_to_begin_anew(autojump_clock: object) -> None:
    async with opened() as house:
        async with connected(house) as client:
            last = client.last
            client.leave()
            await until(lambda: client.over)
            await trio.sleep(2 * house.limits.resume)
            assert not house.sse.sessions
            for event in (last, "0" * 32 + ".0", "garbage", f"{client.session_id}.99"):
                await client.stream(event)
                assert isinstance(client.error, NotFound) and "Last-Event-ID" in client.error.message
            with pytest.raises(NotFound):
                await client.post(call(1))


async def test_a_resumed_stream_takes_over_from_the_one_that_was_there(autojump_clock: object) -> None:
    """A client may come back before this side knows that its line is dead."""
    async with opened() as house, connected(house) as old, trio.open_nursery() as nursery:
        await until(old.said)
        new = Client(house)
        nursery.start_soon(new.stream, old.last)
        await until(lambda: new.events and old.over)
        house.go.set()
        await old.post(call(1, "to the newer one"))
        await until(new.said)
        assert len(old.said()) == 1 and [one["id"] for one in new.said()] == [1]
        assert house.sse.active == 1
        nursery.cancel_scope.cancel()


async def test_a_silent_stream_is_kept_open_by_comments(autojump_clock: object) -> None:
    async with opened() as house, connected(house) as client:
        await until(client.said)
        parts: list[bytes] = []
        client.parser = _Keeper(parts)
        await trio.sleep(3 * PING_SECONDS + 1)
        assert parts == [b":\n\n"] * 3 and not client.over


async def test_a_prefix_that_a_proxy_takes_away_is_in_the_address(autojump_clock: object) -> None:
    async with opened() as house:
        client = Client(house)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(client.stream, "", "/maps")
            await until(lambda: client.events)
            assert client.events[0][2] == f"/maps/messages?session_id={client.session_id}".encode()
            nursery.cancel_scope.cancel()


async def test_an_exception_in_a_tool_is_an_answer_and_the_stream_lives(autojump_clock: object) -> None:
    async with opened() as house, connected(house) as client:
        house.go.set()
        await client.post(call(1, name="fail"))
        await client.post(call(2, "well"))
        await until(lambda: len(client.said()) == 3)
        assert {one["id"] for one in client.said()} == {0, 1, 2} and not client.over


async def test_a_client_that_does_not_read_is_ended_and_the_log_says_why(
    autojump_clock: object, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    async with opened(unread=10_000) as house:
        async with connected(house, reads=False) as slow, connected(house) as other:
            house.go.set()
            for number in range(1, 6):
                await slow.post(call(number, "x" * 4_000))
                await wait_all_tasks_blocked()
                if slow.session_id not in house.sse.sessions:
                    break
            assert list(house.sse.sessions) == [other.session_id]
            [record] = caplog.records
            assert "10,000 bytes unread" in record.getMessage() and slow.session_id not in caplog.text


async def test_what_a_client_may_ask_at_once_is_bounded_and_nothing_is_lost(autojump_clock: object) -> None:
    async with opened() as house, connected(house) as client:
        for number in range(1, MAX_WAITING + 1):
            assert await client.post(call(number)) == 202
            await wait_all_tasks_blocked()
        with pytest.raises(TooMany):
            await client.post(call(MAX_WAITING + 1))
        house.go.set()
        await until(lambda: len(client.said()) == MAX_WAITING + 1)
        assert await client.post(call(MAX_WAITING + 1)) == 202


async def test_messages_that_the_server_has_not_looked_at_are_bounded(autojump_clock: object) -> None:
    session = SseSession(None, 1000, Change())
    notification = parsed(b'{"jsonrpc":"2.0","method":"notifications/progress"}')
    for _ in range(MAX_TAKEN):
        session.take(notification)
    with pytest.raises(TooMany):
        session.take(notification)
    session.end()
    with pytest.raises(NotFound):
        session.take(notification)
    await session.run(Server("fixture"))  # which ends at once


async def test_places_are_bounded_for_all_and_for_each_client_and_those_who_are_lost_go_first(
    autojump_clock: object,
) -> None:
    async with opened(sessions=4, sessions_a_client=2) as house, trio.open_nursery() as nursery:

        async def one_more(address: str | None) -> Client:
            client = Client(house, address)
            nursery.start_soon(client.stream)
            await wait_all_tasks_blocked()
            return client

        first, second = await one_more("a"), await one_more("a")
        assert isinstance((await one_more("a")).error, TooMany)
        first.leave()
        await until(lambda: first.over)
        third = await one_more("a")
        assert third.events and list(house.sse.sessions) == [second.session_id, third.session_id]
        assert (await one_more("b")).events and (await one_more(None)).events
        refused = await one_more("c")
        assert isinstance(refused.error, Busy) and refused.error.retry_after
        nursery.cancel_scope.cancel()


async def test_one_that_calls_nothing_ends_where_places_run_short_the_longest_idle_first(
    autojump_clock: object,
) -> None:
    async with opened(sessions=10) as house, trio.open_nursery() as nursery:
        clients = []
        for _ in range(9):
            clients.append(Client(house))
            nursery.start_soon(clients[-1].stream)
            await trio.sleep(1)
        await trio.sleep(house.limits.idle - 60)
        await clients[0].initialize()
        await trio.sleep(SWEEP_SECONDS + 120)
        assert [client.over for client in clients] == [False, True, *[False] * 7]
        assert len(house.sse.sessions) == CROWDED * 10
        nursery.cancel_scope.cancel()


@pytest.mark.parametrize("always", [False, True])
async def test_an_idle_one_stays_where_there_is_room_unless_it_is_told_otherwise(
    autojump_clock: object, always: bool
) -> None:
    async with opened(idle_always=always) as house, connected(house) as client:
        await trio.sleep(house.limits.idle + 2 * SWEEP_SECONDS)
        assert client.over is always
        assert len(house.sse.sessions) == (not always)


async def test_a_call_that_takes_long_is_no_idleness(autojump_clock: object) -> None:
    async with opened(idle_always=True) as house, connected(house) as client:
        await client.post(call(1, "at last"))
        await trio.sleep(3 * house.limits.idle)
        assert not client.over
        house.go.set()
        await until(lambda: len(client.said()) == 2)
