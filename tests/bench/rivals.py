"""What a user would write instead of mapsrv, as small as it can be: `python -m tests.bench.rivals KIND PORT`.

`broadcast`: Starlette, sse-starlette and uvicorn; a queue for each client, no store, no check, no replay.
`shared`: the same with all maps in a Redis, whose address follows the port; see naive.py.
`http`, `sse`, `stdio`: the MCP SDK's own server with one tool that does nothing.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any


def broadcast_app() -> Any:
    """Return the ASGI application."""
    from sse_starlette import EventSourceResponse
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import JSONResponse
    from starlette.routing import Route

    queues: set[asyncio.Queue[dict[str, str]]] = set()

    async def stream() -> AsyncIterator[dict[str, str]]:  # noqa: ASYNC900 (as its readme has it)
        queue: asyncio.Queue[dict[str, str]] = asyncio.Queue()
        queues.add(queue)
        try:
            yield {"event": "snapshot", "data": "{}"}
            while True:
                yield await queue.get()
        finally:
            queues.discard(queue)

    async def events(_request: Request) -> EventSourceResponse:  # noqa: ASYNC124 (a plain one gets a thread)
        return EventSourceResponse(stream())

    async def commands(request: Request) -> JSONResponse:
        asked = await request.json()
        at = datetime.now(UTC).isoformat(timespec="milliseconds")
        body = {"at": at, "origin": {"kind": "person", "id": "anonymous", "name": ""}, "ops": [asked]}
        message = {"event": "event", "data": json.dumps(body)}
        for queue in queues:
            queue.put_nowait(message)
        return JSONResponse({"viewers": len(queues)})

    return Starlette(routes=[Route("/events", events), Route("/commands", commands, methods=["POST"])])


def main(kind: str, port: int, *words: str) -> None:
    """Serve until ended."""
    if kind in ("broadcast", "shared"):
        import uvicorn

        from tests.bench.naive import shared_app

        app = broadcast_app() if kind == "broadcast" else shared_app(*words)
        uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning")
        return

    from mcp.server.mcpserver import MCPServer

    server = MCPServer("nothing", log_level="WARNING")

    @server.tool()
    def set_map_view(zoom: float, session_id: str = "") -> dict[str, float]:
        """Do nothing."""
        return {"zoom": zoom}

    if kind == "stdio":
        server.run("stdio")
    else:
        server.run("sse" if kind == "sse" else "streamable-http", host="127.0.0.1", port=port)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), *sys.argv[3:])
