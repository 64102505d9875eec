"""A request of the older revisions over /mcp, served in its own task: one in, one JSON body out.

For each such request the SDK's manager makes a transport, a dispatcher and four tasks, which cost more than
a small call itself; for 2026-07-28 it calls the server's handler straight. Without MCP sessions the older
ones need no more than that. Only what is in good order is served here. What is to be refused, is no request,
or opens a session is left to the manager, which alone knows how: nothing is decided twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import anyio
import trio
from mcp.server.connection import Connection
from mcp.server.lowlevel import Server
from mcp.server.runner import modern_error_data, serve_one
from mcp.shared.dispatcher import CallOptions
from mcp.shared.exceptions import NoBackChannelError
from mcp.shared.message import MessageMetadata, ServerMessageMetadata
from mcp.shared.transport_context import TransportContext
from mcp_types import (
    DEFAULT_NEGOTIATED_VERSION,
    JSONRPCError,
    JSONRPCRequest,
    JSONRPCResponse,
    RequestId,
    jsonrpc_message_adapter,
)
from mcp_types.version import HANDSHAKE_PROTOCOL_VERSIONS

from mapsrv.asgi.message import Answer, Scope, header, media_type

JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Requested:
    """What a tool sees of the HTTP request."""

    scope: Scope


@dataclass(slots=True)
class OneExchange:
    """The SDK's DispatchContext of one request: nothing can be said or asked before its answer."""

    transport: TransportContext
    request_id: RequestId
    message_metadata: MessageMetadata
    can_send_request: bool = False
    cancel_requested: anyio.Event = field(default_factory=anyio.Event)  # never: who cancels closes the POST

    async def send_raw_request(
        self, method: str, params: Mapping[str, Any] | None, opts: CallOptions | None = None
    ) -> dict[str, Any]:
        """Refuse to ask the client anything."""
        await trio.lowlevel.checkpoint()
        raise NoBackChannelError(method)

    async def notify(
        self, method: str, params: Mapping[str, Any] | None, opts: CallOptions | None = None
    ) -> None:
        """Drop a notification: a JSON body has room for the answer alone."""
        await trio.lowlevel.checkpoint()

    async def progress(self, progress: float, total: float | None = None, message: str | None = None) -> None:
        """Drop it likewise."""
        await trio.lowlevel.checkpoint()


def request_of(scope: Scope, body: bytes) -> JSONRPCRequest | None:
    """Return the request where it is one to be served here."""
    accepted = (header(scope, "accept") or "").lower()
    revision = header(scope, "mcp-protocol-version")
    known = revision is None or revision in HANDSHAKE_PROTOCOL_VERSIONS
    if not known or media_type(scope) != JSON or JSON not in accepted:
        return None
    try:
        message = jsonrpc_message_adapter.validate_json(body, by_name=False)
    except ValueError:
        return None
    return message if isinstance(message, JSONRPCRequest) and message.method != "initialize" else None


async def serve_request(
    server: Server[Any], state: Any, request: JSONRPCRequest, scope: Scope, answer: Answer
) -> None:
    """Answer a request with what the server says to it. `state` is that of the server's lifespan."""
    revision = header(scope, "mcp-protocol-version") or DEFAULT_NEGOTIATED_VERSION
    context = OneExchange(
        TransportContext(kind="streamable-http", can_send_request=False),
        request.id,
        ServerMessageMetadata(request_context=Requested(scope)),
    )
    connection = Connection.from_envelope(revision, None, None)
    said: JSONRPCResponse | JSONRPCError
    try:
        result = await serve_one(
            server, context, request.method, request.params, connection=connection, lifespan_state=state
        )
        said = JSONRPCResponse(jsonrpc="2.0", id=request.id, result=result)
    except Exception as error:
        said = JSONRPCError(jsonrpc="2.0", id=request.id, error=modern_error_data(error))
    body = said.model_dump_json(by_alias=True, exclude_unset=True).encode()
    await answer.give(200, {"content-type": JSON}, body)
