"""A call acts on the map that it names, that its address names, or (locally) that is in front."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace

import pytest
import trio

from mapsrv.errors import NoMap, UnknownSession
from mapsrv.hub.hub import Hub
from mapsrv.tools.caller import MAX_NAMED, Named
from mapsrv.tools.which_map import NO_MAP, OPENING_SECONDS, NoMapNamed
from mapsrv.wire.tools.table import TOOLS
from tests.tools.conftest import BASE, POINT, Desk, Served
from tests.transports.kit.serving import CLIENT_LEAKS, WAYS, connected


@asynccontextmanager
async def looking(hub: Hub, session_id: str, *, own: bool = True) -> AsyncIterator[None]:
    """Have the map open, in a browser of the server's own user or in another."""
    async with (
        hub.subscribe(session_id, None, viewer="tab", name="Ana", url=""),
        hub.open_session(session_id) as live,
    ):
        live.presence.told("tab", {"visible": True}, own=own)
        yield


async def test_an_id_and_a_whole_link_name_the_same_map(desk: Desk) -> None:
    session_id = await desk.new_map(title="A")
    link = f"/?session={session_id}"
    for name in (session_id, BASE + link, "https://elsewhere.example" + link):
        assert (await desk.call("list_layers", session_id=name)).structured["session_id"] == session_id


async def test_a_call_that_names_no_map_is_refused_with_the_maps_named_before(desk: Desk) -> None:
    with pytest.raises(NoMapNamed) as refused:
        await desk.call("list_layers")
    assert refused.value.message == NO_MAP and refused.value.maps == []
    first, second = await desk.new_map(title="A"), await desk.new_map(title="B")
    with pytest.raises(NoMapNamed) as refused:
        await desk.call("add_layer", id="a", source=POINT)
    assert refused.value.maps == [
        {"title": "B", "session_id": second},
        {"title": "A", "session_id": first},
    ]
    assert f'"A": session_id {first}' in refused.value.message


async def test_the_newest_and_the_only_map_are_never_guessed(hub: Hub, desk: Desk) -> None:
    session_id = await hub.create_session()
    async with looking(hub, session_id):
        with pytest.raises(NoMap):
            await desk.call("set_map_view", zoom=3)


@pytest.mark.parametrize("way", ["sse", "http-2025"])
@CLIENT_LEAKS
async def test_two_chats_over_one_connection_never_draw_on_each_others_map(
    served: Served, way: str, hub: Hub
) -> None:
    async with connected(served.base, way) as client:
        maps = []
        for chat in ("one", "two"):
            opened = await client.call_tool("open_map", {"title": chat})
            maps.append(opened.structured_content["session_id"])
            added = {"id": chat, "source": POINT, "session_id": maps[-1]}
            assert not (await client.call_tool("add_layer", added)).is_error
        lost = await client.call_tool("add_layer", {"id": "lost", "source": POINT})
        error = lost.structured_content["error"]
        # Nothing of an MCP session of /mcp is kept, what it has named neither.
        listed = ["two", "one"] if way == "sse" else []
        assert error["code"] == "no_map" and [item["title"] for item in error["maps"]] == listed
        again = await client.call_tool("open_map", {})
        assert again.structured_content["session_id"] not in maps
    for chat, session_id in zip(("one", "two"), maps, strict=True):
        async with hub.open_session(session_id) as live:
            assert list(live.state.layers) == [chat]


@pytest.mark.parametrize("way", WAYS)
@CLIENT_LEAKS
async def test_no_answer_on_one_mcp_session_names_a_map_of_another(served: Served, way: str) -> None:
    # Twins: of one name and opened within one second. Each calls every tool, and names no map.
    async with AsyncExitStack() as stack:
        twins = [await stack.enter_async_context(connected(served.base, way, name="twin")) for _ in range(3)]
        maps = []
        for number, twin in enumerate(twins):
            opened = await twin.call_tool("open_map", {"title": f"of {number}"})
            maps.append(opened.structured_content["session_id"])
        for number, twin in enumerate(twins):
            own = (maps[number], f"of {number}")
            others = [name for name in (*maps, "of 0", "of 1", "of 2") if name not in own]
            for tool in TOOLS:
                arguments = {name: value for name, value in tool.example.items() if name != "session_id"}
                said = (await twin.call_tool(tool.name, arguments)).model_dump_json()
                assert not [name for name in others if name in said], tool.name


async def test_open_map_joins_what_is_named_and_renames_it(desk: Desk) -> None:
    session_id = await desk.new_map(title="A")
    joined = await desk.call("open_map", session_id=session_id, title="B")
    assert joined.structured["session_id"] == session_id and joined.structured["title"] == "B"
    hinted = replace(desk, hint=session_id)
    assert (await hinted.call("open_map")).structured["title"] == "B"
    assert (await hinted.call("open_map", new=True)).structured["session_id"] != session_id


async def test_a_map_that_never_was_is_refused(desk: Desk) -> None:
    with pytest.raises(UnknownSession):
        await desk.call("open_map", session_id="never-issued")
    with pytest.raises(UnknownSession):
        await replace(desk, hint="never-issued").call("list_layers")


async def test_a_local_call_acts_on_what_is_in_front(hub: Hub, desk: Desk) -> None:
    local = replace(desk, local=True)
    first, second = await hub.create_session(), await hub.create_session()
    async with looking(hub, first), looking(hub, second):
        assert (await local.call("list_layers")).structured["session_id"] == second


async def test_a_local_call_never_acts_on_what_somebody_else_has_open(hub: Hub, desk: Desk) -> None:
    local, theirs = replace(desk, local=True), await hub.create_session()
    async with looking(hub, theirs, own=False):
        assert (await local.call("list_layers")).structured["session_id"] != theirs


async def test_local_calls_that_find_nothing_in_front_share_one_new_map(
    hub: Hub, desk: Desk, autojump_clock: object
) -> None:
    local = replace(desk, local=True)
    found: list[str] = []

    async def call() -> None:
        found.append((await local.call("open_map")).structured["session_id"])

    async with trio.open_nursery() as nursery:
        for _ in range(5):
            nursery.start_soon(call)
    assert len(set(found)) == 1  # its browser is on its way
    assert (await local.call("list_layers")).structured["session_id"] == found[0]
    await trio.sleep(OPENING_SECONDS + 1)
    assert (await local.call("list_layers")).structured["session_id"] != found[0]


def test_what_a_connection_named_is_bounded_newest_first() -> None:
    named = Named()
    for number in range(MAX_NAMED + 5):
        named.note(str(number))
    named.note("7")
    assert list(named)[:2] == ["7", str(MAX_NAMED + 4)] and len(list(named)) == MAX_NAMED
