"""The MCP Inspector's command line on real servers behind the bridge: a client that is not the SDK's."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.bridge.real.bridging import Bridge
from tests.bridge.real.conftest import MODES
from tests.e2e.conformance import node

SSE, HTTP, MODERN = ("/sse", "legacy"), ("/mcp", "legacy"), ("/mcp", "modern")
WAYS = (SSE, HTTP, MODERN)
CALLS = {
    "everything": (HTTP, "get-sum", {"a": 40, "b": 2}, "42"),
    "memory": (SSE, "read_graph", {}, "entities"),
    "filesystem": (MODERN, "list_allowed_directories", {}, "Allowed directories"),
    "fetch": (MODERN, "fetch", {"url": "http://127.0.0.1:1/"}, "Failed to fetch"),
}


def inspect(
    bridge: Bridge, server: str, way: tuple[str, str], home: Path, *args: str, code: int = 0
) -> dict[str, Any]:
    """Return the result that the Inspector prints."""
    where = ("--server-url", f"{bridge.url}/servers/{server}{way[0]}", "--protocol-era", way[1])
    done = node.run(node.INSPECTOR, "--cli", *where, "--format", "json", *args, home=home)
    assert done.returncode == code, done.stdout + done.stderr
    result: dict[str, Any] = json.loads(done.stdout)["result"]
    return result


@pytest.mark.parametrize("way", WAYS, ids=" ".join)
@pytest.mark.parametrize("mode", MODES)
def test_the_inspector_lists_the_tools(
    bridge: Bridge, tmp_path: Path, mode: str, way: tuple[str, str]
) -> None:
    node.installed()
    listed = inspect(bridge, f"everything-{mode}", way, tmp_path, "--method", "tools/list")
    assert {"echo", "get-sum"} <= {tool["name"] for tool in listed["tools"]}


@pytest.mark.parametrize("server", CALLS)
def test_the_inspector_calls_a_tool(bridge: Bridge, tmp_path: Path, server: str) -> None:
    node.installed()
    way, tool, arguments, wanted = CALLS[server]
    called = ("--method", "tools/call", "--tool-name", tool, "--tool-args-json", json.dumps(arguments))
    fails = server == "fetch"  # nothing listens there; the Inspector's code for a tool that refuses is 5
    result = inspect(bridge, f"{server}-per-session", way, tmp_path, *called, code=5 if fails else 0)
    assert wanted in result["content"][0]["text"]
