"""A real MCP client that names itself Claude.

It calls in a thread of its own: what a call makes glow may be over before the client has hung up.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import trio
from mcp_types import CallToolResult

from tests.e2e.kit.server import Server
from tests.transports.kit.serving import connected

CALL_SECONDS = 30.0


def asked(server: Server, session_id: str, *calls: tuple[str, dict[str, Any]]) -> list[CallToolResult]:
    """Call tools on a map, one after the other, over one connection; return what came, refusals too."""

    async def main() -> list[CallToolResult]:
        with trio.fail_after(CALL_SECONDS):
            async with connected(server.url, "http-2025", name="Claude") as client:
                arguments = {"session_id": session_id}
                return [await client.call_tool(name, arguments | given) for name, given in calls]

    return trio.run(main)


def claude(server: Server, session_id: str, *calls: tuple[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """Call tools as asked() does; return what they answered. None may be refused."""
    answers = []
    for result in asked(server, session_id, *calls):
        assert not result.is_error, json.dumps([item.model_dump() for item in result.content], default=str)
        answers.append(result.structured_content or {})
    return answers


@contextmanager
def calling(server: Server, session_id: str, *calls: tuple[str, dict[str, Any]]) -> Iterator[None]:
    """Have Claude call while the caller looks; at the end it must have been answered."""
    with ThreadPoolExecutor(1) as thread:
        answered = thread.submit(claude, server, session_id, *calls)
        yield
        answered.result()
