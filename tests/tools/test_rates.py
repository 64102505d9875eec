"""Tool calls that come too often: an isError result that says how long to wait, and nothing is done."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from mapsrv.asgi.origin_guard import OriginGuard
from mapsrv.asgi.rate_limits import RateLimits
from mapsrv.config.rates import rates
from mapsrv.errors import TooMany
from mapsrv.hub.hub import Hub
from mapsrv.tools.caller import Caller, Named, read_caller
from mapsrv.tools.publish import Publisher
from mapsrv.tools.results import Result
from mapsrv.tools.run import Tools
from mapsrv.transports.endpoints import open_mcp
from tests.tools.conftest import BASE
from tests.transports.kit.serving import CLIENT_LEAKS, WAYS, connected, serving

pytestmark = CLIENT_LEAKS

FAR, OTHER = "192.0.2.1", "192.0.2.2"
LONG = "commands=6/h:2 messages=6/h:2 sessions=6/h:2"


@pytest.fixture
def call(hub: Hub) -> Callable[..., Any]:
    """Call a tool as who comes from an address; None is exempt."""
    tools = Tools(hub, rates=RateLimits(rates(LONG), lambda: 1000.0))

    async def call(address: str | None, tool: str, **arguments: Any) -> Result:
        caller = Caller("tester", False, False, None, BASE, Named(), address)
        return await tools.call(tool, arguments, caller)

    return call


@pytest.mark.parametrize(
    ("tool", "arguments", "name"),
    [
        ("set_basemap", {"name": "none"}, "commands"),
        ("open_map", {"new": True}, "commands"),
    ],
)
async def test_who_calls_too_often_is_told_to_wait_and_others_are_not(
    call: Any, hub: Hub, tool: str, arguments: dict[str, Any], name: str
) -> None:
    session = await hub.create_session()
    arguments = {"session_id": session, **arguments} if tool != "open_map" else arguments
    for _ in range(2):
        await call(FAR, tool, **arguments)
    with pytest.raises(TooMany, match=rf"\({name}\)\. Wait 600 s") as caught:
        await call(FAR, tool, **arguments)
    assert caught.value.retry_after == 600
    await call(OTHER, tool, **arguments)
    for _ in range(9):
        await call(None, tool, **arguments)


async def test_a_new_map_counts_as_one_by_whatever_way_it_is_made(hub: Hub) -> None:
    tools = Tools(hub, rates=RateLimits(rates("sessions=6/h:1"), lambda: 1000.0))
    caller = Caller("tester", False, False, None, BASE, Named(), FAR)
    made = await tools.call("open_map", {}, caller)
    with pytest.raises(TooMany, match=r"\(sessions\)"):
        await tools.call("open_map", {"new": True}, caller)
    session = made.structured["session_id"]
    assert (await tools.call("open_map", {"session_id": session}, caller)).structured["session_id"] == session


@pytest.mark.parametrize("way", WAYS)
async def test_over_every_way_a_refusal_is_a_result_that_says_how_long_to_wait(hub: Hub, way: str) -> None:
    origins, session = OriginGuard("127.0.0.1"), {"session_id": await hub.create_session()}
    limits = RateLimits(rates("commands=6/h:1"))
    make = Publisher(Tools(hub, rates=limits), origins=origins).make_server
    async with open_mcp(make, origins=origins, rates=limits) as endpoints, serving(endpoints.asgi) as base:
        assert endpoints.rates is limits
        proxied = {"x-forwarded-for": "192.0.2.1"}  # else nobody on this machine is counted
        async with connected(base, way, headers=proxied) as client:
            moved = [await client.call_tool("set_basemap", {**session, "name": "none"}) for _ in range(2)]
        assert [result.is_error for result in moved] == [False, True]
        assert "Wait 600 s" in str(moved[1].content) or "Wait 599 s" in str(moved[1].content)
        async with connected(base, way) as client:
            for _ in range(3):
                assert not (await client.call_tool("set_basemap", {**session, "name": "none"})).is_error
        await endpoints.drain()


def test_a_caller_counts_for_the_address_of_its_request() -> None:
    origins = OriginGuard("127.0.0.1")
    scope = {
        "query_string": b"",
        "scheme": "http",
        "client": ("2001:db8::1", 5),
        "headers": [(b"host", b"localhost")],
    }
    assert read_caller(scope, None, origins, None, Named()).counts_for == "2001:db8::/64"
    scope["client"] = ("127.0.0.1", 5)
    assert read_caller(scope, None, origins, None, Named()).counts_for is None
