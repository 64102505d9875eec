"""What a user would write instead of mapsrv, as small as it can be: `python -m tests.bench.rivals KIND PORT`.

`stream`: Starlette's StreamingResponse on uvicorn with uvloop and httptools; the bytes of an event are
made once and shared by all viewers. No store, no check, no replay.
`shared`: Starlette, sse-starlette and all maps in a Redis, whose address follows the port; see naive.py.
`http`, `sse`, `stdio`: the MCP SDK's own server with one tool that does nothing.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any


def stream_app() -> Any:
    """Return the ASGI application."""
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import JSONResponse, StreamingResponse
    from starlette.routing import Route

    queues: set[asyncio.Queue[bytes]] = set()

    async def stream() -> AsyncIterator[bytes]:  # noqa: ASYNC900 (as its documents have it)
        queue: asyncio.Queue[bytes] = asyncio.Queue()
        queues.add(queue)
        try:
            yield b"event: snapshot\ndata: {}\n\n"
            while True:
                yield await queue.get()
        finally:
            queues.discard(queue)

    async def events(_request: Request) -> StreamingResponse:  # noqa: ASYNC124 (a plain one gets a thread)
        return StreamingResponse(stream(), media_type="text/event-stream")

    async def commands(request: Request) -> JSONResponse:
        asked = await request.json()
        at = datetime.now(UTC).isoformat(timespec="milliseconds")
        body = {"at": at, "origin": {"kind": "person", "id": "anonymous", "name": ""}, "ops": [asked]}
        frame = f"event: event\ndata: {json.dumps(body)}\n\n".encode()
        for queue in queues:
            queue.put_nowait(frame)
        return JSONResponse({"viewers": len(queues)})

    return Starlette(routes=[Route("/events", events), Route("/commands", commands, methods=["POST"])])


def main(kind: str, port: int, *words: str) -> None:
    """Serve until ended."""
    if kind in ("stream", "shared"):
        import uvicorn

        from tests.bench.naive import shared_app

        app = stream_app() if kind == "stream" else shared_app(*words)
        fast: Any = {"loop": "uvloop", "http": "httptools"} if kind == "stream" else {}
        uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning", **fast)
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
