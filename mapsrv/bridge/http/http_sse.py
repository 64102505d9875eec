"""MCP's HTTP+SSE: GET /sse opens a session and is its stream, POST /messages sends to it.

Who lost the stream comes back with Last-Event-ID to the same session: it hears the same address
again, since clients wait for it, and then what it missed.
"""

from __future__ import annotations

import re

from mapsrv.asgi.event_buffer import Reader
from mapsrv.asgi.event_stream import begin, copy, open_watch
from mapsrv.asgi.message import Answer, Receive, Scope, header
from mapsrv.bridge.http.posted import read_message
from mapsrv.bridge.sessions.service import Service
from mapsrv.bridge.sessions.session import MAIN, Session
from mapsrv.errors import BadRequest, NotFound
from mapsrv.wire.sse import frame

_SESSION = re.compile(rb"(?:^|&)session_id=([0-9a-f]{32})(?:&|$)")
_EVENT_ID = re.compile(r"([0-9a-f]{32})\.([0-9]{1,15})")
_PREFIX = re.compile(r"(/[A-Za-z0-9_.~-]+)+")


async def stream(
    service: Service, client: str | None, scope: Scope, receive: Receive, answer: Answer
) -> None:
    """Serve GET /sse to its end. Raises MapsrvError before it has begun."""
    if last := header(scope, "last-event-id"):
        session, reader = _resumed(service, last)
    else:
        session = await service.open(client, service.limits.resume)
        reader = session.read(session.main)
    # The id of the last event that the client has: without any it could not come back.
    data = f"{_folder(scope)}messages?session_id={session.id}".encode()
    first = frame("endpoint", data, id=f"{session.id}.{reader.box.sent}")
    try:
        async with open_watch(receive):
            await begin(answer, first)
            await copy(reader, session.id, answer)
    finally:
        session.leave(reader)


def _resumed(service: Service, last: str) -> tuple[Session, Reader]:
    found = _EVENT_ID.fullmatch(last)
    session = service.sessions.get(found[1]) if found else None
    reader = session.read_again(MAIN, int(found[2])) if session and found else None
    if session is None or reader is None:
        # A new session instead would not be initialised, which the client could not know.
        raise NotFound("What followed that event is not kept any more. Connect anew, without Last-Event-ID.")
    return session, reader


def _folder(scope: Scope) -> str:
    """Return where /sse is as the client sees it: a path, since no server knows its whole address."""
    path = str(scope["path"]).rstrip("/").removesuffix("sse")
    prefix = str(scope.get("root_path", "")).rstrip("/")
    return f"{prefix}{path}" if _PREFIX.fullmatch(prefix) and not path.startswith(f"{prefix}/") else path


async def post(service: Service, scope: Scope, receive: Receive, answer: Answer) -> None:
    """Serve POST /messages: 202 at once, what is answered comes on the stream. Raises MapsrvError."""
    found = _SESSION.search(scope["query_string"])
    if found is None:
        raise BadRequest("POST to the address in the stream's endpoint event: session_id is missing.")
    session = service.get(found[1].decode())
    if (message := await read_message(service, scope, receive)) is not None:
        await session.send(message)
        await answer.give(202, {"content-type": "text/plain"}, b"Accepted")
