"""What MCP clients see: the list of tools, the instructions, results and errors, over every way in."""

from __future__ import annotations

import json
from typing import Any

import pytest
import trio
from jsonschema import Draft202012Validator
from mcp_types import DiscoverRequest, DiscoverResult

from mapsrv.core.log import Position
from mapsrv.core.session import Replay
from mapsrv.hub.hub import Hub
from mapsrv.tools.instructions import INSTRUCTIONS, MAX_LENGTH
from mapsrv.tools.publish import KEY, tools
from mapsrv.wire.calls import CALLS
from tests.tools.conftest import POINT, SECRET, Served
from tests.transports.kit.serving import CLIENT_LEAKS, WAYS, connected
from tests.wire.tools.test_table import MAX_LIST

pytestmark = CLIENT_LEAKS


def test_instructions_are_short_and_name_only_tools_that_there_are() -> None:
    assert len(INSTRUCTIONS) < MAX_LENGTH
    words = {word.strip(".,;:()") for word in INSTRUCTIONS.split()}
    fields = {"session_id", "no_map", "camera_near", "people_did"}
    assert {word for word in words if "_" in word} - fields <= set(CALLS)


@pytest.mark.parametrize("tool", tools(), ids=lambda tool: tool.name)
def test_a_tool_says_all_four_hints_and_a_schema_that_every_host_takes(tool: Any) -> None:
    hints = tool.annotations
    said = (hints.read_only_hint, hints.destructive_hint, hints.idempotent_hint, hints.open_world_hint)
    assert all(isinstance(hint, bool) for hint in said)
    assert tool.title and tool.description
    schema = tool.input_schema
    Draft202012Validator.check_schema(schema)
    assert schema["type"] == "object" and not {"anyOf", "oneOf", "allOf"} & schema.keys()
    assert "session_id" in schema["properties"]
    for value in schema["properties"].values():
        for branch in value.get("anyOf", [value]):
            assert "type" in branch and (branch["type"] != "array" or "items" in branch)


@pytest.mark.parametrize("way", WAYS)
async def test_the_list_is_the_table_of_calls(served: Served, way: str) -> None:
    async with connected(served.base, way) as client:
        assert [tool.name for tool in (await client.list_tools()).tools] == list(CALLS)


@pytest.mark.parametrize("way", WAYS)
async def test_the_list_stays_within_what_a_chat_can_pay(served: Served, way: str) -> None:
    async with connected(served.base, way) as client:
        listed = (await client.list_tools()).model_dump_json(by_alias=True, exclude_none=True)
        assert len(listed.encode()) <= MAX_LIST


@pytest.mark.parametrize("way", WAYS)
async def test_places_are_found_without_a_map(served: Served, way: str) -> None:
    async with connected(served.base, way) as client:
        found = await client.call_tool("find_places", {"query": "Zürich", "limit": "3"})
        assert not found.is_error
        first = found.structured_content["places"][0]
        assert first["name"] == "Zürich" and first["center"] == [8.55, 47.367]
        assert json.loads(found.content[0].text) == found.structured_content


@pytest.mark.parametrize("way", WAYS)
async def test_the_ten_largest_cities_are_drawn_in_one_call(served: Served, way: str, hub: Hub) -> None:
    async with connected(served.base, way) as client:
        opened = await client.call_tool("open_map", {"new": True})
        session_id = opened.structured_content["session_id"]
        source = "builtin:cities?country=CH&sort=population&limit=10"
        arguments = {"id": "cities", "source": source, "fit": True, "session_id": session_id}
        added = (await client.call_tool("add_layer", arguments)).structured_content
        assert added["changed"] == ["cities"] and added["camera_near"].endswith("Switzerland")
        info = await client.call_tool("get_layer_info", {"layer_id": "cities", "session_id": session_id})
        assert info.structured_content["feature_count"] == 10
        swapped = {"center": [47.37, 8.54], "zoom": 9, "session_id": session_id}
        moved = await client.call_tool("set_map_view", swapped)
        assert moved.structured_content["camera_near"].endswith("Somalia")
        assert "Somalia" in moved.content[0].text


@pytest.mark.parametrize("way", WAYS)
async def test_instructions_and_version_are_told(served: Served, way: str) -> None:
    async with connected(served.base, way) as client:
        if way == "http-2026":
            discovered = await client.session.send_request(DiscoverRequest(), DiscoverResult)
            assert discovered.instructions == INSTRUCTIONS
        else:
            assert client.instructions == INSTRUCTIONS and client.server_info.name == "mapsrv"


@pytest.mark.parametrize("way", WAYS)
async def test_a_call_changes_the_map_in_its_callers_name(served: Served, way: str, hub: Hub) -> None:
    async with connected(served.base, way, "?name=Ana%0ABell") as client:
        opened = await client.call_tool("open_map", {"title": "Lakes"})
        session_id = opened.structured_content["session_id"]
        arguments = {"id": "a", "source": POINT, "session_id": session_id}
        added = await client.call_tool("add_layer", arguments)
        assert not added.is_error and added.structured_content["changed"] == ["a"]
        assert added.structured_content["url"] == f"{served.base}/?session={session_id}"
        assert added.content[0].text.endswith(
            f"Nobody has this map open. Give the person this link: {added.structured_content['url']}"
        )
    async with hub.open_session(session_id) as live:
        assert live.state.title == "Lakes" and "a" in live.state.layers
        replay = live.session.since(Position.parse(opened.structured_content["position"]))
        assert isinstance(replay, Replay)
        origin = json.loads(replay.events[-1].body)["origin"]
        assert origin == {"kind": "model", "id": "Ana Bell", "name": "Ana Bell"}


@pytest.mark.parametrize("way", WAYS)
async def test_a_change_is_in_the_name_of_the_client_where_the_address_gives_none(
    served: Served, way: str, hub: Hub
) -> None:
    async with connected(served.base, way, name="Clâude\nCode") as client:
        opened = await client.call_tool("open_map", {"title": "Lakes"})
        session_id = opened.structured_content["session_id"]
        await client.call_tool("add_layer", {"id": "a", "source": POINT, "session_id": session_id})
    async with hub.open_session(session_id) as live:
        replay = live.session.since(Position.parse(opened.structured_content["position"]))
        assert isinstance(replay, Replay)
        assert json.loads(replay.events[-1].body)["origin"]["name"] == "Clâude Code"


@pytest.mark.parametrize("way", WAYS)
async def test_a_tools_error_is_a_result(served: Served, way: str) -> None:
    async with connected(served.base, way) as client:
        for tool, arguments, code in (
            ("open_mapp", {}, "invalid_argument"),
            ("add_layer", {}, "invalid_argument"),
            ("list_layers", {}, "no_map"),
            ("list_layers", {"session_id": "never-issued"}, "unknown_session"),
        ):
            result = await client.call_tool(tool, arguments)
            assert result.is_error and result.structured_content["error"]["code"] == code
            assert result.content[0].text == result.structured_content["error"]["message"]


@pytest.mark.parametrize("way", WAYS)
async def test_the_address_of_the_server_may_name_the_map(served: Served, way: str, hub: Hub) -> None:
    session_id, other = await hub.create_session(), await hub.create_session()
    async with connected(served.base, way, f"?session={session_id}") as client:
        told = await client.call_tool("get_map_state", {})
        assert told.structured_content["session_id"] == session_id
        named = await client.call_tool("get_map_state", {"session_id": other})
        assert named.structured_content["session_id"] == other
    for query in ("?session=!!", "?" + "&".join(f"a{number}=1" for number in range(30))):
        async with connected(served.base, way, query) as client:
            told = await client.call_tool("get_map_state", {})
            assert told.structured_content["error"]["code"] == "invalid_argument"


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("secret", "code"), [(SECRET, None), ("guess", "no_map"), ("", "no_map")])
async def test_only_the_secret_makes_a_caller_local(served: Served, way: str, secret: str, code: Any) -> None:
    async with connected(served.base, way, headers={"X-Mapsrv-Secret": secret}) as client:
        result = await client.call_tool("get_map_state", {})
        assert result.structured_content.get("error", {}).get("code") == code


async def test_a_key_in_meta_makes_a_call_safe_to_send_again(served: Served, hub: Hub) -> None:
    session_id = await hub.create_session()
    arguments = {"layer_id": "a", "session_id": session_id}
    async with connected(served.base, "http-2025") as client:
        await client.call_tool("add_layer", {"id": "a", "source": POINT, "session_id": session_id})
        first = await client.call_tool("toggle_layer", arguments, meta={KEY: "k1"})
        again = await client.call_tool("toggle_layer", arguments, meta={KEY: "k1"})
        assert first.structured_content == again.structured_content
        third = await client.call_tool("toggle_layer", arguments, meta={KEY: "bad key"})
        assert third.structured_content["position"] != first.structured_content["position"]


async def test_a_fault_of_the_server_is_a_result_and_a_line_in_the_log(
    served: Served, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(*args: Any) -> None:
        await trio.lowlevel.checkpoint()
        raise RuntimeError("what nobody should read")

    monkeypatch.setattr("mapsrv.tools.run.Tools.call", broken)
    async with connected(served.base, "http-2026") as client:
        result = await client.call_tool("list_layers", {})
    assert result.is_error and result.structured_content["error"]["code"] == "internal"
    assert "nobody" not in result.content[0].text and "The tool list_layers failed" in caplog.text
