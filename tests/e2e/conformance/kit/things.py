"""The prompts and resources that the conformance suite asks a server for, and its sample media."""

from __future__ import annotations

import base64
import json
import re
import struct
import wave
import zlib
from io import BytesIO
from typing import Any

import trio
from mcp.shared.exceptions import MCPError
from mcp_types import (
    INVALID_PARAMS,
    BlobResourceContents,
    CompleteRequestParams,
    CompleteResult,
    Completion,
    EmbeddedResource,
    GetPromptRequestParams,
    GetPromptResult,
    ImageContent,
    InputRequiredResult,
    ListPromptsResult,
    ListResourcesResult,
    ListResourceTemplatesResult,
    Prompt,
    PromptArgument,
    PromptMessage,
    ReadResourceRequestParams,
    ReadResourceResult,
    Resource,
    ResourceTemplate,
    TextContent,
    TextResourceContents,
)

from tests.e2e.conformance.kit.asking import accepted, form

CITIES = ("paris", "prague", "porto")


def _png() -> str:
    """Return one red pixel."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0\xff\0\0")) + chunk(b"IEND", b"")
    return base64.b64encode(b"\x89PNG\r\n\x1a\n" + body).decode()


def _wav() -> str:
    """Return one silent sample."""
    file = BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(b"\0\0")
    return base64.b64encode(file.getvalue()).decode()


PNG, WAV = _png(), _wav()

RESOURCES = [
    Resource(uri="test://static-text", name="text", description="Some text", mime_type="text/plain"),
    Resource(uri="test://static-binary", name="picture", description="One pixel", mime_type="image/png"),
    Resource(uri="test://watched-resource", name="watched", description="To subscribe to"),
]
TEMPLATE = ResourceTemplate(
    uri_template="test://template/{id}/data",
    name="template",
    description="What it says depends on the id",
    mime_type="application/json",
)
PROMPTS = [
    Prompt(name="test_simple_prompt", description="One message"),
    Prompt(
        name="test_prompt_with_arguments",
        description="A message that quotes its arguments",
        arguments=[
            PromptArgument(name="arg1", description="A word", required=True),
            PromptArgument(name="arg2", description="Another", required=True),
        ],
    ),
    Prompt(
        name="test_prompt_with_embedded_resource",
        description="A message that holds a resource",
        arguments=[PromptArgument(name="resourceUri", description="Its address", required=True)],
    ),
    Prompt(name="test_prompt_with_image", description="A message that holds a picture"),
    Prompt(name="test_input_required_result_prompt", description="Asks before it answers"),
]


async def list_resources(ctx: Any, params: Any) -> ListResourcesResult:
    await trio.lowlevel.checkpoint()
    return ListResourcesResult(resources=RESOURCES)


async def list_templates(ctx: Any, params: Any) -> ListResourceTemplatesResult:
    await trio.lowlevel.checkpoint()
    return ListResourceTemplatesResult(resource_templates=[TEMPLATE])


async def read_resource(ctx: Any, params: ReadResourceRequestParams) -> ReadResourceResult:
    await trio.lowlevel.checkpoint()
    uri = params.uri
    content: TextResourceContents | BlobResourceContents
    if uri == "test://static-text":
        text = "This is the content of the static text resource."
        content = TextResourceContents(uri=uri, mime_type="text/plain", text=text)
    elif uri == "test://static-binary":
        content = BlobResourceContents(uri=uri, mime_type="image/png", blob=PNG)
    elif uri == "test://watched-resource":
        content = TextResourceContents(uri=uri, mime_type="text/plain", text="Nothing happens here.")
    elif found := re.fullmatch(r"test://template/([^/]+)/data", uri):
        told = {"id": found[1], "templateTest": True, "data": f"Data for ID: {found[1]}"}
        content = TextResourceContents(uri=uri, mime_type="application/json", text=json.dumps(told))
    else:
        raise MCPError(INVALID_PARAMS, "Resource not found", {"uri": uri})
    return ReadResourceResult(contents=[content])


async def list_prompts(ctx: Any, params: Any) -> ListPromptsResult:
    await trio.lowlevel.checkpoint()
    return ListPromptsResult(prompts=PROMPTS)


async def get_prompt(ctx: Any, params: GetPromptRequestParams) -> GetPromptResult | InputRequiredResult:
    await trio.lowlevel.checkpoint()
    said = params.arguments or {}
    match params.name:
        case "test_simple_prompt":
            return _prompt(TextContent(text="This is a simple prompt for testing."))
        case "test_prompt_with_arguments":
            told = f"Prompt with arguments: arg1='{said.get('arg1')}', arg2='{said.get('arg2')}'"
            return _prompt(TextContent(text=told))
        case "test_prompt_with_embedded_resource":
            text = "Embedded resource content for testing."
            held = TextResourceContents(uri=said["resourceUri"], mime_type="text/plain", text=text)
            asked = TextContent(text="Please process the embedded resource above.")
            return _prompt(EmbeddedResource(resource=held), asked)
        case "test_prompt_with_image":
            asked = TextContent(text="Please analyze the image above.")
            return _prompt(ImageContent(data=PNG, mime_type="image/png"), asked)
        case "test_input_required_result_prompt":
            context = accepted(params, "user_context").get("context")
            if context is None:
                asking = form("What context should the prompt use?", context="string")
                return InputRequiredResult(input_requests={"user_context": asking})
            return _prompt(TextContent(text=f"The context is {context}."))
    raise MCPError(INVALID_PARAMS, f"There is no prompt {params.name}")


def _prompt(*contents: Any) -> GetPromptResult:
    return GetPromptResult(messages=[PromptMessage(role="user", content=content) for content in contents])


async def complete(ctx: Any, params: CompleteRequestParams) -> CompleteResult:
    await trio.lowlevel.checkpoint()
    found = [city for city in CITIES if city.startswith(params.argument.value)]
    return CompleteResult(completion=Completion(values=found, total=len(found), has_more=False))
