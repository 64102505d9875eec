"""MCP's HTTP+SSE transport: GET /sse opens a session and is its stream, POST /messages sends to it.

One Server a session, made with the request that opened it: its query and headers hold for all its calls.
Who lost the stream comes back with Last-Event-ID to the same session: it hears the same address again, since
clients wait for it, and then what it missed. A session without a stream ends when that time is over, or
sooner where its place is needed. One whose stream is open, and that calls nothing for long, is mostly a
desktop's: those hold one connection for days, and it ends only where places run short.

The session lives on the pod that has its stream. The address in the endpoint event names that pod: what is
posted to another one is mailed (relay.py).
"""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass
from urllib.parse import quote

import trio
from mcp_types import JSONRPCResponse

from mapsrv.asgi.event_buffer import Reader
from mapsrv.asgi.event_stream import begin, copy, open_watch
from mapsrv.asgi.message import Answer, Receive, Scope, header, read_body
from mapsrv.budget import Claim
from mapsrv.change import Change
from mapsrv.errors import BadRequest, Busy, MapsrvError, NotFound, TooMany, UnsupportedMediaType
from mapsrv.transports.relay import Relay
from mapsrv.transports.serving import MakeServer
from mapsrv.transports.sse_session import GONE, SseSession, parsed
from mapsrv.wire.sse import frame

SWEEP_SECONDS = 300.0  # at most, between two looks at who is idle
CROWDED = 0.8  # of the places taken: from here on who is idle goes
RETRY_SECONDS = 10  # for who finds no place

_SESSION = re.compile(rb"(?:^|&)session_id=([0-9a-fA-F-]{32,36})(?:&|$)")
_POD = re.compile(rb"(?:^|&)pod=([0-9a-f]{16})(?:&|$)")
_EVENT_ID = re.compile(r"([0-9a-f]{32})\.([0-9]{1,15})")
_OF_OPENING = ("type", "method", "path", "query_string", "headers", "scheme", "root_path", "client")

log = logging.getLogger("mapsrv.mcp")


@dataclass(frozen=True, slots=True)
class SseLimits:
    """Of a pod's sessions; times are seconds, sizes bytes."""

    sessions: int = 1000
    sessions_a_client: int = 200
    resume: float = 60.0  # that a session waits for who lost its stream
    idle: float = 3600.0  # without a call, from which on one may be ended
    idle_always: bool = False  # end it then, also where there is room
    unread: int = 1024 * 1024


class SseEndpoints:
    """GET /sse and POST /messages. `answered` is told when a call is, or a stream has ended."""

    def __init__(
        self, make_server: MakeServer, answered: Change, limits: SseLimits, nursery: trio.Nursery
    ) -> None:
        self.sessions: dict[str, SseSession] = {}
        self.relay: Relay | None = None
        self.active = 0  # streams that are open
        self._make_server, self._answered = make_server, answered
        self.limits, self._nursery = limits, nursery
        self._look_at = trio.current_time()  # when idle ones are looked for

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
        try:
            async with open_watch(receive):
                await begin(answer, self._endpoint(scope, session, reader))
                await copy(reader, session.id, answer)
        finally:
            self.active -= 1
            session.leave(reader)
            self._answered.tell()

    def _begun(self, scope: Scope, client: str | None) -> tuple[SseSession, Reader]:
        self._make_room(client)
        session = SseSession(client, self.limits.unread, self._answered)
        self.sessions[session.id] = session
        # What is kept of the request is what a Caller is read from, and no socket.
        opening = {name: scope[name] for name in _OF_OPENING if name in scope}
        self._nursery.start_soon(self._run, session, opening)
        return session, session.read()

    async def _run(self, session: SseSession, opening: Scope) -> None:
        try:
            await session.run(self._make_server(opening))
        finally:
            self.sessions.pop(session.id, None)

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

    # --- places ----------------------------------------------------------------------

    def _make_room(self, client: str | None) -> None:
        """End who has lost the stream where a place is needed. Raises Busy or TooMany where there is none."""
        own = [one for one in self.sessions.values() if client is not None and one.client == client]
        if len(own) >= self.limits.sessions_a_client and not self._end_lost(own):
            raise TooMany(f"You have {len(own)} MCP streams open. Close some.", retry_after=RETRY_SECONDS)
        if len(self.sessions) >= self.limits.sessions and not self._end_lost(list(self.sessions.values())):
            raise Busy(
                "This server holds as many MCP streams as it can. Try later.", retry_after=RETRY_SECONDS
            )

    def _end_lost(self, sessions: list[SseSession]) -> bool:
        lost = [session for session in sessions if not session.readers]
        if lost:
            self._end(min(lost, key=lambda session: session.left_at))
        return bool(lost)

    def _end(self, session: SseSession) -> None:
        self.sessions.pop(session.id, None)
        session.end()

    async def run(self) -> None:
        """End, for ever, those whose client does not come back, and the idle ones."""
        while True:
            await trio.sleep(min(SWEEP_SECONDS, self.limits.resume / 4, self.limits.idle / 4))
            self.sweep()

    def sweep(self) -> None:
        """End those whose client has not come back in time, and now and then the idle ones."""
        now = trio.current_time()
        self._end_left(now - self.limits.resume)
        if now >= self._look_at:
            self._look_at = now + min(SWEEP_SECONDS, self.limits.idle / 4)
            self._end_idle(now - self.limits.idle)

    def _end_left(self, before: float) -> None:
        for session in list(self.sessions.values()):
            if not session.readers and session.left_at <= before:
                self._end(session)

    def _end_idle(self, before: float) -> None:
        idle = [one for one in self.sessions.values() if one.used_at <= before and not one.waiting]
        most = 0.0 if self.limits.idle_always else CROWDED * self.limits.sessions
        for session in sorted(idle, key=lambda one: one.used_at):
            if len(self.sessions) <= most:
                return
            log.info("An MCP session ends that called nothing for %g s", self.limits.idle)
            self._end(session)

    # --- POST /messages --------------------------------------------------------------

    async def post(self, scope: Scope, receive: Receive, answer: Answer, claim: Claim) -> None:
        """Serve POST /messages: 202 once it is taken in, here or where the stream is. Raises MapsrvError."""
        query = scope["query_string"]
        found, pod = _SESSION.search(query), _POD.search(query)
        if found is None:
            raise BadRequest("POST to the address in the stream's endpoint event: session_id is missing.")
        kind = (header(scope, "content-type") or "").partition(";")[0].strip().lower()
        if kind != "application/json":
            raise UnsupportedMediaType("Send the message with Content-Type: application/json.")
        name = found[1].decode().replace("-", "").lower()
        session = self.sessions.get(name)
        away = None if session or self.relay is None or pod is None else pod[1].decode()
        if session is not None:
            session.check()
        elif away is None or away == getattr(self.relay, "pod", None):
            raise NotFound(GONE)
        body = await read_body(scope, receive, claim=claim)
        if body is None:
            return
        message = parsed(body)
        if session is not None:
            session.take(message)
        else:
            assert self.relay is not None and away is not None
            await self.relay.send(away, name, body)
        await answer.give(202, {"content-type": "text/plain"}, b"Accepted")

    async def answer_at_once(
        self, scope: Scope, answer: Answer, said: JSONRPCResponse, error: MapsrvError
    ) -> None:
        """Answer a call without its Server; where the stream is elsewhere, by the error, which is raised."""
        found = _SESSION.search(scope["query_string"])
        session = self.sessions.get(found[1].decode().replace("-", "").lower()) if found else None
        if session is None:
            raise error
        session.deliver(said)
        await answer.give(202, {"content-type": "text/plain"}, b"Accepted")

    def take_letter(self, name: str, body: bytes) -> None:
        """Take in what was posted elsewhere, as if it had come here. Raises MapsrvError."""
        session = self.sessions.get(name)
        if session is None:
            raise NotFound(GONE)
        session.take(parsed(body))
