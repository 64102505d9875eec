"""How a request's body arrives and how its last byte leaves: what Quart does not bound or finish itself."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from typing import Any, cast

import trio
from quart import Request
from quart.routing import QuartMap
from quart_trio.asgi import TrioASGIHTTPConnection
from quart_trio.wrappers import TrioRequest
from quart_trio.wrappers.request import TrioBody
from werkzeug.routing import MapAdapter

from mapsrv.asgi.caller import caller_of
from mapsrv.asgi.message import Bounds, Receive, take_body
from mapsrv.budget import Budget, Claim
from mapsrv.errors import MapsrvError
from mapsrv.web.ask import SLOW, SLOWEST


class BoundedBody(TrioBody):
    """A body of which nothing is taken before a route reads it: who may is asked first.

    `limit` is in bytes; None where no route reads it, and what comes is dropped. It arrives in one task and
    is read in another, the view's: so what take_body() returns or raises is handed over.
    """

    limit: int | None = None
    claim: Claim

    def __init__(self, expected_content_length: int | None, max_content_length: int | None) -> None:
        super().__init__(expected_content_length, max_content_length)
        self._declared = expected_content_length or 0
        self._bounds: Bounds | None = None
        self._wanted = trio.Event()
        self._outcome: bytes | MapsrvError | None = None
        self._done = trio.Event()

    async def arrive(self, receive: Receive) -> None:
        """Take what is wanted of what the client sends, until it leaves."""
        if self.limit is not None:
            await self._wanted.wait()
            assert self._bounds is not None
            try:
                self._outcome = await take_body(receive, self._bounds, self.claim, self._declared)
            except MapsrvError as error:
                self._outcome = error
            if self._outcome is None:
                return
            self._done.set()
            if isinstance(self._outcome, MapsrvError):
                await trio.sleep_forever()  # the rest stays where it is; the answer ends the connection
        while (await receive())["type"] == "http.request":
            pass

    async def read(self, seconds: float, too_large: str) -> bytes:
        """Return the body, whole; it is claimed until the request has ended.

        Raises SlowBody, Busy where too much is in flight, or TooLarge with that message.
        """
        self._bounds = Bounds(self.limit or 0, seconds, too_large, SLOW, SLOWEST)
        self._wanted.set()
        await self._done.wait()
        outcome, self._outcome = self._outcome, None
        if isinstance(outcome, MapsrvError):
            raise outcome
        assert outcome is not None
        return outcome


class BoundedRequest(TrioRequest):
    """A request whose body is a BoundedBody."""

    body_class = BoundedBody
    held: ExitStack  # what is given back when the request has ended, however it does
    caller: str | None


class AnyHostMap(QuartMap):
    """Routes by path alone: werkzeug would put every Host through IDNA, and fail on a label of 64 letters."""

    def bind_to_request(self, request: Any, subdomain: str | None, server_name: str | None) -> MapAdapter:
        """Return the adapter of a request, whatever its Host: that is for the OriginGuard to judge."""
        return self.bind("localhost", request.root_path, None, request.scheme, request.method, request.path)


class Connection(TrioASGIHTTPConnection):
    """One request and its response. `body_limits`: bytes of the body by path, where one is read."""

    body_limits: Mapping[str, int] = {}
    budget: Budget

    async def __call__(self, receive: Any, send: Any) -> None:
        with ExitStack() as self._held:
            await super().__call__(receive, send)

    def _create_request_from_scope(self, send: Any) -> Request:
        request = cast(BoundedRequest, self._request(send))
        request.held, request.caller = self._held, caller_of(self.scope)
        body = body_of(request)
        body.limit = self.body_limits.get(request.path)
        body.claim = self._held.enter_context(self.budget.claim(request.caller))
        return request

    def _request(self, send: Any) -> Request:
        """Return the request. Quart looks for root_path in the path, where a proxy has taken it away."""
        whole = self.scope
        try:
            self.scope = {**whole, "root_path": ""}
            request = super()._create_request_from_scope(send)
        finally:
            self.scope = whole
        request.scope = whole
        return request

    async def handle_messages(  # type: ignore[override]
        self, nursery: trio.Nursery, request: Request, receive: Any
    ) -> None:
        """Take in the body, and end the request when its client leaves."""
        await body_of(request).arrive(receive)
        nursery.cancel_scope.cancel()


def body_of(request: Request) -> BoundedBody:
    """Return the request's body."""
    return cast(BoundedBody, request.body)


def held_of(request: Request) -> ExitStack:
    """Return what is closed when the request has ended."""
    return cast(BoundedRequest, request).held


def caller_of_request(request: Request) -> str | None:
    """Return whom the request counts for."""
    return cast(BoundedRequest, request).caller
