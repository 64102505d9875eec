"""The ASGI application of a site: its hot routes are answered here, all else by Quart, from one table."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any, TypeAlias

from mapsrv.asgi.caller import caller_of
from mapsrv.asgi.message import Bounds, Message, Receive, Send, content_length, is_at_hand, take_body
from mapsrv.asgi.peer import PEER
from mapsrv.budget import Claim
from mapsrv.web.answer import Answer
from mapsrv.web.ask import SLOW, SLOWEST, Ask, ClientLeft
from mapsrv.web.outgoing import run_pulled, run_seated
from mapsrv.web.quart_app import create_quart
from mapsrv.web.routes import ROUTES, Route, body_limits
from mapsrv.web.site import Site
from mapsrv.web.stream import Stream

Scope: TypeAlias = Any


class HotBody:
    """A body that is read where it is wanted, in the request's own task."""

    __slots__ = ("_claim", "_limit", "_receive", "_scope")

    def __init__(self, scope: Scope, receive: Receive, limit: int, claim: Claim) -> None:
        self._scope, self._receive, self._limit, self._claim = scope, receive, limit, claim

    async def read(self, seconds: float, too_large: str) -> bytes:
        """Return it, whole. Raises SlowBody, Busy, TooLarge, or ClientLeft."""
        bounds = Bounds(self._limit, seconds, too_large, SLOW, SLOWEST)
        declared = content_length(self._scope) or 0
        at_hand = is_at_hand(self._scope)
        body = await take_body(self._receive, bounds, self._claim, declared, at_hand=at_hand)
        if body is None:
            raise ClientLeft
        return body


class SiteApp:
    """Made by create_app(). `quart` serves every route, the hot ones too if it is asked."""

    def __init__(self, site: Site) -> None:
        self.quart: Any = create_quart(site)
        self._site = site
        self._limits = body_limits(site)
        self._hot = {(route.method, route.path): route for route in ROUTES if route.hot}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        route = self._hot.get((scope.get("method"), scope.get("path")))
        if route is None:
            await self.quart(scope, receive, send)
            return
        try:
            stream = await self._answer(route, scope, receive, send)
        except ClientLeft:
            return
        if stream is not None:
            peer = scope["extensions"].get(PEER)
            scope.clear()  # each stream would keep its own for hours: a tenth of what it takes
            await (run_seated(stream, peer, send) if peer else run_pulled(stream, receive, send))

    async def _answer(self, route: Route, scope: Scope, receive: Receive, send: Send) -> Stream | None:
        """Answer. A body that is a stream is returned, so that it keeps nothing of its request."""
        caller = caller_of(scope)
        with self._site.budget.claim(caller) as claim, ExitStack() as held:
            body = HotBody(scope, receive, self._limits.get(route.path, 0), claim)
            answer = await route.answer(self._site, Ask(scope, body, held, caller))
            if isinstance(answer.body, Stream):
                await send(_start(answer))
                return answer.body
            answer.headers["content-length"] = str(len(answer.body))
            await send(_start(answer))
            await send({"type": "http.response.body", "body": answer.body})
            return None


def _start(answer: Answer) -> Message:
    return {"type": "http.response.start", "status": answer.status, "headers": answer.raw_headers()}


def create_app(site: Site) -> SiteApp:
    """Return the ASGI application that serves a site."""
    return SiteApp(site)
