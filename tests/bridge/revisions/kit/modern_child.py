"""The SDK's own server over stdio, of 2026-07-28 alone: initialize, which it would take, is refused here."""

from __future__ import annotations

import json
import signal
from typing import Any

import anyio
import mcp_types as types
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server
from mcp.server.subscriptions import InMemorySubscriptionBus, ListenHandler, ResourceUpdated, ToolsListChanged
from mcp.shared.message import SessionMessage

bus = InMemorySubscriptionBus()
seen: list[Any] = []
FORM = {"type": "object", "properties": {"name": {"type": "string"}}}


def text(value: Any) -> types.CallToolResult:
    return types.CallToolResult(content=[types.TextContent(type="text", text=json.dumps(value))])


async def tools(ctx: Any, params: Any) -> types.ListToolsResult:  # noqa: ASYNC124
    names = ("echo", "steps", "wait", "ask", "touch", "seen")
    schema = {"type": "object"}
    return types.ListToolsResult(tools=[types.Tool(name=name, input_schema=schema) for name in names])


async def call(ctx: Any, params: types.CallToolRequestParams) -> Any:
    arguments = params.arguments or {}
    match params.name:
        case "echo":
            return text({"arguments": arguments, "meta": ctx.meta})
        case "steps":
            for number in range(arguments["steps"]):
                await ctx.session.report_progress(number)
            return text(arguments["steps"])
        case "wait":
            try:
                await anyio.sleep(100)
            except BaseException:
                seen.append("cancelled")
                raise
        case "ask":
            if params.input_responses is None:
                question = types.ElicitRequest(
                    params=types.ElicitRequestFormParams(message="Who?", requested_schema=FORM)
                )
                return types.InputRequiredResult(input_requests={"who": question}, request_state="s1")
            answer = params.input_responses["who"].model_dump(mode="json", exclude_none=True)
            return text({"answer": answer, "state": params.request_state})
        case "touch":
            await bus.publish(ToolsListChanged())
            await bus.publish(ResourceUpdated(arguments["uri"]))
    return text(seen)


async def main() -> None:
    signal.alarm(120)
    listen = ListenHandler(bus)
    server: Any = Server(
        "newer", version="1", on_list_tools=tools, on_call_tool=call, on_subscriptions_listen=listen
    )
    async with stdio_server() as (read, write), anyio.create_task_group() as group:
        send, receive = anyio.create_memory_object_stream[Any](0)

        async def refuse_initialize() -> None:
            async with send:
                async for item in read:
                    message = getattr(item, "message", None)
                    if getattr(message, "method", "") == "initialize":
                        error = types.ErrorData(code=-32022, message="Unsupported protocol version")
                        answer = types.JSONRPCError(jsonrpc="2.0", id=message.id, error=error)
                        await write.send(SessionMessage(answer))
                    else:
                        await send.send(item)

        group.start_soon(refuse_initialize)
        await server.run(receive, write, server.create_initialization_options())
        group.cancel_scope.cancel()


if __name__ == "__main__":
    anyio.run(main, backend="trio")
