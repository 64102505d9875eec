"""The Quart application: one table of routes, and what holds for each of them."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from quart import request
from quart_trio import QuartTrio
from quart_trio.wrappers import TrioResponse as Response
from werkzeug.exceptions import HTTPException

from mapsrv.errors import BadRequest, MapsrvError, MethodNotAllowed, NotFound, UnsupportedMediaType
from mapsrv.web import commands, data, events, front, health, pages, presence
from mapsrv.web.connection import AnyHostMap, BoundedRequest, Connection
from mapsrv.web.site import Site, error_response

log = logging.getLogger("mapsrv.web")

JSON = ("application/json",)
HEADERS = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "strict-origin"}


@dataclass(frozen=True, slots=True)
class Route:
    """A row of the table. `checked`: Host and Origin must be ours, since it changes state."""

    path: str
    view: Callable[..., Awaitable[Response]]
    method: str = "GET"
    checked: bool = False
    takes: tuple[str, ...] = ()  # media types of the body
    bare: bool = False  # may come without a body, and then without a type

    async def answer(self, site: Site, **names: str) -> Response:
        """Answer the current request, once it may ask."""
        if self.checked:
            site.check_edge()
        sized = request.content_length or "Transfer-Encoding" in request.headers
        without = self.bare and not request.mimetype and not sized
        if self.takes and request.mimetype not in self.takes and not without:
            raise UnsupportedMediaType(f"Send the body with Content-Type: {' or '.join(self.takes)}.")
        if self.takes and request.headers.get("Content-Encoding", "identity").lower() != "identity":
            raise UnsupportedMediaType("Send the body as it is, without a Content-Encoding.")
        return await self.view(site, **names)


ROUTES = (
    Route("/", pages.home, checked=True),
    Route("/assets/<name>", pages.asset),
    Route("/basemap/<name>", pages.basemap),
    Route("/licenses.txt", pages.licences),
    Route("/sessions", pages.create, "POST", checked=True, takes=JSON, bare=True),
    Route("/events", events.events, checked=True),
    Route("/commands", commands.commands, "POST", checked=True, takes=JSON),
    Route("/presence", presence.presence, "POST", checked=True, takes=JSON),
    Route("/front", front.trade, "POST", checked=True, takes=JSON),
    Route("/state", data.state),
    Route("/style.json", data.style),
    Route("/data", data.upload, "POST", checked=True, takes=(*JSON, "application/geo+json")),
    Route("/data/<name>", data.download),
    Route("/health", health.health),
    Route("/ready", health.ready),
    Route("/metrics", health.numbers),
)

_OF_STATUS: dict[int, MapsrvError] = {
    404: NotFound("There is nothing at this address."),
    405: MethodNotAllowed("This address does not take that method."),
}


class App(QuartTrio):
    """Quart, routing by path alone."""

    url_map_class = AnyHostMap


def create_app(site: Site) -> QuartTrio:
    """Return the ASGI application that serves a site."""
    limits = {
        "/commands": commands.MAX_BODY,
        "/data": site.hub.documents.max_data,
        "/presence": presence.MAX_BODY,
        "/front": front.MAX_BODY,
    }
    app = App("mapsrv.web", static_folder=None)
    app.request_class = BoundedRequest

    class SiteConnection(Connection):
        body_limits = limits
        budget = site.budget

    app.asgi_http_class = SiteConnection
    app.config.update(MAX_CONTENT_LENGTH=None, BODY_TIMEOUT=None, RESPONSE_TIMEOUT=None)
    app.url_map.merge_slashes = False
    for route in ROUTES:
        name = f"{route.method} {route.path}".replace(".", "_")
        app.add_url_rule(route.path, name, partial(route.answer, site), methods=[route.method])
    app.register_error_handler(MapsrvError, _refused)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Exception, _failed)
    app.after_request(_finish)
    return app


async def _refused(error: Any) -> Response:  # noqa: ASYNC124
    return error_response(error)


async def _http_error(error: Any) -> Response:
    known = _OF_STATUS.get(error.code or 500)
    response = await _refused(known or BadRequest(error.description or "This request cannot be understood."))
    for name, value in error.get_headers():
        if name == "Allow":
            response.headers[name] = value
    return response


async def _failed(error: Exception) -> Response:
    # The path, never the query: ids are in there.
    log.error("%s %s failed", request.method, request.path, exc_info=error)
    return await _refused(MapsrvError("The server failed, and its log says why; what you sent may be right."))


# Async though it never waits: Quart calls a plain function in a thread.
async def _finish(response: Response) -> Response:  # noqa: ASYNC124
    response.headers.update(HEADERS)
    return response
