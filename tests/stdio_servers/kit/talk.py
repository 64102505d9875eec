"""A server by its very command line, as a bridge starts it, and the MCP SDK's client that talks to it."""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import trio
from mcp import StdioServerParameters
from mcp.client import Client

WATCHDOG_SECONDS = 60.0  # real ones; only a fault takes so long


def command(module: str) -> list[str]:
    return [sys.executable, "-m", f"mapsrv.stdio_servers.{module}"]


def environment(**more: str) -> dict[str, str]:
    """What a child gets: little, as from a bridge, and where Python finds mapsrv."""
    kept = ("PATH", "HOME", "PYTHONPATH", "PYTHONSAFEPATH")
    return {name: os.environ[name] for name in kept if name in os.environ} | more


@asynccontextmanager
async def talking(module: str, mode: Any = "auto", **env: str) -> AsyncIterator[Client]:
    """Start a server and connect to it; `mode` is a revision, or the client's own word for several."""
    program, *args = command(module)
    parameters = StdioServerParameters(command=program, args=args, env=environment(**env))
    with trio.fail_after(WATCHDOG_SECONDS):
        async with Client(parameters, mode=mode, cache=None) as client:
            yield client


async def ask(client: Client, name: str, **arguments: Any) -> Any:
    """Return what a tool answers, structured; raises AssertionError with its words where it refuses."""
    result = await client.call_tool(name, arguments)
    assert not result.is_error, result.content[0].text
    return result.structured_content


async def refused(client: Client, name: str, **arguments: Any) -> str:
    """Return the words in which a tool refuses."""
    result = await client.call_tool(name, arguments)
    assert result.is_error and result.structured_content is None
    return result.content[0].text


async def ended(module: str, **env: str) -> tuple[int, str, str]:
    """Run a server on an empty stdin; return its exit code, stdout and stderr."""
    with trio.fail_after(WATCHDOG_SECONDS):
        ran = await trio.run_process(
            command(module), capture_stdout=True, capture_stderr=True, check=False, env=environment(**env)
        )
    return ran.returncode, ran.stdout.decode(), ran.stderr.decode()
