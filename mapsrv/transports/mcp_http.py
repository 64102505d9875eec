"""MCP's streamable HTTP on /mcp: every revision, with MCP sessions up to 2025-11-25, without from 2026-07-28.

A client of the older revisions that does not send its Mcp-Session-Id back is served without a session too:
each call says all that it needs.

A server that says nothing before it answers is served in the SDK's JSON mode: an answer is one body then,
made in the request's own task. As a stream it would cost three tasks, a heartbeat and an end of its own,
for a single event: half of a small call. In that mode the SDK does not look whether the client is still
there. To wait for that takes a task too, so it is done for calls alone that last, found by a sweep.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import trio
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.server.transport_security import TransportSecuritySettings

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
from mapsrv.transports.serving import MakeServer, Serving

UNCHECKED = TransportSecuritySettings(enable_dns_rebinding_protection=False)  # the OriginGuard has checked

MAX_SESSIONS = 4_000  # each is two tasks and some queues; many clients never end theirs
IDLE_SECONDS = 3600.0  # a session without a request or a stream for this long is ended
MAX_CALLS = 1_000  # requests being served at once
METHODS = ("GET", "POST", "DELETE")
SWEEP_SECONDS = 1.0  # a call that is met by two sweeps is slow: from then on its client may leave it


class HttpEndpoint:
    """The one address /mcp; made by open_http()."""

    def __init__(
        self, with_sessions: StreamableHTTPSessionManager, without: StreamableHTTPSessionManager
    ) -> None:
        self._with_sessions, self._without = with_sessions, without
        self._streams: set[Serving] = set()
        self._calls: dict[Serving, Receive] = {}

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
        if scope["method"] == "GET":
            await self._stream(scope, receive, answer)
        else:
            await self._call(scope, receive, answer, claim)
        await answer.end()

    async def _stream(self, scope: Scope, receive: Receive, answer: Answer) -> None:
        serving = Serving()
        _check_room(len(self._streams), MAX_SESSIONS)
        self._streams.add(serving)
        try:
            with serving.cancel:
                until_left = serving.receive(receive)
                await self._with_sessions.handle_request(scope, until_left, answer.send)
        finally:
            self._streams.discard(serving)

    async def _call(self, scope: Scope, receive: Receive, answer: Answer, claim: Claim) -> None:
        serving = Serving()
        until_left = serving.receive(receive)
        _check_room(len(self._calls), MAX_CALLS)
        self._calls[serving] = until_left
        try:
            with serving.cancel:
                await self._serve(scope, receive, serving, answer, claim)
        finally:
            del self._calls[serving]
            await serving.unwatch()  # noqa: ASYNC102 (shielded)

    async def _serve(
        self, scope: Scope, receive: Receive, serving: Serving, answer: Answer, claim: Claim
    ) -> None:
        until_left = self._calls[serving]
        if scope["method"] != "POST":
            return await self._with_sessions.handle_request(scope, until_left, answer.send)
        body = await read_body(scope, receive, claim=claim)  # its wait has an end of its own
        if body is None:
            return
        serving.is_read = False
        no_session = header(scope, "mcp-session-id") is None and not _is_initialize(body)
        manager = self._without if no_session else self._with_sessions
        await manager.handle_request(scope, replay(body, until_left), answer.send)

    async def watch_the_slow(self) -> None:
        """Find out, for ever, whose clients have left. The SDK itself does so where it answers by streams."""
        async with trio.open_nursery() as nursery:
            while True:
                await trio.sleep(SWEEP_SECONDS)
                self.sweep(nursery)

    def sweep(self, nursery: trio.Nursery) -> None:
        """Have those watched that an earlier sweep has met."""
        for serving, until_left in self._calls.items():
            if serving.is_slow and not serving.is_read:
                serving.watch(nursery, until_left)
            serving.is_slow = True

    def streams(self) -> list[Serving]:
        """Return the open streams."""
        return list(self._streams)

    def serving(self) -> list[Serving]:
        """Return the open streams and the requests that are being answered."""
        return [*self._streams, *self._calls]


def _check_room(taken: int, most: int) -> None:
    if taken >= most:
        raise TooMany("This server answers as many MCP requests as it can. Try again.", retry_after=1)


def _is_initialize(body: bytes) -> bool:
    if b"initialize" not in body and b"\\u" not in body:
        return False  # however it is spelled: most need not be parsed for this
    try:
        message = json.loads(body)
    except (ValueError, RecursionError):
        return False
    return isinstance(message, dict) and message.get("method") == "initialize"


@asynccontextmanager
async def open_http(make_server: MakeServer, *, json_response: bool) -> AsyncIterator[HttpEndpoint]:
    """Run /mcp for one Server; at the end all its sessions are ended."""
    server = make_server(None)
    with_sessions = StreamableHTTPSessionManager(
        server,
        json_response=json_response,
        security_settings=UNCHECKED,
        max_request_body_size=MAX_MESSAGE,
        session_idle_timeout=IDLE_SECONDS,
        max_sessions=MAX_SESSIONS,
    )
    without = StreamableHTTPSessionManager(
        server,
        json_response=json_response,
        stateless=True,
        security_settings=UNCHECKED,
        max_request_body_size=MAX_MESSAGE,
    )
    endpoint = HttpEndpoint(with_sessions, without)
    async with with_sessions.run(), without.run(), trio.open_nursery() as nursery:
        if json_response:
            nursery.start_soon(endpoint.watch_the_slow)
        yield endpoint
        nursery.cancel_scope.cancel()
