"""The page, its files, and the making of maps: GET /, GET /assets/..., POST /sessions."""

from __future__ import annotations

from urllib.parse import urlsplit

from quart import request
from quart_trio.wrappers import TrioResponse as Response

from mapsrv.errors import MapsrvError, NotFound, UnknownSession
from mapsrv.web.site import (
    SESSION_COOKIE,
    SESSION_DAYS,
    Site,
    file_response,
    json_response,
    open_to_all,
    session_id_of_query,
)
from mapsrv.wire.receipt import map_url

CSP = (
    "default-src 'self'; script-src 'self'; worker-src 'self' blob:;"
    " img-src 'self' http: https: data: blob:; connect-src 'self' http: https: data: blob:;"
    " base-uri 'none'; form-action 'self'; object-src 'none'; frame-ancestors 'self'"
)


async def home(site: Site) -> Response:
    """Answer GET /: the page of the map that is named, else the way to the cookie's map or a new one."""
    if "session" in request.args:
        return site.know_viewer(await _page(site))
    session_id = await session_of_cookie(site)
    link = map_url(urlsplit(site.base_url()).path, session_id)
    response = Response("", 303, headers={"Location": link, "Cache-Control": "no-store"})
    site.set_cookie(response, SESSION_COOKIE, session_id, SESSION_DAYS)
    return site.know_viewer(response)


async def _page(site: Site) -> Response:
    response = file_response(site.page.index)
    response.headers["Content-Security-Policy"] = CSP
    try:
        if not await site.hub.exists(session_id_of_query()):
            raise UnknownSession()
    except MapsrvError as error:
        # The status is for programs; a person reads the same on the page, which asks for the map itself.
        if "text/html" not in request.headers.get("Accept", ""):
            raise
        response = Response(site.page.index.body, error.status, headers=response.headers)
        response.headers["Cache-Control"] = "no-store"
    return response


async def session_of_cookie(site: Site) -> str:
    """Return the map of the current request's cookie if it still exists, else a new one's id."""
    known = request.cookies.get(SESSION_COOKIE, "")
    if known.isascii() and 0 < len(known) <= 200 and await site.hub.exists(known):
        return known
    return await site.hub.create_session()


async def create(site: Site) -> Response:
    """Answer POST /sessions: a new map."""
    session_id = await site.hub.create_session()
    return json_response({"session_id": session_id, "url": map_url(site.base_url(), session_id)}, 201)


def _static(site: Site, path: str) -> Response:
    file = site.page.files.get(path)
    if file is None:
        raise NotFound("There is no such file here.")
    return file_response(file)


# These never wait; they are async because Quart calls a plain function in a thread.


async def asset(site: Site, name: str) -> Response:  # noqa: ASYNC124
    """Answer a script, style or picture."""
    return _static(site, f"assets/{name}")


async def basemap(site: Site, name: str) -> Response:  # noqa: ASYNC124
    """Answer a file of the built-in basemap, to any site: /style.json names it."""
    return open_to_all(_static(site, f"basemap/{name}"))


async def licences(site: Site) -> Response:  # noqa: ASYNC124
    """Answer the licences of what the page is built with."""
    return _static(site, "licenses.txt")
