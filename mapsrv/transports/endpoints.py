"""The MCP endpoints of a process as one ASGI app: /sse, /messages and /mcp, checked, bounded, drained.

No exception leaves it: what escapes here would take the whole ASGI server down.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import anyio
import trio

from mapsrv.asgi.caller import caller_of
from mapsrv.asgi.error_body import error_headers, note_error
from mapsrv.asgi.message import Answer, Receive, Scope, Send, header, read_body
from mapsrv.asgi.origin_guard import OriginGuard
from mapsrv.asgi.rate_limits import RateLimits
from mapsrv.budget import Budget, Claim
from mapsrv.change import Change
from mapsrv.errors import Draining, MapsrvError, OverRate
from mapsrv.secret_keys import SecretKeys
from mapsrv.store.shared import Mail
from mapsrv.transports.mcp_http import HttpEndpoint, open_http
from mapsrv.transports.mcp_sse import SseEndpoints
from mapsrv.transports.over_rate import refused_call
from mapsrv.transports.relay import Relay
from mapsrv.transports.serving import MakeServer
from mapsrv.transports.signed_session_id import Seal
from mapsrv.transports.sse_session import SseSession
from mapsrv.transports.sse_session_limits import SseLimits

PATHS = frozenset({"/sse", "/messages", "/mcp"})
DRAIN_SECONDS = 2.0  # that calls get to be answered when the server stops
END_SECONDS = 1.0  # that streams get to end by themselves after that

logger = logging.getLogger(__name__)

# How a stream tells that its client has gone; not worth a line in the log.
_GONE = (anyio.ClosedResourceError, anyio.BrokenResourceError, anyio.EndOfStream)


class McpEndpoints:
    """Made by open_mcp()."""

    def __init__(
        self,
        origins: OriginGuard,
        budget: Budget,
        rates: RateLimits,
        sse: SseEndpoints,
        http: HttpEndpoint,
        ended: Change,
    ) -> None:
        self._origins, self._budget, self.rates = origins, budget, rates
        self.sse, self._http, self._ended = sse, http, ended
        self._draining = self._closed = False

    @property
    def active(self) -> int:
        """How many MCP streams are open and requests being served."""
        return self.sse.active + self._http.active

    async def asgi(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve an HTTP request to one of PATHS."""
        answer = Answer(send, https=self._origins.is_https(scope))
        path, caller = scope["path"].rstrip("/"), caller_of(scope)
        try:
            try:
                with self._budget.claim(caller) as claim:
                    await self._serve(path, scope, receive, answer, claim, caller)
            except MapsrvError as error:
                note_error(scope, error)
                await answer.refuse(error, rpc=path == "/mcp")
        except Exception as error:  # the server itself answers 500 to what was not answered
            if not _only_gone(error):
                logger.exception("%s %s failed", scope["method"], path)
        finally:
            self._ended.tell()

    async def _serve(
        self, path: str, scope: Scope, receive: Receive, answer: Answer, claim: Claim, caller: str | None
    ) -> None:
        fetch_site = header(scope, "sec-fetch-site")
        self._origins.check(header(scope, "host"), header(scope, "origin"), fetch_site=fetch_site)
        method = scope["method"]
        if self._closed or (self._draining and method == "GET"):
            raise Draining("This server is stopping. Connect again in a moment.", retry_after=2)
        if method == "POST" and path != "/sse" and (over := await self._over("messages", caller)):
            await self._refuse(path, scope, receive, answer, claim, over)
        elif path == "/mcp":
            await self._http.serve(scope, receive, answer, claim)
        elif path == "/sse" and method == "GET":
            if over := await self._over("opens", caller):
                raise over
            await self.sse.open(scope, receive, answer, caller)
        elif path == "/messages" and method == "POST":
            await self.sse.post(scope, receive, answer, claim)
        else:
            # Without a body: an SSE client that tries POST /sse first must not take one for an answer.
            await answer.give(405, {"allow": "POST" if path == "/messages" else "GET"})

    async def _over(self, name: str, caller: str | None) -> OverRate | None:
        """Count one more; return the refusal of who is over its rate, held back for a moment."""
        try:
            self.rates.check(name, caller)
        except OverRate as error:
            await self.rates.hold()
            return error
        return None

    async def _refuse(
        self, path: str, scope: Scope, receive: Receive, answer: Answer, claim: Claim, error: OverRate
    ) -> None:
        """Refuse what comes too often: a tool call by a result, all else by the error. Raises it."""
        body = await read_body(scope, receive, claim=claim)
        call = None if body is None else refused_call(body, error)
        if call is None:
            raise error
        note_error(scope, error)
        if path == "/messages":
            return await self.sse.answer_at_once(scope, answer, call, error)
        kind = {"content-type": "application/json", **error_headers(error)}
        await answer.give(200, kind, call.model_dump_json(by_alias=True).encode())

    async def drain(self, window: float = 0.0) -> None:
        """End what is open at an even pace over so many seconds, and refuse what is new.

        Calls get DRAIN_SECONDS to be answered; at the end what is left has END_SECONDS.
        """
        self._draining, self._closed = True, window == 0
        streams = list(self.sse.sessions.values()) if window else []
        began = trio.current_time()
        async with trio.open_nursery() as nursery:
            for number, stream in enumerate(streams):
                await trio.sleep_until(began + window * number / len(streams))
                nursery.start_soon(self._let_leave, stream)
            self._closed = True
            await self._until(lambda: self.sse.waiting + self._http.active == 0, DRAIN_SECONDS)
        self.sse.end()
        for serving in self._http.serving():
            serving.end()
        await self._until(lambda: self.active == 0, END_SECONDS)
        self._cancel()

    async def _let_leave(self, stream: SseSession) -> None:
        await self._until(lambda: not stream.waiting, DRAIN_SECONDS)
        stream.end()

    async def _until(self, true: Callable[[], bool], seconds: float) -> None:
        with trio.move_on_after(seconds):
            await self._ended.until(true)

    def _cancel(self) -> None:
        self.sse.end()
        for serving in self._http.serving():
            serving.cancel.cancel()


def _only_gone(error: BaseException) -> bool:
    if isinstance(error, BaseExceptionGroup):
        return all(_only_gone(inner) for inner in error.exceptions)
    return isinstance(error, _GONE)


@asynccontextmanager
async def open_mcp(
    make_server: MakeServer,
    *,
    origins: OriginGuard,
    budget: Budget | None = None,
    json_response: bool = False,
    sse: SseLimits = SseLimits(),  # noqa: B008 (frozen)
    mail: Mail | None = None,
    rates: RateLimits | None = None,
    seal: Seal | None = None,
) -> AsyncIterator[McpEndpoints]:
    """Run the MCP endpoints.

    make_server(opening) returns a low-level Server: for each GET /sse with that request's ASGI scope, and
    once with None for /mcp, whose requests each bring their own (ctx.request.scope). `budget` is of bytes
    in flight, for the bodies. `json_response` is for servers that say nothing before they answer: over /mcp
    an answer is JSON then, not a stream, and what is notified meanwhile would be lost. With `mail` what was
    posted to /messages of another pod's stream reaches it. `seal` makes the ids of /mcp's sessions; None:
    they are this process's own.
    """
    seal = seal or Seal(SecretKeys())
    async with (
        open_http(make_server, json_response=json_response, seal=seal) as http,
        trio.open_nursery() as nursery,
    ):
        ended = Change()  # a call was answered, or a stream has ended
        streams = SseEndpoints(make_server, ended, sse, nursery)
        endpoints = McpEndpoints(origins, budget or Budget(), rates or RateLimits(), streams, http, ended)
        if mail is not None:
            streams.relay = Relay(mail, streams.take_letter, nursery)
            mail.on_letter = streams.relay.hear
        nursery.start_soon(streams.places.run)
        try:
            yield endpoints
        finally:
            endpoints._cancel()
            nursery.cancel_scope.cancel()
