"""The MCP Inspector's command line against a real mapsrv: a client that is not of the Python SDK."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mapsrv.wire.calls import CALLS
from tests.e2e.conformance import node
from tests.e2e.server import Server, running

WAYS = [
    pytest.param("/sse", "legacy", id="sse"),
    pytest.param("/mcp", "legacy", id="http-2025"),
    pytest.param("/mcp", "modern", id="http-2026"),
]
PEAK = {"type": "Feature", "geometry": {"type": "Point", "coordinates": [7.66, 45.98]}, "properties": {}}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Where a Node program may write; the program is there then."""
    node.installed()
    return tmp_path


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One for all of this file: each test that draws makes its own map."""
    with running(tmp_path_factory.mktemp("server")) as server:
        yield server


def inspect(server: Server, path: str, era: str, home: Path, *args: str, code: int = 0) -> dict[str, Any]:
    """Run the Inspector's command line; return the result that it printed."""
    where = ("--server-url", f"{server.url}{path}", "--protocol-era", era)
    done = node.run(node.INSPECTOR, "--cli", *where, "--format", "json", *args, home=home)
    assert done.returncode == code, done.stdout + done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    result: dict[str, Any] = told["result"]
    return result


@pytest.mark.parametrize(("path", "era"), WAYS)
def test_the_inspector_lists_the_tools(home: Path, server: Server, path: str, era: str) -> None:
    # --strict ends with another code where a host could not read a tool's schema.
    listed = inspect(server, path, era, home, "--method", "tools/list", "--strict")
    assert {tool["name"] for tool in listed["tools"]} == set(CALLS)
    assert all(tool["description"] and tool["inputSchema"]["type"] == "object" for tool in listed["tools"])


@pytest.mark.parametrize(("path", "era"), WAYS)
def test_the_inspector_draws_a_layer(home: Path, server: Server, path: str, era: str) -> None:
    session_id = server.new_map()
    arguments = {"session_id": session_id, "id": "peak", "title": "Peak", "source": PEAK}
    called = ("--method", "tools/call", "--tool-name", "add_layer")
    result = inspect(server, path, era, home, *called, "--tool-args-json", json.dumps(arguments))
    assert result["isError"] is False
    assert result["structuredContent"]["changed"] == ["peak"]
    state = server.state(session_id)
    (layer,) = state["state"]["layers"]
    assert (layer["id"], layer["title"]) == ("peak", "Peak")
    assert state["position"] == result["structuredContent"]["position"]


def test_the_inspector_shows_a_refusal(home: Path, server: Server) -> None:
    session_id = server.new_map()
    called = ("--method", "tools/call", "--tool-name", "add_layer")
    arguments = json.dumps({"session_id": session_id, "id": "peak"})
    refused = inspect(server, "/mcp", "legacy", home, *called, "--tool-args-json", arguments, code=5)
    assert refused["isError"] is True
    assert "source is missing" in refused["content"][0]["text"]
    assert server.state(session_id)["state"]["layers"] == []
