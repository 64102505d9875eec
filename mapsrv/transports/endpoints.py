"""The MCP endpoints of a process as one ASGI app: /sse, /messages and /mcp, checked, bounded, drained.

No exception leaves it: what escapes here would take the whole ASGI server down.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import anyio
import trio

from mapsrv.asgi.message import Answer, Receive, Scope, Send, header
from mapsrv.asgi.origin_guard import OriginGuard
from mapsrv.budget import Budget, Claim
from mapsrv.change import Change
from mapsrv.errors import Draining, MapsrvError
from mapsrv.secret_keys import SecretKeys
from mapsrv.transports.mcp_http import HttpEndpoint, open_http
from mapsrv.transports.mcp_sse import SseEndpoints
from mapsrv.transports.sealed import Seal
from mapsrv.transports.serving import MakeServer, Serving

PATHS = frozenset({"/sse", "/messages", "/mcp"})
DRAIN_SECONDS = 2.0  # that calls get to be answered when the server stops
END_SECONDS = 1.0  # that streams get to end by themselves after that

logger = logging.getLogger(__name__)

# How a stream tells that its client has gone; not worth a line in the log.
_GONE = (anyio.ClosedResourceError, anyio.BrokenResourceError, anyio.EndOfStream)


class McpEndpoints:
    """Made by open_mcp()."""

    def __init__(
        self, origins: OriginGuard, budget: Budget, sse: SseEndpoints, http: HttpEndpoint, ended: Change
    ) -> None:
        self._origins, self._budget = origins, budget
        self._sse, self._http, self._ended = sse, http, ended
        self._draining = self._closed = False

    @property
    def active(self) -> int:
        """How many MCP streams are open and requests being served."""
        return self._sse.active + self._http.active

    async def asgi(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve an HTTP request to one of PATHS."""
        answer, path = Answer(send), scope["path"].rstrip("/")
        try:
            try:
                with self._budget.claim((scope.get("client") or [None])[0]) as claim:
                    await self._serve(path, scope, receive, answer, claim)
            except MapsrvError as error:
                await answer.refuse(error, rpc=path == "/mcp")
        except Exception as error:  # the server itself answers 500 to what was not answered
            if not _only_gone(error):
                logger.exception("%s %s failed", scope["method"], path)
        finally:
            self._ended.tell()

    async def _serve(self, path: str, scope: Scope, receive: Receive, answer: Answer, claim: Claim) -> None:
        fetch_site = header(scope, "sec-fetch-site")
        self._origins.check(header(scope, "host"), header(scope, "origin"), fetch_site=fetch_site)
        method = scope["method"]
        if self._closed or (self._draining and method == "GET"):
            raise Draining("This server is stopping. Connect again in a moment.", retry_after=2)
        if path == "/mcp":
            await self._http.serve(scope, receive, answer, claim)
        elif path == "/sse" and method == "GET":
            await self._sse.open(scope, receive, answer.send)
        elif path == "/messages" and method == "POST":
            await self._sse.post(scope, receive, answer, claim)
        else:
            # Without a body: an SSE client that tries POST /sse first must not take one for an answer.
            await answer.give(405, {"allow": "POST" if path == "/messages" else "GET"})

    async def drain(self, window: float = 0.0) -> None:
        """End what is open at an even pace over so many seconds, and refuse what is new.

        Calls get DRAIN_SECONDS to be answered; at the end what is left has END_SECONDS.
        """
        self._draining, self._closed = True, window == 0
        streams = self._sse.serving() if window else []
        began = trio.current_time()
        async with trio.open_nursery() as nursery:
            for number, stream in enumerate(streams):
                await trio.sleep_until(began + window * number / len(streams))
                nursery.start_soon(self._let_leave, stream)
            self._closed = True
            await self._until(lambda: self._sse.waiting + self._http.active == 0, DRAIN_SECONDS)
        for serving in (*self._sse.serving(), *self._http.serving()):
            serving.leave()
        await self._until(lambda: self.active == 0, END_SECONDS)
        self._cancel()

    async def _let_leave(self, stream: Serving) -> None:
        await self._until(lambda: not stream.waiting, DRAIN_SECONDS)
        stream.leave()

    async def _until(self, true: Callable[[], bool], seconds: float) -> None:
        with trio.move_on_after(seconds):
            await self._ended.until(true)

    def _cancel(self) -> None:
        for serving in (*self._sse.serving(), *self._http.serving()):
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
    seal: Seal | None = None,
) -> AsyncIterator[McpEndpoints]:
    """Run the MCP endpoints.

    make_server(opening) returns a low-level Server: for each GET /sse with that request's ASGI scope, and
    once with None for /mcp, whose requests each bring their own (ctx.request.scope). `budget` is of bytes
    in flight, for the bodies. `json_response` is for servers that say nothing before they answer: over /mcp
    an answer is JSON then, not a stream, and what is notified meanwhile would be lost. `seal` makes the ids
    of /mcp's sessions; None: they are this process's own.
    """
    async with open_http(make_server, json_response=json_response, seal=seal or Seal(SecretKeys())) as http:
        ended = Change()  # a call was answered, or a stream has ended
        sse = SseEndpoints(make_server, ended)
        endpoints = McpEndpoints(origins, budget or Budget(), sse, http, ended)
        try:
            yield endpoints
        finally:
            endpoints._cancel()
