"""What the routes share: hub, origins, the files of the page, the streams; and who a request comes from."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections import OrderedDict
from dataclasses import dataclass, field

from quart import Request, request
from quart_trio.wrappers import TrioResponse as Response
from werkzeug.http import parse_etags

from mapsrv.asgi.error_body import error_body, error_headers
from mapsrv.asgi.origin_guard import OriginGuard
from mapsrv.budget import Budget
from mapsrv.core.log import ANONYMOUS, Origin
from mapsrv.core.state import Json
from mapsrv.errors import BadRequest, MapsrvError, UnknownSession
from mapsrv.hub.document_copies import Lender
from mapsrv.hub.hub import Hub
from mapsrv.local.front import Front
from mapsrv.prepare.own_routes import NO_ROUTES, OwnRoutes
from mapsrv.prepare.process_pool import Workers
from mapsrv.web.connection import BODY_TIMEOUT, body_of, client_of, held_of
from mapsrv.web.page import File, Page
from mapsrv.web.slices import Slices
from mapsrv.web.streams import Streams
from mapsrv.wire import codec
from mapsrv.wire.names import clean_name

SESSION_COOKIE = "mapsrv_session"
VIEWER_COOKIE = "mapsrv_viewer"
SESSION_DAYS, VIEWER_DAYS = 7, 365
MAX_ID = 200  # characters of an id that we look up
MAX_NAMES = 10_000  # people's names remembered, the oldest forgotten first

_VIEWER = re.compile(r"[A-Za-z0-9_-]{16,64}")


@dataclass(slots=True)
class Site:
    """All that a route may use. `draining`: this server is stopping."""

    hub: Hub
    origins: OriginGuard
    page: Page
    streams: Streams
    budget: Budget = field(default_factory=Budget)  # of bytes in flight
    body_timeout: float = BODY_TIMEOUT  # seconds
    own: OwnRoutes = NO_ROUTES
    draining: bool = False
    lender: Lender = field(init=False)
    workers: Workers = field(default_factory=Workers)
    front: Front = field(default_factory=Front)
    names: OrderedDict[tuple[str, str], str] = field(default_factory=OrderedDict)

    def __post_init__(self) -> None:
        self.lender = Lender(self.hub.documents.get, self.budget)

    def check_edge(self) -> None:
        """Raise Forbidden unless the current request may change state."""
        headers = request.headers
        self.origins.check(
            headers.get("Host"),
            headers.get("Origin"),
            fetch_site=headers.get("Sec-Fetch-Site"),
            navigation=request.method in ("GET", "HEAD") and headers.get("Sec-Fetch-Mode") == "navigate",
        )

    def base_url(self) -> str:
        """Return what links begin with, for who sent the current request."""
        return self.origins.base_url(request.headers.get("Host"), request.scheme)

    def remember_name(self, session_id: str, author: str, name: str) -> None:
        """Keep the name that a person goes by on a map, for their next commands."""
        self.names[session_id, author] = name
        self.names.move_to_end((session_id, author))
        if len(self.names) > MAX_NAMES:
            self.names.popitem(last=False)

    def origin(self, session_id: str) -> Origin:
        """Return who sent the current request: a hash of the viewer cookie, else anonymous."""
        author = author_of(request)
        return Origin("person", author, query_name() or self.names.get((session_id, author), ""))

    async def body(self, session_id: str | None, too_large: str) -> bytes:
        """Return the current request's body, whole, once it is known that there is that map; None: no map's.

        Raises UnknownSession, StoreUnavailable, SlowBody, or TooLarge with that message.
        """
        if session_id is not None:
            async with self.hub.open_session(session_id):
                pass
        return await body_of(request).read(self.body_timeout, too_large)

    async def document(self, name: str) -> bytes:
        """Return a document, shared with all who are being sent it; raises UnknownData and Busy."""
        return await self.lender.borrow(name, client_of(request.scope), held_of(request))

    def hold(self, body: bytes) -> bytes:
        """Return a body that is made for the current request, counted until it is sent; raises Busy."""
        held_of(request).enter_context(self.budget.claim(client_of(request.scope))).take(len(body))
        return body

    def set_cookie(self, response: Response, name: str, value: str, days: int) -> None:
        """Set a cookie that no script can read."""
        secure = self.base_url().startswith("https:")
        response.set_cookie(name, value, max_age=days * 86400, httponly=True, samesite="Lax", secure=secure)

    def know_viewer(self, response: Response) -> Response:
        """Give the browser its mapsrv_viewer cookie, unless it has one."""
        if not _VIEWER.fullmatch(request.cookies.get(VIEWER_COOKIE, "")):
            self.set_cookie(response, VIEWER_COOKIE, secrets.token_urlsafe(16), VIEWER_DAYS)
        return response


def author_of(asked: Request) -> str:
    """Return the id of the person, which does not tell the cookie that it was made of."""
    cookie = asked.cookies.get(VIEWER_COOKIE, "")
    return hashlib.sha256(cookie.encode()).hexdigest()[:16] if _VIEWER.fullmatch(cookie) else ANONYMOUS


def session_id_of_query() -> str:
    """Return the map that the current request names; raises BadRequest, UnknownSession for what is no id."""
    found = request.args.get("session")
    if not found:
        raise BadRequest("Say which map: add ?session=ID, as in the map's link.")
    if len(found) > MAX_ID or not found.isascii():
        raise UnknownSession()
    return found


def query_name() -> str:
    """Return the current request's ?name=, cleaned, or nothing."""
    return clean_name(request.args.get("name", ""))


# --- answers ----------------------------------------------------------------------


def json_response(body: Json | bytes, status: int = 200) -> Response:
    """Return a response of JSON, given as a value or encoded; never cached."""
    encoded = body if isinstance(body, bytes) else codec.dumps(body)
    response = Response(encoded, status, content_type="application/json")
    response.headers["Cache-Control"] = "no-store"
    return response


def tagged(body: bytes, etag: str, content_type: str, cache: str) -> Response:
    """Return a response with an ETag: 304 without the body when the client has that already."""
    if parse_etags(request.headers.get("If-None-Match")).contains_weak(etag):
        response = Response(status=304)
    else:
        response = Response(Slices(body), content_type=content_type)
        response.content_length = len(body)
    response.headers["Cache-Control"] = cache
    response.set_etag(etag)
    return response


def file_response(file: File) -> Response:
    """Return one of the page's files."""
    return tagged(file.body, file.etag, file.type, file.cache)


def error_response(error: MapsrvError) -> Response:
    """Return an error as every route answers it."""
    response = json_response(error_body(error), error.status)
    response.headers.update(error_headers(error))
    return response


def open_to_all(response: Response) -> Response:
    """Let other sites' pages read it, without credentials."""
    response.headers["Access-Control-Allow-Origin"] = "*"
    return response
