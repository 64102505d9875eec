"""What an MCP client is told that asks too often, whichever way it came."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import pytest

from mapsrv.asgi.origin_guard import OriginGuard
from mapsrv.asgi.rate_limits import RateLimits
from mapsrv.config.rates import Rate
from mapsrv.errors import TooMany
from mapsrv.transports.endpoints import open_mcp
from mapsrv.transports.over_rate import refused_call
from tests.transports.conftest import Fixture
from tests.transports.kit.serving import CLIENT_LEAKS, WAYS, connected, serving
from tests.transports.test_endpoints import INITIALIZE, message

pytestmark = CLIENT_LEAKS

# A proxy on this machine says that its callers are others, and counts as one of them.
SOMEBODY = {"x-forwarded-for": "203.0.113.5"}


@asynccontextmanager
async def slow(messages: int = 1000, opens: int = 1000) -> AsyncIterator[Fixture]:
    """Serve with so many of each at once, and one more in an hour."""
    made = Fixture(json_response=True)
    rates = RateLimits((Rate("messages", 1 / 3600, messages), Rate("opens", 1 / 3600, opens)))
    opened = open_mcp(made.make_server, origins=OriginGuard("127.0.0.1"), json_response=True, rates=rates)
    async with opened as made.endpoints, serving(made.endpoints.asgi) as made.base:
        yield made
        await made.endpoints.drain()


@pytest.mark.parametrize("way", WAYS)
async def test_a_tool_call_that_comes_too_often_is_a_result_that_says_how_long_to_wait(way: str) -> None:
    async with slow(messages=10) as fixture, connected(fixture.base, way, headers=SOMEBODY) as client:
        await client.list_tools()
        answers = [await client.call_tool("echo", {}) for _ in range(10)]
        assert not answers[0].is_error and answers[-1].is_error
        refused = answers[-1]
        assert "Wait 3" in refused.content[0].text and refused.structured_content is not None
        assert refused.structured_content["error"]["code"] == "too_many"
        assert refused.structured_content["error"]["temporary"]


async def test_another_message_is_429_and_says_when_to_come_again() -> None:
    async with slow(messages=2) as fixture, httpx2.AsyncClient(headers=SOMEBODY) as http:
        headers = {"accept": "application/json, text/event-stream"}
        told = [await http.post(f"{fixture.base}/mcp", json=INITIALIZE, headers=headers) for _ in range(3)]
        assert [one.status_code for one in told] == [200, 200, 429]
        assert told[2].json()["error"]["data"]["code"] == "too_many" and int(told[2].headers["retry-after"])
        assert told[2].headers["ratelimit-policy"].startswith('"messages";q=2;')
        call = message("tools/call", {"name": "echo", "arguments": {}})
        elsewhere = await http.post(f"{fixture.base}/messages?session_id={'0' * 32}", json=call)
        assert elsewhere.status_code == 429, "its stream is not here"


async def test_streams_that_are_opened_too_often_are_429() -> None:
    async with slow(opens=1) as fixture, httpx2.AsyncClient(headers=SOMEBODY) as http:
        async with http.stream("GET", f"{fixture.base}/sse") as first:
            again = await http.get(f"{fixture.base}/sse")
            assert (first.status_code, again.status_code) == (200, 429)


async def test_this_machines_own_are_not_counted() -> None:
    async with slow(messages=1, opens=1) as fixture:
        for way in WAYS:
            async with connected(fixture.base, way) as client:
                assert not (await client.call_tool("echo", {})).is_error


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"jsonrpc":"2.0","method":"tools/call"}'])
def test_what_is_no_call_is_not_answered_as_one(body: Any) -> None:
    assert refused_call(body, TooMany("Wait.")) is None
