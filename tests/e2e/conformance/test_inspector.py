"""The MCP Inspector's command line against a real mapsrv: a client that is not of the Python SDK."""

from __future__ import annotations

import pytest

from mapsrv.wire.calls import CALLS
from tests.e2e.kit.server import Server
from tests.kit.inspector import HTTP, WAYS, Inspector

PEAK = {"type": "Feature", "geometry": {"type": "Point", "coordinates": [7.66, 45.98]}, "properties": {}}
each_way = pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)


@each_way
def test_the_inspector_lists_the_tools(inspector: Inspector, server: Server, way: tuple[str, str]) -> None:
    # --strict ends with another code where a host could not read a tool's schema.
    listed = inspector(server.url, way, "tools/list", "--strict")
    assert {tool["name"] for tool in listed["tools"]} == set(CALLS)
    assert all(tool["description"] and tool["inputSchema"]["type"] == "object" for tool in listed["tools"])


@each_way
def test_the_inspector_draws_a_layer(inspector: Inspector, server: Server, way: tuple[str, str]) -> None:
    session_id = server.new_map()
    arguments = {"session_id": session_id, "id": "peak", "title": "Peak", "source": PEAK}
    result = inspector.call(server.url, way, "add_layer", arguments)
    assert result["isError"] is False
    assert result["structuredContent"]["changed"] == ["peak"]
    state = server.state(session_id)
    (layer,) = state["state"]["layers"]
    assert (layer["id"], layer["title"]) == ("peak", "Peak")
    assert state["position"] == result["structuredContent"]["position"]


def test_the_inspector_shows_a_refusal(inspector: Inspector, server: Server) -> None:
    session_id = server.new_map()
    arguments = {"session_id": session_id, "id": "peak"}
    refused = inspector.call(server.url, HTTP, "add_layer", arguments, code=5)
    assert refused["isError"] is True
    assert "source is missing" in refused["content"][0]["text"]
    assert server.state(session_id)["state"]["layers"] == []
