"""The tools as an MCP server: low-level Servers for the transports, one list of tools for all of them.

A tool's error is a result that says isError, never a protocol error: only results reach the model.
"""

from __future__ import annotations

import json
import logging
import secrets
from base64 import b64encode
from functools import partial
from typing import Any

import trio
from mcp.server.lowlevel import Server
from mcp.shared.inbound import X_MCP_HEADER_KEY
from mcp_types import (
    CallToolRequestParams,
    CallToolResult,
    ContentBlock,
    ImageContent,
    ListToolsResult,
    PaginatedRequestParams,
    TextContent,
    Tool,
    ToolAnnotations,
)

from mapsrv import __version__
from mapsrv.asgi.message import MCP_CLIENT
from mapsrv.asgi.origin_guard import OriginGuard
from mapsrv.core.state import Json
from mapsrv.errors import MapsrvError
from mapsrv.metrics.maps import TOOL_CALLS
from mapsrv.tools.caller import Caller, Named, Scope, read_caller
from mapsrv.tools.instructions import INSTRUCTIONS
from mapsrv.tools.results import Result, error_result
from mapsrv.tools.run import Tools
from mapsrv.wire.calls import CALLS
from mapsrv.wire.fields import is_key

KEY = "mapsrv/id"  # in a call's _meta: an idempotency key, for callers that try again
UNSEEN = "mapsrv/unseen"  # in a result's _meta: the link of the map, while nobody has it open

# The schemas of which clients must repeat an argument in a header: the SDK walks through each that it is
# given, at each call, to look for such.
_MIRRORED = {name: call.schema for name, call in CALLS.items() if X_MCP_HEADER_KEY in json.dumps(call.schema)}

logger = logging.getLogger(__name__)


class Publisher:
    """Makes the Servers. `secret` is what a local caller proves itself with; None: nobody is local."""

    def __init__(self, run: Tools, *, origins: OriginGuard, secret: str | None = None) -> None:
        self._run, self._origins, self._secret = run, origins, secret
        self._listed = ListToolsResult(tools=tools())

    def make_server(self, opening: Scope | None) -> Server[Any]:
        """Return a Server, as transports.endpoints.open_mcp asks for one.

        `opening` is the request that opened the stream it will serve; None: each request stands for itself.
        """
        server = Server(
            "mapsrv",
            version=__version__,
            title="mapsrv",
            instructions=INSTRUCTIONS,
            get_tool_input_schema=_MIRRORED.get,
            on_list_tools=self._list_tools,
            on_call_tool=partial(self._call_tool, opening, Named(secrets.token_hex(8))),
        )
        server.middleware.clear()  # spans of OpenTelemetry, which nobody here collects, at 30 us a call
        return server

    async def _list_tools(self, ctx: Any, params: PaginatedRequestParams | None) -> ListToolsResult:
        await trio.lowlevel.checkpoint()
        return self._listed

    async def _call_tool(
        self, opening: Scope | None, named: Named, ctx: Any, params: CallToolRequestParams
    ) -> CallToolResult:
        tool = params.name if params.name in CALLS else "unknown"
        try:
            caller = self._caller(opening, named, ctx)
            result = await self._run.call(params.name, params.arguments, caller, _key(ctx.params))
            outcome = "ok"
        except MapsrvError as error:
            result, outcome = error_result(error), error.code
        except Exception:
            logger.exception("The tool %s failed", tool)
            fault = MapsrvError("The server failed at this call. That is its own fault; its log says more.")
            result, outcome = error_result(fault), fault.code
        TOOL_CALLS.labels(tool, outcome).inc()
        return _to_mcp(result)

    def _caller(self, opening: Scope | None, named: Named, ctx: Any) -> Caller:
        known = ctx.session.client_params
        client = known.client_info.name if known is not None else None
        if opening is not None:
            return read_caller(opening, client, self._origins, self._secret, named)
        scope = ctx.request.scope  # each call of /mcp is one of its own, which has named nothing before
        client = client or scope.get("extensions", {}).get(MCP_CLIENT)
        return read_caller(scope, client, self._origins, self._secret, Named())


def tools() -> list[Tool]:
    """Return the tools as tools/list shows them."""
    return [
        Tool(
            name=call.name,
            title=call.title,
            description=call.description,
            input_schema=call.schema,
            annotations=ToolAnnotations(
                title=call.title,
                read_only_hint=call.annotations["readOnlyHint"],
                destructive_hint=call.annotations["destructiveHint"],
                idempotent_hint=call.annotations["idempotentHint"],
                open_world_hint=call.annotations["openWorldHint"],
            ),
        )
        for call in CALLS.values()
    ]


def _key(params: Json) -> str | None:
    """Return the idempotency key of a call that has one; one that cannot be one is passed over."""
    meta = (params or {}).get("_meta")
    key = meta.get(KEY) if isinstance(meta, dict) else None
    return key if is_key(key) else None


def _to_mcp(result: Result) -> CallToolResult:
    texts = [text for text in (result.text, result.note) if text]
    content: list[ContentBlock] = [TextContent(type="text", text=text) for text in texts]
    if result.picture is not None:
        data = b64encode(result.picture).decode()
        content.append(ImageContent(type="image", data=data, mime_type="image/png"))
    return CallToolResult(
        content=content,
        structured_content=result.structured,
        is_error=result.is_error,
        _meta=None if result.unseen is None else {UNSEEN: result.unseen},
    )
