"""MCP's streamable HTTP on /mcp: every revision, with MCP sessions up to 2025-11-25, without from 2026-07-28.

A client of the older revisions that does not send its Mcp-Session-Id back is served without a session too:
each call says all that it needs.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

from mapsrv.asgi.message import (
    MAX_MESSAGE,
    Answer,
    Receive,
    Scope,
    header,
    read_body,
    replay,
)
from mapsrv.budget import Claim
from mapsrv.errors import TooMany
from mapsrv.transports.mcp_sse import UNCHECKED
from mapsrv.transports.serving import MakeServer, Serving

MAX_SESSIONS = 4_000  # each is two tasks and some queues; many clients never end theirs
IDLE_SECONDS = 3600.0  # a session without a request or a stream for this long is ended
MAX_CALLS = 1_000  # requests being served at once
METHODS = ("GET", "POST", "DELETE")


class HttpEndpoint:
    """The one address /mcp; made by open_http()."""

    def __init__(
        self, with_sessions: StreamableHTTPSessionManager, without: StreamableHTTPSessionManager
    ) -> None:
        self._with_sessions, self._without = with_sessions, without
        self._streams: set[Serving] = set()
        self._calls: set[Serving] = set()

    @property
    def active(self) -> int:
        """How many requests and streams are being served."""
        return len(self._streams) + len(self._calls)

    @property
    def waiting(self) -> int:
        """How many calls are not answered yet."""
        return len(self._calls)

    async def serve(self, scope: Scope, receive: Receive, answer: Answer, claim: Claim) -> None:
        """Serve one request; raises MapsrvError."""
        if scope["method"] not in METHODS:
            return await answer.give(405, {"allow": ", ".join(METHODS)})
        held, most = (self._streams, MAX_SESSIONS) if scope["method"] == "GET" else (self._calls, MAX_CALLS)
        if len(held) >= most:
            raise TooMany("This server answers as many MCP requests as it can. Try again.", retry_after=1)
        serving = Serving()
        held.add(serving)
        try:
            with serving.cancel:
                await self._serve(scope, serving.receive(receive), answer, claim)
        finally:
            held.discard(serving)
        await answer.end()

    async def _serve(self, scope: Scope, receive: Receive, answer: Answer, claim: Claim) -> None:
        if scope["method"] != "POST":
            return await self._with_sessions.handle_request(scope, receive, answer.send)
        body = await read_body(scope, receive, claim=claim)
        if body is None:
            return
        no_session = header(scope, "mcp-session-id") is None and not _is_initialize(body)
        manager = self._without if no_session else self._with_sessions
        await manager.handle_request(scope, replay(body, receive), answer.send)

    def streams(self) -> list[Serving]:
        """Return the open streams."""
        return list(self._streams)

    def serving(self) -> list[Serving]:
        """Return the open streams and the requests that are being answered."""
        return [*self._streams, *self._calls]


def _is_initialize(body: bytes) -> bool:
    try:
        message = json.loads(body)
    except (ValueError, RecursionError):
        return False
    return isinstance(message, dict) and message.get("method") == "initialize"


@asynccontextmanager
async def open_http(make_server: MakeServer) -> AsyncIterator[HttpEndpoint]:
    """Run /mcp for one Server; at the end all its sessions are ended."""
    server = make_server(None)
    with_sessions = StreamableHTTPSessionManager(
        server,
        security_settings=UNCHECKED,
        max_request_body_size=MAX_MESSAGE,
        session_idle_timeout=IDLE_SECONDS,
        max_sessions=MAX_SESSIONS,
    )
    without = StreamableHTTPSessionManager(
        server, stateless=True, security_settings=UNCHECKED, max_request_body_size=MAX_MESSAGE
    )
    async with with_sessions.run(), without.run():
        yield HttpEndpoint(with_sessions, without)
