"""The page, its files, and the making of maps: GET /, GET /assets/..., POST /sessions."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from werkzeug.datastructures import Accept
from werkzeug.http import parse_accept_header

from mapsrv.errors import MapsrvError, NotFound, UnknownSession
from mapsrv.web.answer import Answer, file_answer, json_answer, open_to_all, tagged
from mapsrv.web.ask import MAX_ID, Ask
from mapsrv.web.page import ASK_FIRST, FOR_EVER
from mapsrv.web.site import SESSION_COOKIE, SESSION_DAYS, Site
from mapsrv.web.tiles import plain
from mapsrv.wire.receipt import map_url

CSP = (
    "default-src 'self'; script-src 'self'; worker-src 'self' blob:;"
    " img-src 'self' http: https: data: blob:; connect-src 'self' http: https: data: blob:;"
    " base-uri 'none'; form-action 'self'; object-src 'none'; frame-ancestors 'self'"
)
TILE, TILE_TYPE = ".pbf", "application/x-protobuf"
_TILE = re.compile(r"[0-9]{1,2}/[0-9]{1,5}/[0-9]{1,5}(?:\.pbf)", re.ASCII)
HEADERS = {"content-security-policy": CSP, "cross-origin-opener-policy": "same-origin"}


async def home(site: Site, ask: Ask) -> Answer:
    """Answer GET /: the page of the map that is named, else the way to the cookie's map or a new one."""
    if ask.argument("session") is not None:
        return site.know_viewer(ask, await _page(site, ask))
    session_id = await session_of_cookie(site, ask)
    link = map_url(urlsplit(site.base_url(ask)).path, session_id)
    answer = Answer(status=303, headers={"location": link, "cache-control": "no-store"})
    site.set_cookie(ask, answer, SESSION_COOKIE, session_id, SESSION_DAYS)
    return site.know_viewer(ask, answer)


async def _page(site: Site, ask: Ask) -> Answer:
    index = site.page.index
    answer = file_answer(ask, index)
    answer.headers.update(HEADERS)
    try:
        if not await site.hub.exists(ask.session_id):
            raise UnknownSession()
    except MapsrvError as error:
        # The status is for programs; a person reads the same on the page, which asks for the map itself.
        if "text/html" not in (ask.header("accept") or ""):
            raise
        # Plain, and never "not modified": its headers are none of the file's.
        headers = HEADERS | {"content-type": index.type, "cache-control": "no-store"}
        answer = Answer(index.body, error.status, headers)
    return answer


async def session_of_cookie(site: Site, ask: Ask) -> str:
    """Return the map of the request's cookie if it still exists, else a new one's id."""
    known = ask.cookie(SESSION_COOKIE)
    if known.isascii() and 0 < len(known) <= MAX_ID and await site.hub.exists(known):
        return known
    return await _new_session(site, ask)


async def _new_session(site: Site, ask: Ask) -> str:
    site.rates.check("sessions", ask.caller)
    return await site.hub.create_session()


async def create(site: Site, ask: Ask) -> Answer:
    """Answer POST /sessions: a new map."""
    session_id = await _new_session(site, ask)
    return json_answer({"session_id": session_id, "url": map_url(site.base_url(ask), session_id)}, 201)


def _static(site: Site, ask: Ask, path: str) -> Answer:
    file = site.page.files.get(path)
    if file is None:
        raise NotFound("There is no such file here.")
    return file_answer(ask, file)


async def asset(site: Site, ask: Ask, name: str) -> Answer:  # noqa: ASYNC124
    """Answer a script, style or picture."""
    return _static(site, ask, f"assets/{name}")


async def basemap(site: Site, ask: Ask, name: str) -> Answer:  # noqa: ASYNC124
    """Answer a file of the built-in basemap, to any site: /style.json names it."""
    return open_to_all(_static(site, ask, f"basemap/{name}"))


async def tile(site: Site, ask: Ask, version: str, z: str, x: str, y: str) -> Answer:  # noqa: ASYNC124
    """Answer a tile of the built-in ground, to any site. Under another build's version: to be asked again."""
    tiles = site.page.tiles
    named = f"{z}/{x}/{y}"
    found = tiles.tile(int(z), int(x), int(y.removesuffix(TILE))) if _TILE.fullmatch(named) else None
    if found is None:
        raise NotFound("There is no such tile here.")
    cache = FOR_EVER if version == tiles.version else ASK_FIRST
    zipped = bool(found) and parse_accept_header(ask.header("accept-encoding"), Accept).quality("gzip") > 0
    body = found if zipped else plain(found)
    answer = tagged(ask, body, f"{tiles.version}-{'gzip' if zipped else 'plain'}", TILE_TYPE, cache)
    answer.headers["vary"] = "accept-encoding"
    if zipped:
        answer.headers["content-encoding"] = "gzip"
    return open_to_all(answer)


async def licences(site: Site, ask: Ask) -> Answer:  # noqa: ASYNC124
    """Answer the licences of what the page is built with."""
    return _static(site, ask, "licenses.txt")
