"""The server that the conformance suite is run against: everything that it asks for, and no map.

Our transports take any low-level Server, so what the suite finds wrong is theirs or the SDK's.
"""

from __future__ import annotations

from typing import Any

import trio
from mcp.server.caching import CacheHint
from mcp.server.lowlevel import Server
from mcp.server.request_state import RequestStateBoundary, RequestStateSecurity
from mcp.server.subscriptions import InMemorySubscriptionBus, ListenHandler
from mcp_types import EmptyResult

from tests.e2e.conformance.kit import things
from tests.e2e.conformance.kit.tools import Tools

NAME = "conformance-fixture"
HINT = CacheHint(ttl_ms=1000, scope="public")


def make_server(opening: Any) -> Server[Any]:
    """Return a Server, as mapsrv.transports.endpoints.open_mcp asks for one."""
    bus = InMemorySubscriptionBus()
    tools = Tools(bus)
    server: Server[Any] = Server(
        NAME,
        version="1",
        cache_hints={"tools/list": HINT, "prompts/list": HINT, "resources/list": HINT},
        get_tool_input_schema=tools.schema,
        on_list_tools=tools.list,
        on_call_tool=tools.call,
        on_list_resources=things.list_resources,
        on_list_resource_templates=things.list_templates,
        on_read_resource=things.read_resource,
        on_subscribe_resource=_taken,
        on_unsubscribe_resource=_taken,
        on_subscriptions_listen=ListenHandler(bus),
        on_list_prompts=things.list_prompts,
        on_get_prompt=things.get_prompt,
        on_completion=things.complete,
        on_set_logging_level=_taken,
    )
    server.middleware.append(RequestStateBoundary(RequestStateSecurity.ephemeral(), default_audience=NAME))
    return server


async def _taken(ctx: Any, params: Any) -> EmptyResult:
    await trio.lowlevel.checkpoint()
    return EmptyResult()
