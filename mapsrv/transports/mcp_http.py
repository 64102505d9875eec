"""MCP's streamable HTTP on /mcp: every revision, and nothing of a client is kept between two requests.

Up to 2025-11-25 `initialize` opens an MCP session. Here that is an id which says all that later calls need
of it (signed_session_id.py): any process with the key serves them, none remembers them, and so none is to
be ended or swept. A client that does not send its id back is served too: each call says all that it needs.
From 2026-07-28 on there are no MCP sessions, and what a client sends of one is passed over.

Since nothing is ever said but in answer to a POST, there is no stream to GET and no session to DELETE: both
are 405, as the specification has it for servers that offer neither (2025-11-25, basic/transports).

A server that says nothing before it answers is served in the SDK's JSON mode: an answer is one body then.
As a stream it would cost three tasks, a heartbeat and an end of its own, for a single event: half of a
small call. So would the SDK's manager for a revision with sessions, hence one_exchange.py. In that mode
nobody looks whether the client is still there. To wait for that takes a task too, so it is done for calls
alone that last, found by a sweep. The work ends with its own POST.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import trio
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.server.transport_security import TransportSecuritySettings
from mcp_types.version import HANDSHAKE_PROTOCOL_VERSIONS

from mapsrv.asgi.message import (
    MAX_MESSAGE,
    MCP_CLIENT,
    Answer,
    Message,
    Receive,
    Scope,
    Send,
    header,
    read_body,
    replay,
)
from mapsrv.budget import Claim
from mapsrv.errors import TooMany
from mapsrv.transports.one_exchange import request_of, serve_request
from mapsrv.transports.serving import MakeServer, Serving
from mapsrv.transports.signed_session_id import Seal, Told

MAX_CALLS = 1_000  # requests being served at once
SWEEP_SECONDS = 1.0  # a call that is met by two sweeps is slow: from then on its client may leave it
UNCHECKED = TransportSecuritySettings(enable_dns_rebinding_protection=False)  # the origin guard has checked
SESSION_HEADER = "mcp-session-id"

log = logging.getLogger("mapsrv.mcp")


class HttpEndpoint:
    """The one address /mcp; made by open_http()."""

    def __init__(self, manager: StreamableHTTPSessionManager, seal: Seal, state: Any) -> None:
        self._manager, self._seal, self._state = manager, seal, state
        self._calls: dict[Serving, Receive] = {}

    @property
    def active(self) -> int:
        """How many requests are being served."""
        return len(self._calls)

    async def serve(self, scope: Scope, receive: Receive, answer: Answer, claim: Claim) -> None:
        """Serve one request; raises MapsrvError."""
        if scope["method"] != "POST":
            return await answer.give(405, {"allow": "POST"})
        if len(self._calls) >= MAX_CALLS:
            raise TooMany("This server answers as many MCP requests as it can. Try again.", retry_after=1)
        self._read_session(scope)
        serving = Serving()
        self._calls[serving] = until_left = serving.receive(receive)
        try:
            with serving.cancel:
                body = await read_body(scope, receive, claim=claim)  # its wait has an end of its own
                if body is not None:
                    serving.is_read = False
                    await self._serve(scope, replay(body, until_left), body, answer)
        finally:
            del self._calls[serving]
            await serving.unwatch()  # noqa: ASYNC102 (shielded)
        await answer.end()

    async def _serve(self, scope: Scope, receive: Receive, body: bytes, answer: Answer) -> None:
        manager = self._manager
        request = request_of(scope, body) if manager.json_response else None
        if request is not None:
            await serve_request(manager.app, self._state, request, scope, answer)
        else:
            await manager.handle_request(scope, receive, self._opening(body, answer.send))

    def _read_session(self, scope: Scope) -> None:
        """Put who calls into the scope, where the request is of an MCP session; raises NotFound."""
        given, revision = header(scope, SESSION_HEADER), header(scope, "mcp-protocol-version")
        if given is None or (revision is not None and revision not in HANDSHAKE_PROTOCOL_VERSIONS):
            return
        told = self._seal.open(given, time.time())
        scope["extensions"] = {**scope.get("extensions", {}), MCP_CLIENT: told.name}

    def _opening(self, body: bytes, send: Send) -> Send:
        """Return what sends an answer; that to `initialize` with the id of a new MCP session."""
        client = _initializing(body)
        if client is None:
            return send
        name, version = client

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] == 200:
                sealed = self._seal.seal(Told(name, version, time.time()))
                line = (SESSION_HEADER.encode(), sealed.encode())
                message = {**message, "headers": [*message["headers"], line]}
                log.info("mcp=begun")  # and never ended: nothing of it is kept here
            await send(message)

        return send_with_id

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

    def serving(self) -> list[Serving]:
        """Return the requests that are being answered."""
        return list(self._calls)


def _initializing(body: bytes) -> tuple[str, str] | None:
    """Return the client's name and version, as far as they can be read, of a message that initializes."""
    if b"initialize" not in body and b"\\u" not in body:
        return None  # however it is spelled: most need not be parsed for this
    try:
        message = json.loads(body)
    except (ValueError, RecursionError):
        return None
    match message:
        case {"method": "initialize", "params": {"clientInfo": {"name": str(name), **more}}}:
            version = more.get("version")
            return name, version if isinstance(version, str) else ""
        case {"method": "initialize"}:
            return "", ""
    return None


@asynccontextmanager
async def open_http(
    make_server: MakeServer, *, json_response: bool, seal: Seal
) -> AsyncIterator[HttpEndpoint]:
    """Run /mcp for one Server; at the end what it still does is cancelled."""
    server = make_server(None)
    manager = StreamableHTTPSessionManager(
        server,
        json_response=json_response,
        stateless=True,
        security_settings=UNCHECKED,
        max_request_body_size=MAX_MESSAGE,
    )
    async with server.lifespan(server) as state, manager.run(), trio.open_nursery() as nursery:
        endpoint = HttpEndpoint(manager, seal, state)
        if json_response:
            nursery.start_soon(endpoint.watch_the_slow)
        yield endpoint
        nursery.cancel_scope.cancel()
