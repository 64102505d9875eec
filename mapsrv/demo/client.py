"""A real MCP client, connected over any of the three transports."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
from mcp.client import Client
from mcp.client.sse import sse_client
from mcp.client.stdio import StdioServerParameters
from mcp.client.streamable_http import streamable_http_client

from mapsrv.config import Config
from mapsrv.errors import MapsrvError
from mapsrv.local.start import environment

CALL_SECONDS = 60.0
NAME = "Demo"
PATHS = {"sse": "/sse", "http": "/mcp"}


async def call(client: Client, tool: str, **arguments: Any) -> dict[str, Any]:
    """Return a tool's structured result. Raises MapsrvError with what the tool refused."""
    result = await client.call_tool(tool, arguments, read_timeout_seconds=CALL_SECONDS)
    if result.is_error:
        raise MapsrvError(" ".join(getattr(item, "text", "") for item in result.content))
    return dict(result.structured_content or {})


def arguments(config: Config) -> list[str]:
    """Return the command line of a `mapsrv stdio` of its own; the store is in the environment."""
    folder = str(config.data_dir.absolute())
    opens = "--open" if config.open else "--no-open"
    return ["stdio", opens, "--data-dir", folder, "--host", config.host, "--port", str(config.port)]


@asynccontextmanager
async def open_client(config: Config, url: str | None, headers: dict[str, str]) -> AsyncIterator[Client]:
    """Connect to the server at `url`; over stdio, or without one, to a `mapsrv stdio` of its own."""
    if url is None or config.transport == "stdio":
        stdio = StdioServerParameters(
            command=sys.executable, args=["-m", "mapsrv", *arguments(config)], env=environment(config)
        )
        async with Client(stdio) as client:
            yield client
        return
    at = f"{url}{PATHS[config.transport]}?name={NAME}"
    if config.transport == "sse":
        async with Client(sse_client(at, headers, httpx_client_factory=_http), mode="legacy") as client:
            yield client
        return
    async with _http(headers) as http, Client(streamable_http_client(at, http_client=http)) as client:
        yield client


def _http(
    headers: dict[str, str] | None = None,
    timeout: httpx2.Timeout | None = None,
    auth: httpx2.Auth | None = None,
) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(headers=headers, timeout=timeout or CALL_SECONDS, auth=auth, trust_env=False)
