"""The tools that the conformance suite calls; their names and texts are the suite's."""

from __future__ import annotations

from inspect import isawaitable
from typing import Any

import trio
from mcp.server.subscriptions import InMemorySubscriptionBus, PromptsListChanged, ToolsListChanged
from mcp.shared.exceptions import MCPError
from mcp_types import (
    INVALID_PARAMS,
    MISSING_REQUIRED_CLIENT_CAPABILITY,
    AudioContent,
    CallToolRequestParams,
    CallToolResult,
    EmbeddedResource,
    ImageContent,
    ListToolsResult,
    TextContent,
    TextResourceContents,
    Tool,
)

from tests.e2e.conformance.kit import asking
from tests.e2e.conformance.kit.asking import Answer
from tests.e2e.conformance.kit.things import PNG, WAV

STEP_SECONDS = 0.05  # between the messages of one call, as the suite wants it

DIALECT: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "$defs": {
        "address": {
            "$anchor": "addressDef",
            "type": "object",
            "properties": {"street": {"type": "string"}, "city": {"type": "string"}},
        }
    },
    "properties": {
        "name": {"type": "string"},
        "address": {"$ref": "#/$defs/address"},
        "contactMethod": {"type": "string", "enum": ["phone", "email"]},
        "phone": {"type": "string"},
        "email": {"type": "string"},
    },
    "allOf": [{"anyOf": [{"required": ["phone"]}, {"required": ["email"]}]}],
    "if": {"properties": {"contactMethod": {"const": "phone"}}, "required": ["contactMethod"]},
    "then": {"required": ["phone"]},
    "else": {"required": ["email"]},
    "additionalProperties": False,
}


def _schema(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties)}


SCHEMAS: dict[str, dict[str, Any]] = {
    "test_sampling": _schema(prompt={"type": "string"}),
    "test_elicitation": _schema(message={"type": "string"}),
    "test_mirrored_argument": _schema(region={"type": "string", "x-mcp-header": "Region"}),
    "json_schema_2020_12_tool": DIALECT,
}
FIXED: dict[str, list[Any]] = {
    "test_simple_text": [TextContent(text="This is a simple text response for testing.")],
    "test_image_content": [ImageContent(data=PNG, mime_type="image/png")],
    "test_audio_content": [AudioContent(data=WAV, mime_type="audio/wav")],
    "test_embedded_resource": [
        EmbeddedResource(
            resource=TextResourceContents(
                uri="test://embedded-resource",
                mime_type="text/plain",
                text="This is an embedded resource content.",
            )
        )
    ],
    "test_multiple_content_types": [
        TextContent(text="Multiple content types test:"),
        ImageContent(data=PNG, mime_type="image/png"),
        EmbeddedResource(
            resource=TextResourceContents(
                uri="test://mixed-content-resource",
                mime_type="application/json",
                text='{"test":"data","value":123}',
            )
        ),
    ],
    "test_mirrored_argument": [TextContent(text="It came in the header too.")],
    "json_schema_2020_12_tool": [TextContent(text="That was a valid call.")],
}


class Tools:
    """The tools of one server; what changes is told on the bus."""

    def __init__(self, bus: InMemorySubscriptionBus) -> None:
        self._bus = bus
        own = [name for name in dir(self) if name.startswith("test_")]
        self._run = {name: getattr(self, name) for name in own}
        self._run |= {name: run for name, run in vars(asking).items() if name.startswith("test_")}
        self._listed = ListToolsResult(
            tools=[
                Tool(name=name, description=f"The suite's {name}", input_schema=self.schema(name))
                for name in sorted({*self._run, *FIXED})
            ]
        )

    def schema(self, name: str) -> dict[str, Any]:
        """Return a tool's input schema."""
        return SCHEMAS.get(name, _schema())

    async def list(self, ctx: Any, params: Any) -> ListToolsResult:
        await trio.lowlevel.checkpoint()
        return self._listed

    async def call(self, ctx: Any, params: CallToolRequestParams) -> Answer:
        await trio.lowlevel.checkpoint()
        if params.name in FIXED:
            return CallToolResult(content=FIXED[params.name])
        if params.name not in self._run:
            raise MCPError(INVALID_PARAMS, f"There is no tool {params.name}")
        answer: Any = self._run[params.name](ctx, params)
        done: Answer = await answer if isawaitable(answer) else answer
        return done

    def test_error_handling(self, ctx: Any, params: Any) -> Answer:
        told = TextContent(text="This tool intentionally returns an error for testing")
        return CallToolResult(content=[told], is_error=True)

    async def test_tool_with_logging(self, ctx: Any, params: Any) -> Answer:
        for text in ("Tool execution started", "Tool processing data", "Tool execution completed"):
            await ctx.session.send_log_message("info", text, related_request_id=ctx.request_id)
            await trio.sleep(STEP_SECONDS)
        return _done()

    async def test_logging_tool(self, ctx: Any, params: Any) -> Answer:
        await ctx.session.send_log_message("info", "For who asked", related_request_id=ctx.request_id)
        return _done()

    async def test_tool_with_progress(self, ctx: Any, params: Any) -> Answer:
        for done in (0, 50, 100):
            await ctx.session.report_progress(done, 100)
            await trio.sleep(STEP_SECONDS)
        return _done()

    async def test_missing_capability(self, ctx: Any, params: Any) -> Answer:
        can = ctx.session.client_capabilities
        if can is None or can.sampling is None:
            needed: dict[str, Any] = {"requiredCapabilities": {"sampling": {}}}
            raise MCPError(MISSING_REQUIRED_CLIENT_CAPABILITY, "This tool needs sampling", needed)
        return _done()

    async def test_trigger_tool_change(self, ctx: Any, params: Any) -> Answer:
        await self._bus.publish(ToolsListChanged())
        return _done()

    async def test_trigger_prompt_change(self, ctx: Any, params: Any) -> Answer:
        await self._bus.publish(PromptsListChanged())
        return _done()


def _done() -> CallToolResult:
    return CallToolResult(content=[TextContent(text="Done.")])
