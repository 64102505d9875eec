"""MCP's streamable HTTP up to 2025-11-25: POST to call, GET for what belongs to no call, DELETE to end.

A call is answered as JSON when its answer comes first and soon, and as a stream when it takes long or
the server has more to say on the way. A client that loses a stream does not cancel the call by that.
"""

from __future__ import annotations

import re
from importlib import import_module
from types import ModuleType

import trio

from mapsrv.asgi.event_buffer import Reader
from mapsrv.asgi.event_stream import begin, copy, open_watch
from mapsrv.asgi.message import Answer, Receive, Scope, header
from mapsrv.bridge.http.posted import JSON_SECONDS, read_message
from mapsrv.bridge.json_rpc import Message
from mapsrv.bridge.revisions import vocabulary
from mapsrv.bridge.revisions.vocabulary import LEGACY, member, outer
from mapsrv.bridge.sessions.service import Service
from mapsrv.bridge.sessions.session import MAIN, Session
from mapsrv.errors import BadRequest, NotAcceptable, NotFound
from mapsrv.wire.sse import comment

RETRY_MS = 1000  # after which a client whose stream broke comes back
PRIMED = "2025-11-25"  # since this revision clients know events without data

_EVENT_ID = re.compile(r"([0-9a-f]{1,8})\.([0-9]{1,15})")


async def serve(service: Service, client: str | None, scope: Scope, receive: Receive, answer: Answer) -> None:
    """Serve one request. Raises MapsrvError before it is answered."""
    match scope["method"]:
        case "POST":
            await _post(service, client, scope, receive, answer)
        case "GET":
            _accepts(scope, "text/event-stream")
            await _get(_known(service, scope), scope, receive, answer)
        case _:  # DELETE
            service.end(_known(service, scope))
            await answer.give(200)


async def _post(service: Service, client: str | None, scope: Scope, receive: Receive, answer: Answer) -> None:
    _accepts(scope, "application/json", "text/event-stream")
    message = await read_message(service, scope, receive)
    if message is None:
        return
    if is_newer(scope, message):
        newer = await _newer()
        await newer.serve(service, message, scope, receive, answer)
        return
    if message.is_request and message.method == "initialize":
        return await _initialize(service, client, message, scope, receive, answer)
    session = _known(service, scope)
    if message.is_request:
        return await _call(session, message, scope, receive, answer)
    await session.send(message)
    await answer.give(202)


async def _initialize(
    service: Service, client: str | None, message: Message, scope: Scope, receive: Receive, answer: Answer
) -> None:
    session = await service.open(client, service.limits.idle)
    try:
        async with open_watch(receive):
            await _call(session, message, scope, trio.sleep_forever, answer)
    finally:
        if not answer.ended:
            service.end(session)  # its client left, and knows no id to come back by


async def _call(session: Session, message: Message, scope: Scope, receive: Receive, answer: Answer) -> None:
    name, reader = await session.ask(message)
    try:
        with trio.move_on_after(JSON_SECONDS):
            await reader.wait()
        first = reader.next()
        if session.over.is_set() and first is None:
            raise NotFound("This session has ended. Initialize again.")
        if first is None or reader.box.count > 1 or not reader.box.closed:
            await _stream(session, name, reader, scope, receive, answer)
        else:
            headers = {"content-type": "application/json", "mcp-session-id": session.id}
            await answer.give(200, headers, first[1])
            session.forget(name)
    finally:
        session.leave(reader)


async def _get(session: Session, scope: Scope, receive: Receive, answer: Answer) -> None:
    """Serve the session's own stream, or the rest of the one that Last-Event-ID names."""
    if last := header(scope, "last-event-id"):
        name, reader = _read_again(session, last)
    else:
        name, reader = MAIN, session.read(session.main)
    try:
        await _stream(session, name, reader, scope, receive, answer)
    finally:
        session.leave(reader)


def _read_again(session: Session, last: str) -> tuple[str, Reader]:
    found = _EVENT_ID.fullmatch(last)
    reader = session.read_again(found[1], int(found[2])) if found else None
    if found is None or reader is None:
        # Not 404: by that the client would take the whole session for ended.
        raise BadRequest("What followed that event is not kept any more. Go on without Last-Event-ID.")
    return found[1], reader


async def _stream(
    session: Session, name: str, reader: Reader, scope: Scope, receive: Receive, answer: Answer
) -> None:
    """Send what there is to read; the first event tells the client by which id to come back."""
    first = comment("open")
    if (header(scope, "mcp-protocol-version") or "") >= PRIMED:
        first = f"id: {name}.{reader.box.sent}\nretry: {RETRY_MS}\ndata: \n\n".encode()
    async with open_watch(receive):
        await begin(answer, first, [(b"mcp-session-id", session.id.encode())])
        await copy(reader, name, answer)


def is_newer(scope: Scope, message: Message) -> bool:
    """Return whether a message that was posted is of a revision without sessions."""
    if header(scope, "mcp-session-id") is not None:
        return False
    version = header(scope, "mcp-protocol-version")
    return (
        vocabulary.VERSION in member(outer(message.params), "_meta")
        if version is None
        else version not in LEGACY
    )


async def _newer() -> ModuleType:
    """Return what serves such; what it needs of the SDK takes long to load, and few have such clients yet."""
    return await trio.to_thread.run_sync(import_module, "mapsrv.bridge.http.stateless_http")


def _known(service: Service, scope: Scope) -> Session:
    session_id, version = header(scope, "mcp-session-id"), header(scope, "mcp-protocol-version")
    if version is not None and version not in LEGACY:
        raise BadRequest(
            f"Mcp-Protocol-Version {version[:40]!r} is not known; there are {', '.join(LEGACY)}."
        )
    if session_id is None:
        raise BadRequest("Mcp-Session-Id is missing: send the one that initialize was answered with.")
    return service.get(session_id)


def _accepts(scope: Scope, *kinds: str) -> None:
    """Raise NotAcceptable where the client would not take one of these."""
    accept = header(scope, "accept")
    if accept is None:
        return
    taken = {part.partition(";")[0].strip().lower() for part in accept.split(",")}
    if "*/*" not in taken and any(not taken & {kind, f"{kind.partition('/')[0]}/*"} for kind in kinds):
        raise NotAcceptable(f"Send Accept: {', '.join(kinds)}: an answer may come as any of these.")
