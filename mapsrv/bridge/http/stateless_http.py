"""MCP's streamable HTTP from 2026-07-28 on: a POST is a whole call, with who calls and what it can do in it.

There are no sessions: all such callers share one child. Closing the response's stream cancels the call.
"""

from __future__ import annotations

from typing import Any, Protocol, TypeAlias

import trio
from mcp.shared.inbound import (
    ERROR_CODE_HTTP_STATUS,
    NAME_BEARING_METHODS,
    InboundLadderRejection,
    classify_inbound_request,
    find_duplicated_routing_header,
)
from msgspec import UNSET

from mapsrv.asgi.event_buffer import Reader
from mapsrv.asgi.event_stream import begin, copy, open_watch
from mapsrv.asgi.message import Answer, Receive, Scope, header
from mapsrv.bridge import json_rpc
from mapsrv.bridge.children.exit_status import ChildEnded
from mapsrv.bridge.http.posted import JSON_SECONDS
from mapsrv.bridge.json_rpc import Message
from mapsrv.bridge.multiplexer.client_port import ClientPort, Deliver
from mapsrv.bridge.multiplexer.message_guard import check
from mapsrv.bridge.revisions import modern_to_legacy
from mapsrv.bridge.revisions.handshake import is_modern
from mapsrv.bridge.revisions.input_required import InputRequired
from mapsrv.bridge.revisions.listen_at_legacy import MAX_URIS, ListenAtLegacy
from mapsrv.bridge.revisions.modern_at_modern import ModernAtModern
from mapsrv.bridge.revisions.modern_call import ModernCall, ModernRequest
from mapsrv.bridge.revisions.vocabulary import (
    DISCOVER,
    LISTEN,
    MODERN,
    URIS,
    member,
    outer,
    plain,
)
from mapsrv.errors import BadRequest
from mapsrv.wire.sse import comment

HEADER_MISMATCH, UNSUPPORTED_VERSION = -32020, -32022

Call: TypeAlias = ModernCall | ModernAtModern | ListenAtLegacy


class StatelessChild(Protocol):
    """A child that callers share, started and started again."""

    async def ready(self) -> Message:
        """Return what revisions.handshake.negotiate() did. Raises ChildEnded."""

    def join(self, deliver: Deliver) -> ClientPort:
        """Return a port at it."""


class Served(Protocol):
    """A server, as far as it is served here. Something has to call pending_input.sweep() now and then."""

    @property
    def pending_input(self) -> InputRequired:
        """Its calls that wait for their clients."""

    def stateless_child(self) -> StatelessChild:
        """Return its shared child."""


class Refused(Exception):
    """A request is answered with this error and nothing else."""

    def __init__(self, code: int, message: str, data: Any = None) -> None:
        super().__init__(message)
        self.code, self.message, self.data = code, message, data


async def serve(service: Served, message: Message, scope: Scope, receive: Receive, answer: Answer) -> None:
    """Serve a POST. Raises MapsrvError before it is answered."""
    try:
        _check(scope, message)
        if message.is_request:
            return await _serve(service, message, receive, answer)
        await answer.give(202)  # a client's notifications mean nothing here
    except Refused as error:
        id_ = message.id if message.is_request else None
        await _say(json_rpc.failure(id_, error.code, error.message, error.data), answer)


def _check(scope: Scope, message: Message) -> None:
    """Raise Refused where headers and body disagree, or the revision is not spoken here."""
    version = header(scope, "mcp-protocol-version")
    if message.is_answer or (message.is_request and not isinstance(message.id, int | str)):
        raise Refused(
            json_rpc.INVALID_REQUEST, "Send a request with an id (a string or an integer), or a notification."
        )
    if not message.is_request:
        if version not in MODERN:
            told = {"supported": list(MODERN), "requested": version or ""}
            raise Refused(UNSUPPORTED_VERSION, "This revision is not spoken here.", told)
        return
    try:
        check(message, *filter(None, [NAME_BEARING_METHODS.get(str(message.method))]))
    except BadRequest as error:
        raise Refused(json_rpc.INVALID_PARAMS, error.message) from None
    headers = [(key.decode("latin-1").lower(), value.decode("latin-1")) for key, value in scope["headers"]]
    if (twice := find_duplicated_routing_header(headers)) is not None:
        raise Refused(HEADER_MISMATCH, f"The header {twice} is there twice.")
    told_body = {
        "method": message.method,
        "params": plain(message.params) if message.params is not UNSET else None,
    }
    verdict = classify_inbound_request(told_body, headers=dict(headers))
    if isinstance(verdict, InboundLadderRejection):
        raise Refused(verdict.code, verdict.message, verdict.data)


async def _serve(service: Served, message: Message, receive: Receive, answer: Answer) -> None:
    """Serve a request that is in order, until it is answered or its client has left."""
    service.pending_input.check_room()
    service.pending_input.open += 1
    try:
        stateless_child = service.stateless_child()
        greeting = await stateless_child.ready()
        if greeting.result is UNSET:
            why = plain(outer(greeting.error).get("message"))
            raise ChildEnded(f"The server takes neither initialize nor server/discover: {why}", retry_after=5)
        if message.method == DISCOVER and not is_modern(greeting):
            told = json_rpc.answer(message.id, modern_to_legacy.discovered(outer(greeting.result)))
            return await _say(told, answer)
        await _call(_call_for(service, stateless_child, greeting, message), message, receive, answer)
    finally:
        service.pending_input.open -= 1


def _call_for(service: Served, stateless_child: StatelessChild, greeting: Message, message: Message) -> Call:
    """Return what does it. Raises Refused."""
    if is_modern(greeting):
        return ModernAtModern(stateless_child.join, message)
    method, params, told = str(message.method), outer(message.params), outer(greeting.result)
    if method in modern_to_legacy.GONE:
        raise Refused(json_rpc.METHOD_NOT_FOUND, f"There is no {method} in this revision.")
    if method == LISTEN:
        wanted = modern_to_legacy.honoured(member(params, "notifications"), member(told, "capabilities"))
        if len(wanted.get(URIS, ())) > MAX_URIS:
            raise Refused(
                json_rpc.INVALID_PARAMS, f"Listen to {MAX_URIS} resources at most; open more streams."
            )
        return ListenAtLegacy(stateless_child.join, wanted)
    if "requestState" in params:
        held = service.pending_input.take(plain(params["requestState"]), method, params)
        if held is None:
            raise Refused(json_rpc.INVALID_PARAMS, "No such call waits (any more) for answers. Make it anew.")
        return held
    return ModernCall(
        stateless_child.join, method, params, plain(told.get("serverInfo")), service.pending_input
    )


async def _call(call: Call, message: Message, receive: Receive, answer: Answer) -> None:
    """Have a call made or gone on with, and answer with what comes of it."""
    params = outer(message.params)
    request = ModernRequest(message.id, member(params, "_meta"))
    try:
        if isinstance(call, ModernCall) and "requestState" in params:
            await call.resume(request, member(params, "inputResponses"))
        else:
            await call.begin(request)
        async with open_watch(receive), trio.open_nursery() as nursery:
            nursery.start_soon(call.reply)
            await _answer(request.reader, answer)
            nursery.cancel_scope.cancel()
    finally:
        call.leave()


async def _answer(reader: Reader, answer: Answer) -> None:
    """Answer as JSON where the answer is the first that comes, soon; else as a stream."""
    with trio.move_on_after(JSON_SECONDS):
        await reader.wait()
    if reader.box.closed and reader.box.count == 1 and (entry := reader.next()) is not None:
        return await _say(json_rpc.parse(entry[1]), answer)
    await begin(answer, comment("open"))
    await copy(reader, None, answer)


async def _say(message: Message, answer: Answer) -> None:
    """Answer with one message, and the status that goes with an error."""
    code = plain(outer(message.error).get("code"))
    status = ERROR_CODE_HTTP_STATUS.get(code, 200) if isinstance(code, int) else 200
    await answer.give(status, {"content-type": "application/json"}, json_rpc.line(message))
