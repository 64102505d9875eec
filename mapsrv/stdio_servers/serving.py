"""A table of tools as an MCP server on stdin and stdout, which is what the servers here share.

Arguments are checked against the very types that tools/list publishes. A tool's error is a result
that says isError, never a protocol error: only results reach the model. stdout carries JSON-RPC and
nothing else; stderr is the log.
"""

from __future__ import annotations

import inspect
import json
import logging
import signal
import sys
from collections.abc import Awaitable, Callable, Mapping
from contextlib import redirect_stdout
from dataclasses import dataclass
from typing import Any

import msgspec
import trio
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server
from mcp_types import (
    CallToolRequestParams,
    CallToolResult,
    ListToolsResult,
    PaginatedRequestParams,
    TextContent,
    Tool,
    ToolAnnotations,
)

from mapsrv import __version__
from mapsrv.errors import InvalidArgument, MapsrvError, StartupError
from mapsrv.logs import log_to_stderr

# A text that hosts send in place of what it says: Claude's may do so with arrays and objects.
_MAY_COME_AS_TEXT = frozenset({"array", "object", "integer", "number", "boolean"})
_TOLD_OF_THE_TOOL = frozenset({"title", "description"})
_KEPT_OF_NAME = 100  # characters of an unknown tool's name that are told
_KEPT_OF_FAULT = 500  # characters of what is wrong, which may repeat a caller's text

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a tool answers. `shown` is for hosts that show text: a text, or values told as JSON."""

    value: msgspec.Struct
    shown: Any


@dataclass(frozen=True, slots=True)
class Offer:
    """A tool: `run` takes an instance of `arguments`, whose docstring describes the tool to models, and
    answers with a value of type `result`."""

    arguments: type[msgspec.Struct]
    result: type[msgspec.Struct]
    run: Callable[[Any], Awaitable[Answer]]
    hints: ToolAnnotations


class Tools:
    """The handlers of a server with these tools, by name."""

    def __init__(self, offers: Mapping[str, Offer]) -> None:
        self._offers = offers
        self._schemas = {name: schema_of(offer.arguments) for name, offer in offers.items()}

    async def list_tools(self, ctx: Any, params: PaginatedRequestParams | None) -> ListToolsResult:
        await trio.lowlevel.checkpoint()
        return ListToolsResult(tools=[self._listed(name, offer) for name, offer in self._offers.items()])

    async def call_tool(self, ctx: Any, params: CallToolRequestParams) -> CallToolResult:
        try:
            answer = await self.call(params.name, params.arguments or {})
        except MapsrvError as error:
            return _refusal(error.message)
        except Exception:
            logger.exception("The tool %s failed", params.name[:_KEPT_OF_NAME])
            return _refusal("This server failed at this call. That is its own fault; its log says more.")
        return CallToolResult(
            content=[TextContent(text=_text(answer.shown))],
            structured_content=msgspec.to_builtins(answer.value),
        )

    async def call(self, name: str, arguments: Mapping[str, Any]) -> Answer:
        """Return a tool's answer; raises MapsrvError."""
        offer = self._offers.get(name)
        if offer is None:
            there = ", ".join(self._offers)
            raise InvalidArgument(f"No tool is named {name[:_KEPT_OF_NAME]!r}. There are: {there}.")
        return await offer.run(parse_arguments(offer.arguments, arguments, self._schemas[name]))

    def _listed(self, name: str, offer: Offer) -> Tool:
        return Tool(
            name=name,
            title=name.replace("_", " ").title(),
            description=inspect.getdoc(offer.arguments),
            input_schema=self._schemas[name],
            output_schema=schema_of(offer.result),
            annotations=offer.hints,
        )


def parse_arguments(
    kind: type[msgspec.Struct], arguments: Mapping[str, Any], schema: Mapping[str, Any]
) -> msgspec.Struct:
    """Return the arguments as an instance of `kind`; raises InvalidArgument that says where it is wrong."""
    types = {name: field.get("type") for name, field in schema["properties"].items()}
    values = {name: _unquoted(value, types.get(name)) for name, value in arguments.items()}
    try:
        parsed: msgspec.Struct = msgspec.convert(values, kind)
    except msgspec.ValidationError as error:
        raise InvalidArgument(f"The arguments do not fit: {str(error)[:_KEPT_OF_FAULT]}.") from None
    _check_texts(values)
    return parsed


def schema_of(kind: type[msgspec.Struct]) -> dict[str, Any]:
    """Return a type's JSON Schema with nothing by reference, since some hosts follow none."""
    (root,), parts = msgspec.json.schema_components([kind], ref_template="{name}")
    schema: dict[str, Any] = _inlined(root, parts)
    return {key: value for key, value in schema.items() if key not in _TOLD_OF_THE_TOOL}


def _inlined(schema: Any, parts: Mapping[str, Any]) -> Any:
    if isinstance(schema, dict):
        if isinstance(schema.get("$ref"), str):
            rest = {key: value for key, value in schema.items() if key != "$ref"}
            return _inlined({**parts[schema["$ref"]], **rest}, parts)
        return {key: _inlined(value, parts) for key, value in schema.items()}
    return [_inlined(item, parts) for item in schema] if isinstance(schema, list) else schema


def _unquoted(value: Any, kind: object) -> Any:
    if not isinstance(value, str) or kind not in _MAY_COME_AS_TEXT:
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return value


def _check_texts(value: Any) -> None:
    """Raise InvalidArgument for a text that no database or address can hold. The shape is known by now."""
    if isinstance(value, str):
        if "\0" in value or any("\ud800" <= letter <= "\udfff" for letter in value):
            raise InvalidArgument(
                "A text may hold no U+0000 and no half of a surrogate pair; leave them out."
            )
    elif isinstance(value, dict):
        for item in value.values():
            _check_texts(item)
    elif isinstance(value, list):
        for item in value:
            _check_texts(item)


def _text(shown: Any) -> str:
    return (
        shown
        if isinstance(shown, str)
        else json.dumps(msgspec.to_builtins(shown), indent=2, ensure_ascii=False)
    )


def _refusal(message: str) -> CallToolResult:
    return CallToolResult(content=[TextContent(text=message)], is_error=True)


async def serve_stdio(name: str, offers: Mapping[str, Offer]) -> None:
    """Serve the tools on stdin and stdout until stdin ends."""
    tools = Tools(offers)
    server: Server[Any] = Server(
        name, version=__version__, on_list_tools=tools.list_tools, on_call_tool=tools.call_tool
    )
    async with stdio_server() as (read, write):
        # The SDK has moved stdout's descriptor to stderr by then; print() has buffers of its own.
        with redirect_stdout(sys.stderr):
            await server.run(read, write, server.create_initialization_options())


def run_program(main: Callable[[], Awaitable[None]]) -> None:
    """Run a server's `main` on Trio as this process; one that cannot start says why in a sentence."""
    log_to_stderr("warning")
    # A thread waits for stdin, and nothing but input ends its wait: Python's own handler would hang.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        trio.run(main)
    except StartupError as error:
        sys.exit(error.message)
    except BaseExceptionGroup as errors:
        # Whoever read stdout has gone: nobody is left to tell.
        if errors.split(BrokenPipeError)[1] is not None:
            raise
