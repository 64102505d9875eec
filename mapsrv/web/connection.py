"""How a request's body arrives and how its last byte leaves: what Quart does not bound or finish itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import trio
from quart import Request
from quart.routing import QuartMap
from quart_trio.asgi import TrioASGIHTTPConnection
from quart_trio.wrappers import TrioRequest
from quart_trio.wrappers.request import TrioBody
from werkzeug.routing import MapAdapter

from mapsrv.errors import MapsrvError, SlowBody

SMALL_BODY = 64 * 1024  # bytes of a body where no route says more
BODY_TIMEOUT = 60.0  # seconds; each arriving SLOWEST bytes give one more, so that a slow line may upload
SLOWEST = 64 * 1024  # bytes a second
DISCARD_SECONDS = 5.0  # what is refused is still read this long: a client that is cut off sees no answer


class BoundedBody(TrioBody):
    """Holds at most `limit` bytes; what comes after is dropped, and noted.

    Quart hands a body over by append() up to 0.22 and by put() from 0.23 on; both come to the same here.
    """

    limit = SMALL_BODY
    too_large = False
    scope: trio.CancelScope | None = None

    def __init__(self, expected_content_length: int | None, max_content_length: int | None) -> None:
        super().__init__(expected_content_length, max_content_length)
        self._held = bytearray()
        self._ended = trio.Event()

    def append(self, data: bytes) -> None:
        """Take what arrived."""
        if self.too_large:
            return
        self._held.extend(data)
        if self.scope is not None:
            self.scope.deadline += len(data) / SLOWEST
        if len(self._held) > self.limit:
            self.refuse()

    async def put(self, data: bytes) -> None:
        """Take what arrived."""
        await trio.lowlevel.checkpoint()
        self.append(data)

    def set_complete(self) -> None:
        """Take note that all has arrived."""
        self._ended.set()

    def set_result(self, data: bytes) -> None:
        """Take a whole body at once."""
        self.append(data)
        self.set_complete()

    def refuse(self) -> None:
        """Drop what is there and what comes."""
        self.too_large = True
        self._held.clear()
        if self.scope is not None:
            self.scope.deadline = min(self.scope.deadline, trio.current_time() + DISCARD_SECONDS)

    async def read(self, seconds: float, too_large: MapsrvError) -> bytes:
        """Return the body, whole. Raises SlowBody, or too_large for more than `limit` bytes."""
        with trio.move_on_after(DISCARD_SECONDS if self.too_large else seconds) as self.scope:
            self.scope.deadline += len(self._held) / SLOWEST
            await self._ended.wait()
        if self.too_large:
            raise too_large
        if self.scope.cancelled_caught:
            raise SlowBody("The body did not arrive in time. Send it again, or send less.")
        return bytes(self._held)

    async def discard(self) -> None:
        """Let a body that nobody read arrive and drop it, so that the client reads the answer."""
        if self.scope is not None:
            return
        self.refuse()
        with trio.move_on_after(DISCARD_SECONDS):
            await self._ended.wait()


class BoundedRequest(TrioRequest):
    """A request whose body is a BoundedBody."""

    body_class = BoundedBody


class AnyHostMap(QuartMap):
    """Routes by path alone: werkzeug would put every Host through IDNA, and fail on a label of 64 letters."""

    def bind_to_request(self, request: Any, subdomain: str | None, server_name: str | None) -> MapAdapter:
        """Return the adapter of a request, whatever its Host: that is for the Edge to judge."""
        return self.bind("localhost", request.root_path, None, request.scheme, request.method, request.path)


class Connection(TrioASGIHTTPConnection):
    """One request and its response. `body_limits`: bytes of the body by path, where not SMALL_BODY."""

    body_limits: Mapping[str, int] = {}

    def _create_request_from_scope(self, send: Any) -> Request:
        request = super()._create_request_from_scope(send)
        body = body_of(request)
        body.limit = self.body_limits.get(request.path, SMALL_BODY)
        if (request.content_length or 0) > body.limit:
            body.refuse()
        return request

    async def _send_response(self, send: Any, response: Any) -> None:
        # Hypercorn answers the last message with a disconnect, on which quart-trio cancels this very
        # task before Hypercorn has begun to time the idle connection: without the shield each idle
        # peer would keep its file descriptor for ever.
        async def shielded(message: dict[str, Any]) -> None:
            last = message["type"] == "http.response.body" and not message.get("more_body", False)
            with trio.CancelScope(shield=last):
                await send(message)

        await super()._send_response(shielded, response)  # type: ignore[arg-type]


def body_of(request: Request) -> BoundedBody:
    """Return the request's body."""
    return cast(BoundedBody, request.body)
