"""The MCP Inspector's command line on real servers behind the bridge: a client that is not the SDK's."""

from __future__ import annotations

import pytest

from tests.bridge.real.conftest import MODES
from tests.bridge.real.kit.bridging import Bridge
from tests.kit.inspector import HTTP, MODERN, SSE, WAYS, Inspector

CALLS = {
    "everything": (HTTP, "get-sum", {"a": 40, "b": 2}, "42"),
    "memory": (SSE, "read_graph", {}, "entities"),
    "filesystem": (MODERN, "list_allowed_directories", {}, "Allowed directories"),
    "fetch": (MODERN, "fetch", {"url": "http://127.0.0.1:1/"}, "Failed to fetch"),
}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
@pytest.mark.parametrize("mode", MODES)
def test_the_inspector_lists_the_tools(
    bridge: Bridge, inspector: Inspector, mode: str, way: tuple[str, str]
) -> None:
    listed = inspector(f"{bridge.url}/servers/everything-{mode}", way, "tools/list")
    assert {"echo", "get-sum"} <= {tool["name"] for tool in listed["tools"]}


@pytest.mark.parametrize("server", CALLS)
def test_the_inspector_calls_a_tool(bridge: Bridge, inspector: Inspector, server: str) -> None:
    way, tool, arguments, wanted = CALLS[server]
    url = f"{bridge.url}/servers/{server}-per-session"
    code = 5 if server == "fetch" else 0  # nothing listens where it is to look
    assert wanted in inspector.call(url, way, tool, arguments, code=code)["content"][0]["text"]
