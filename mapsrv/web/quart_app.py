"""The table of routes in Quart: a request made an Ask, an Answer made a response."""

from __future__ import annotations

from functools import partial
from typing import Any

from quart import request
from quart.wrappers.response import ResponseBody
from quart_trio import QuartTrio
from quart_trio.wrappers import TrioResponse as Response
from werkzeug.exceptions import HTTPException

from mapsrv.errors import BadRequest, MapsrvError, MethodNotAllowed, NotFound
from mapsrv.web.answer import Answer, error_answer
from mapsrv.web.ask import Ask
from mapsrv.web.quart_bodies import (
    AnyHostMap,
    BoundedRequest,
    Connection,
    body_of,
    caller_of_request,
    held_of,
)
from mapsrv.web.routes import ROUTES, Route, body_limits, failed, finished
from mapsrv.web.site import Site
from mapsrv.web.slices import SLICE, Slices
from mapsrv.web.stream import Stream

_OF_STATUS: dict[int, MapsrvError] = {
    404: NotFound("There is nothing at this address."),
    405: MethodNotAllowed("This address does not take that method."),
}


class App(QuartTrio):
    """Quart, routing by path alone."""

    url_map_class = AnyHostMap


class StreamBody(ResponseBody):
    """A stream, pulled: Quart asks for the next bytes when the last are written."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream

    async def __aenter__(self) -> Stream:
        return await self._stream.__aenter__()

    async def __aexit__(self, *error: Any) -> None:
        await self._stream.__aexit__(*error)  # noqa: ASYNC102 (never waits)

    def __aiter__(self) -> Stream:
        return self._stream

    async def convert_to_sequence(self) -> bytes:
        """Not for an endless body."""
        raise RuntimeError("a stream has no end")

    async def make_conditional(self, begin: int, end: int | None) -> int:
        """Not for an endless body."""
        raise RuntimeError("a stream has no ranges")


def create_quart(site: Site) -> QuartTrio:
    """Return the ASGI application that serves all routes of a site."""
    app = App("mapsrv.web", static_folder=None)
    app.request_class = BoundedRequest

    class SiteConnection(Connection):
        body_limits = body_limits(site)
        budget = site.budget

    app.asgi_http_class = SiteConnection
    app.config.update(MAX_CONTENT_LENGTH=None, BODY_TIMEOUT=None, RESPONSE_TIMEOUT=None)
    app.url_map.merge_slashes = False
    for route in ROUTES:
        name = f"{route.method} {route.path}".replace(".", "_")
        app.add_url_rule(route.path, name, _view(route, site), methods=[route.method])
    app.register_error_handler(HTTPException, partial(_http_error, site))
    app.register_error_handler(Exception, partial(_failed, site))
    return app


def _view(route: Route, site: Site) -> Any:
    async def view(**names: str) -> Response:
        return response_of(await route.answer(site, _ask(), **names))

    return view


def _ask() -> Ask:
    return Ask(request.scope, body_of(request), held_of(request), caller_of_request(request))


def response_of(answer: Answer) -> Response:
    """Return an answer as Quart sends it; what is large goes slice by slice."""
    body: Any = answer.body
    if isinstance(body, Stream):
        body = StreamBody(body)
    elif len(body) > SLICE:
        answer.headers["content-length"] = str(len(body))
        body = Slices(body)
    response = Response(body, answer.status)
    del response.headers["Content-Type"]
    response.headers.update(answer.headers)
    for cookie in answer.cookies:
        response.headers.add("set-cookie", cookie)
    return response


# Both wait for nothing; Quart calls a plain function in a thread.
async def _http_error(site: Site, error: Any) -> Response:  # noqa: ASYNC124
    known = _OF_STATUS.get(error.code or 500)
    refusal = known or BadRequest(error.description or "This request cannot be understood.")
    response = response_of(finished(site, _ask(), error_answer(refusal)))
    for name, value in error.get_headers():
        if name == "Allow":
            response.headers[name] = value
    return response


async def _failed(site: Site, error: Exception) -> Response:  # noqa: ASYNC124
    return response_of(finished(site, _ask(), failed(_ask(), error)))
