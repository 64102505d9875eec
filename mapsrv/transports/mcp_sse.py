"""MCP's HTTP+SSE transport: GET /sse opens a session and is its stream, POST /messages sends to it.

One Server a session, made with the request that opened it: its query and headers hold for all its calls.
Who lost the stream comes back with Last-Event-ID to the same session: it hears the same address again, since
clients wait for it, and then what it missed. Who has to go, and when, is decided in sse_session_limits.py.

The session lives on the pod that has its stream. The address in the endpoint event names that pod: what is
posted to another one is mailed (relay.py).
"""

from __future__ import annotations

import logging
import re
from urllib.parse import quote

import trio
from mcp_types import JSONRPCResponse

from mapsrv.asgi.event_buffer import Reader
from mapsrv.asgi.event_stream import begin, copy, open_watch
from mapsrv.asgi.message import Answer, Receive, Scope, header, media_type, read_body
from mapsrv.budget import Claim
from mapsrv.change import Change
from mapsrv.errors import BadRequest, MapsrvError, NotFound, UnsupportedMediaType
from mapsrv.metrics.requests import CONNECTIONS, SESSION_SECONDS
from mapsrv.transports.named_map import map_of_address, note_map
from mapsrv.transports.relay import Relay
from mapsrv.transports.serving import MakeServer
from mapsrv.transports.sse_session import GONE, SseSession, parsed
from mapsrv.transports.sse_session_limits import SseLimits, SsePlaces
from mapsrv.wire.sse import frame

BEGUN, ENDED = "mcp=begun", "mcp=ended"

log = logging.getLogger("mapsrv.mcp")

_SESSION = re.compile(rb"(?:^|&)session_id=([0-9a-fA-F-]{32,36})(?:&|$)")
_POD = re.compile(rb"(?:^|&)pod=([0-9a-f]{16})(?:&|$)")
_EVENT_ID = re.compile(r"([0-9a-f]{32})\.([0-9]{1,15})")
_OF_OPENING = ("type", "method", "path", "query_string", "headers", "scheme", "root_path", "client")

OPEN, LIVED = CONNECTIONS.labels("sse"), SESSION_SECONDS.labels("sse")


class SseEndpoints:
    """GET /sse and POST /messages. `answered` is told when a call is, or a stream has ended."""

    def __init__(
        self, make_server: MakeServer, answered: Change, limits: SseLimits, nursery: trio.Nursery
    ) -> None:
        self.places = SsePlaces(limits)
        self.relay: Relay | None = None
        self.active = 0  # streams that are open
        self._make_server, self._answered = make_server, answered
        self._nursery = nursery

    @property
    def sessions(self) -> dict[str, SseSession]:
        """Those of this pod, by id."""
        return self.places.sessions

    @property
    def waiting(self) -> int:
        """How many calls are not answered yet."""
        return sum(len(session.waiting) for session in self.sessions.values())

    # --- GET /sse --------------------------------------------------------------------

    async def open(self, scope: Scope, receive: Receive, answer: Answer, client: str | None) -> None:
        """Serve GET /sse until the client leaves or its session ends. Raises NotFound, Busy or TooMany."""
        last = header(scope, "last-event-id")
        session, reader = self._resumed(last) if last else self._begun(scope, client)
        self.active += 1
        OPEN.inc()
        try:
            async with open_watch(receive):
                await begin(answer, self._endpoint(scope, session, reader))
                await copy(reader, session.id, answer)
        finally:
            self.active -= 1
            OPEN.dec()
            session.leave(reader)
            self._answered.tell()

    def _begun(self, scope: Scope, client: str | None) -> tuple[SseSession, Reader]:
        session = self.places.take(client, self._answered)
        session.map_of_address = map_of_address(scope["query_string"])
        # What is kept of the request is what a Caller is read from, and no socket.
        opening = {name: scope[name] for name in _OF_OPENING if name in scope}
        self._nursery.start_soon(self._run, session, opening)
        return session, session.box.attach()

    async def _run(self, session: SseSession, opening: Scope) -> None:
        began = trio.current_time()
        log.info(BEGUN)
        try:
            await session.run(self._make_server(opening))
        finally:
            LIVED.observe(trio.current_time() - began)
            self.places.leave(session)
            log.info(ENDED, extra={"duration_ms": round((trio.current_time() - began) * 1000, 2)})

    def _resumed(self, last: str) -> tuple[SseSession, Reader]:
        found = _EVENT_ID.fullmatch(last)
        session = self.sessions.get(found[1]) if found else None
        reader = session.read_after(int(found[2])) if session and found else None
        if session is None or reader is None:
            # A new session instead would not be initialised, which the client could not know.
            raise NotFound("What followed that event is not kept here. Connect anew, without Last-Event-ID.")
        return session, reader

    def _endpoint(self, scope: Scope, session: SseSession, reader: Reader) -> bytes:
        """Return the first event: where to post to, and the id without which nobody could come back."""
        path = f"{quote(scope.get('root_path', '').rstrip('/'))}/messages?session_id={session.id}"
        pod = "" if self.relay is None else f"&pod={self.relay.pod}"
        return frame("endpoint", (path + pod).encode(), id=f"{session.id}.{reader.box.sent}")

    # --- POST /messages --------------------------------------------------------------

    async def post(self, scope: Scope, receive: Receive, answer: Answer, claim: Claim) -> None:
        """Serve POST /messages: 202 once it is taken in, here or where the stream is. Raises MapsrvError."""
        name = _named(scope)
        if name is None:
            raise BadRequest("POST to the address in the stream's endpoint event: session_id is missing.")
        if media_type(scope) != "application/json":
            raise UnsupportedMediaType("Send the message with Content-Type: application/json.")
        session = self.sessions.get(name)
        pod = _POD.search(scope["query_string"])
        if session is not None:
            session.check()
        elif self.relay is None or pod is None or pod[1].decode() == self.relay.pod:
            raise NotFound(GONE)
        body = await read_body(scope, receive, claim=claim)
        if body is None:
            return
        message = parsed(body)
        note_map(message, None if session is None else session.map_of_address)
        if session is not None:
            session.take(message)
        else:
            assert self.relay is not None and pod is not None
            await self.relay.send(pod[1].decode(), name, body)
        await _accept(answer)

    async def answer_at_once(
        self, scope: Scope, answer: Answer, said: JSONRPCResponse, error: MapsrvError
    ) -> None:
        """Answer a call without its Server; where the stream is elsewhere, by the error, which is raised."""
        session = self.sessions.get(_named(scope) or "")
        if session is None:
            raise error
        session.deliver(said)
        await _accept(answer)

    def take_letter(self, name: str, body: bytes) -> None:
        """Take in what was posted elsewhere, as if it had come here. Raises MapsrvError."""
        session = self.sessions.get(name)
        if session is None:
            raise NotFound(GONE)
        session.take(parsed(body))

    def end(self) -> None:
        """End all sessions now."""
        for session in list(self.sessions.values()):
            session.end()


def _named(scope: Scope) -> str | None:
    """Return the id of the session that a POST names."""
    found = _SESSION.search(scope["query_string"])
    return found[1].decode().replace("-", "").lower() if found else None


async def _accept(answer: Answer) -> None:
    await answer.give(202, {"content-type": "text/plain"}, b"Accepted")
