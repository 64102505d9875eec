"""Real servers from npm and PyPI behind the bridge, called by the MCP SDK's client each way in each mode."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.bridge.real.conftest import MODES
from tests.bridge.real.kit.bridging import WAYS, Bridge, said, talking, tools
from tests.transports.kit.serving import CLIENT_LEAKS, serving

pytestmark = [CLIENT_LEAKS, pytest.mark.parametrize("way", WAYS), pytest.mark.parametrize("mode", MODES)]


async def test_filesystem(bridge: Bridge, folder: Path, mode: str, way: str) -> None:
    path = folder / f"{mode}-{way}.txt"
    async with talking(f"{bridge.url}/servers/filesystem-{mode}", way) as client:
        assert {"read_text_file", "write_file"} <= await tools(client)
        await said(client, "write_file", path=str(path), content="Grüße\n")
        assert path.read_text(encoding="utf-8") == "Grüße\n"
        assert "denied" in await said(client, "read_text_file", path="/etc/hostname")


async def test_memory(bridge: Bridge, mode: str, way: str) -> None:
    entity = {"name": way, "entityType": "way", "observations": ["seen"]}
    async with talking(f"{bridge.url}/servers/memory-{mode}", way) as client:
        assert len(await tools(client)) == 9
        result = await client.call_tool("create_entities", {"entities": [entity]})
        assert result.structured_content == {"entities": [entity]}
        assert way in await said(client, "read_graph")


async def test_everything(bridge: Bridge, mode: str, way: str) -> None:
    async with talking(f"{bridge.url}/servers/everything-{mode}", way) as client:
        assert {"echo", "get-sum", "get-tiny-image"} <= await tools(client)
        assert await said(client, "echo", message="hej") == "Echo: hej"
        image = await client.call_tool("get-tiny-image", {})
        assert {part.type for part in image.content} == {"text", "image"}


async def test_fetch(bridge: Bridge, mode: str, way: str) -> None:
    async with talking(f"{bridge.url}/servers/fetch-{mode}", way) as client:
        assert await tools(client) == {"fetch"}
        async with serving(page) as url:
            assert "Matterhorn, 4478 m" in await said(client, "fetch", url=url)


async def page(scope: Any, _receive: Any, send: Any) -> None:
    """An ASGI app: a page, and nothing about robots."""
    status, body = 404, b""
    if scope["path"] != "/robots.txt":
        status, body = 200, b"<html><body><article><p>Matterhorn, 4478 m</p></article></body></html>"
    head = {"type": "http.response.start", "status": status, "headers": [(b"content-type", b"text/html")]}
    await send(head)
    await send({"type": "http.response.body", "body": body})
