"""MCP over stdio: one connection of one host, in a process that holds no map.

It answers `initialize` and tools/list itself and forwards each call to this user's server. stdout
carries JSON-RPC and nothing else. The end of stdin ends this process and nothing besides.
"""

from __future__ import annotations

import sys
from contextlib import redirect_stdout
from typing import Any, TypeAlias

import trio
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server
from mcp_types import (
    CallToolRequestParams,
    CallToolResult,
    Implementation,
    ListToolsResult,
    PaginatedRequestParams,
    TextContent,
)

from mapsrv import __version__
from mapsrv.config import Config
from mapsrv.errors import MapsrvError
from mapsrv.local.front import parted
from mapsrv.local.opener import show_of
from mapsrv.tools.instructions import INSTRUCTIONS
from mapsrv.tools.publish import UNSEEN, tools
from mapsrv.transports.forward import Call, forward, keep
from mapsrv.transports.upstream import Upstream

KEEP_SECONDS = 240.0  # often enough for a server that ends itself ten minutes after its last use
MAX_NAME = 100  # characters of a host's name that are passed on

Context: TypeAlias = ServerRequestContext[Any, Any]


class StdioServer:
    """The connection's handlers. `opened` holds the links that a browser was opened at."""

    def __init__(self, config: Config, upstream: Upstream, nursery: trio.Nursery) -> None:
        self._config, self._upstream, self._nursery = config, upstream, nursery
        self._used = False
        self.opened: set[str] = set()

    async def list_tools(self, ctx: Context, params: PaginatedRequestParams | None) -> ListToolsResult:
        """Answer tools/list from the table of calls, without a server."""
        return ListToolsResult(tools=tools())

    async def call_tool(self, ctx: Context, params: CallToolRequestParams) -> CallToolResult:
        """Answer tools/call with the server's result, or with a refusal in one sentence."""
        try:
            result = await forward(self._upstream, Call(params.name, params.arguments or {}, _client(ctx)))
        except MapsrvError as error:
            return CallToolResult(content=[TextContent(text=error.message)], is_error=True)
        self._used = True
        self._show(result)
        return result

    def _show(self, result: CallToolResult) -> None:
        """Open the person's browser at a map that nobody has open, once for each map."""
        link = str((result.meta or {}).get(UNSEEN, ""))
        url, _ = parted(link)
        if not self._config.open or url in self.opened:
            return
        if url.startswith(("http://", "https://")):
            self.opened.add(url)
            self._nursery.start_soon(show_of, self._config.data_dir, link)

    async def keep_alive(self) -> None:
        """Keep the server that was used from ending itself while this host is connected."""
        while True:
            await trio.sleep(KEEP_SECONDS)
            if self._used:
                await keep(self._upstream)


def _client(ctx: Context) -> Implementation:
    """Return who the host says it is."""
    said = ctx.session.client_params
    info = said.client_info if said is not None else Implementation(name="model", version="")
    return Implementation(name=info.name[:MAX_NAME] or "model", version=info.version[:MAX_NAME])


async def serve_stdio(config: Config) -> None:
    """Serve the host on stdin and stdout until stdin ends."""
    upstream = Upstream(config)
    async with trio.open_nursery() as nursery:
        handlers = StdioServer(config, upstream, nursery)
        server: Server[Any] = Server(
            "mapsrv",
            version=__version__,
            title="mapsrv",
            instructions=INSTRUCTIONS,
            on_list_tools=handlers.list_tools,
            on_call_tool=handlers.call_tool,
        )
        nursery.start_soon(handlers.keep_alive)
        # The SDK has moved stdout's descriptor to stderr by then; print() has buffers of its own.
        async with stdio_server() as (read, write):
            with redirect_stdout(sys.stderr):
                await server.run(read, write, server.create_initialization_options())
        nursery.cancel_scope.cancel()
    upstream.close()
