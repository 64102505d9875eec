"""The endpoints over a small server of the tests' own: they serve any."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import trio
from mcp.server.lowlevel import Server
from mcp_types import CallToolRequestParams, CallToolResult, ListToolsResult, TextContent, Tool

from mapsrv.asgi.origin_guard import OriginGuard
from mapsrv.transports.endpoints import McpEndpoints, open_mcp
from tests.transports.kit.serving import serving


@dataclass
class Fixture:
    """A server with two tools: `echo` answers what it got, `wait` answers when `go` is set."""

    json_response: bool = False
    endpoints: McpEndpoints = field(init=False)
    base: str = ""
    go: trio.Event = field(default_factory=trio.Event)
    waiting: int = 0

    def make_server(self, opening: Any) -> Server[Any]:
        return Server("fixture", version="1", on_list_tools=self.list_tools, on_call_tool=self.call_tool)

    async def list_tools(self, ctx: Any, params: Any) -> ListToolsResult:
        schema = {"type": "object", "properties": {}}
        return ListToolsResult(tools=[Tool(name=name, input_schema=schema) for name in ("echo", "wait")])

    async def call_tool(self, ctx: Any, params: CallToolRequestParams) -> CallToolResult:
        if params.name == "wait":
            self.waiting += 1
            try:
                await self.go.wait()
            finally:
                self.waiting -= 1
        return CallToolResult(content=[TextContent(text=str(params.arguments))])


@pytest.fixture(params=[False, True], ids=["streams", "json"])
async def fixture(request: pytest.FixtureRequest) -> AsyncIterator[Fixture]:
    made = Fixture(json_response=request.param)
    opened = open_mcp(made.make_server, origins=OriginGuard("127.0.0.1"), json_response=made.json_response)
    async with opened as made.endpoints:
        async with serving(made.endpoints.asgi) as made.base:
            yield made
            await made.endpoints.drain()
