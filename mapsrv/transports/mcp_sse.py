"""MCP's HTTP+SSE transport: GET /sse opens a stream, POST /messages sends to it, answers come on the stream.

One Server a stream, made with the request that opened it: its query and headers hold for all its calls.
"""

from __future__ import annotations

import re
from typing import Any

from mcp.server.sse import SseServerTransport
from mcp_types import JSONRPCNotification, JSONRPCRequest, jsonrpc_message_adapter

from mapsrv.asgi.message import (
    MAX_MESSAGE,
    Answer,
    Receive,
    Scope,
    Send,
    read_body,
    replay,
)
from mapsrv.budget import Claim
from mapsrv.change import Change
from mapsrv.errors import BadRequest, MalformedJson, NotFound, TooMany
from mapsrv.transports.mcp_http import UNCHECKED
from mapsrv.transports.serving import MakeServer, Serving

MAX_STREAMS = 500  # held at once; a model has one, and each costs a server's handful of tasks
MAX_WAITING = 100  # calls of one stream that are not answered; more is a client that does not read

_SESSION = re.compile(rb"session_id=([0-9a-f]{32})")
_QUERY = re.compile(rb"(?:^|&)session_id=([0-9a-fA-F-]{32,36})(?:&|$)")
_ANSWER = re.compile(rb'event: message\r?\ndata: \{"jsonrpc":"2\.0","id":(-?\d+|"[^"]*")')


class Stream(Answer, Serving):
    """The answer to one GET /sse. Its id is the one that the SDK gave in the endpoint event."""

    def __init__(self, send: Send) -> None:
        Answer.__init__(self, send)
        Serving.__init__(self)
        self.id: str | None = None

    async def send_noting(self, message: Any, streams: dict[str, Stream]) -> None:
        """Send, noting what goes out: the id at first, then one answer less to wait for."""
        body = message.get("body", b"")
        if self.id is None and (found := _SESSION.search(body)):
            self.id = found[1].decode()
            streams[self.id] = self
        await self.send(message)
        if found := _ANSWER.match(body):
            self.waiting.discard(found[1].decode().strip('"'))

    def note(self, message: Any) -> None:
        """Note what came in: a call will be answered, but for one that its caller cancels."""
        match message:
            case JSONRPCRequest():
                self.waiting.add(str(message.id))
            case JSONRPCNotification(method="notifications/cancelled"):
                self.waiting.discard(str((message.params or {}).get("requestId")))


class SseEndpoints:
    """GET /sse and POST /messages."""

    def __init__(self, make_server: MakeServer, answered: Change) -> None:
        self._make_server = make_server
        self._answered = answered
        self._transport = SseServerTransport("/messages", UNCHECKED, MAX_MESSAGE)
        self._streams: dict[str, Stream] = {}
        self._open: set[Stream] = set()

    @property
    def active(self) -> int:
        """How many streams are open."""
        return len(self._open)

    @property
    def waiting(self) -> int:
        """How many calls are not answered yet."""
        return sum(len(stream.waiting) for stream in self._open)

    async def open(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve GET /sse until the client leaves or is told to; raises TooMany."""
        if len(self._open) >= MAX_STREAMS:
            raise TooMany("This server holds as many MCP streams as it can. Try later.", retry_after=10)
        stream = Stream(send)
        self._open.add(stream)
        try:
            with stream.cancel:
                await self._serve(scope, stream.receive(receive), stream)
        finally:
            self._open.discard(stream)
            self._streams.pop(stream.id or "", None)
        await stream.end()

    async def _serve(self, scope: Scope, receive: Receive, stream: Stream) -> None:
        async def send(message: Any) -> None:
            await stream.send_noting(message, self._streams)
            self._answered.tell()

        server = self._make_server(scope)
        async with self._transport.connect_sse(scope, receive, send) as (read, write):
            await server.run(read, write, server.create_initialization_options())

    async def post(self, scope: Scope, receive: Receive, answer: Answer, claim: Claim) -> None:
        """Serve POST /messages; raises MapsrvError."""
        found = _QUERY.search(scope["query_string"])
        if found is None:
            raise BadRequest("POST to the address in the stream's endpoint event: session_id is missing.")
        stream = self._streams.get(found[1].decode().replace("-", "").lower())
        if stream is None:
            raise NotFound("There is no such MCP stream here (any more). Open GET /sse again.")
        if len(stream.waiting) >= MAX_WAITING:
            raise TooMany(f"{MAX_WAITING} calls of this stream wait. Read some answers first.", retry_after=1)
        body = await read_body(scope, receive, claim=claim)
        if body is None:
            return
        stream.note(_parsed(body))
        self._answered.tell()
        await self._transport.handle_post_message(scope, replay(body, receive), answer.send)

    def serving(self) -> list[Serving]:
        """Return the open streams."""
        return list(self._open)


def _parsed(body: bytes) -> Any:
    """Return a JSON-RPC message as the SDK will read it; the SDK itself logs a traceback for a bad one."""
    try:
        return jsonrpc_message_adapter.validate_json(body, by_name=False)
    except ValueError:
        raise MalformedJson("The message is not one JSON-RPC 2.0 object; batches are not taken.") from None
