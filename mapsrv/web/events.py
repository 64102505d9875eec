"""GET /events: a map's changes as Server-Sent Events."""

from __future__ import annotations

import secrets

from quart import request
from quart_trio.wrappers import TrioResponse as Response

from mapsrv.core.log import Position
from mapsrv.web.pages import session_of_cookie
from mapsrv.web.site import (
    SESSION_COOKIE,
    SESSION_DAYS,
    Site,
    author_of,
    query_name,
    session_id_of_query,
)
from mapsrv.web.streams import Stream
from mapsrv.wire.receipt import map_url

MAX_VIEWER = 100  # characters of a tab's id

CONTENT_TYPE = "text/event-stream; charset=utf-8"
HEADERS = {
    "Cache-Control": "no-cache, no-transform",
    "X-Accel-Buffering": "no",  # nginx sends each event at once
}


async def events(site: Site) -> Response:
    """Answer with the stream, from where the client is; without ?session of the cookie's map or a new one."""
    named = "session" in request.args
    session_id = session_id_of_query() if named else await session_of_cookie(site)
    await site.streams.check(session_id)
    if request.method == "HEAD":  # whose answer has no body: a stream would hold its connection for ever
        return Response(b"", headers=HEADERS, content_type=CONTENT_TYPE)
    # A native reconnect sends the header beside the query of its first connect: the header is newer.
    cursor = Position.parse(request.headers.get("Last-Event-ID") or request.args.get("last_event_id", ""))
    viewer = request.args.get("viewer", "")[:MAX_VIEWER] or secrets.token_hex(16)
    name, author = query_name(), ("person", author_of(request))
    url = map_url(site.base_url(), session_id)

    stream = Stream(
        site.streams,
        lambda: site.hub.subscribe(session_id, cursor, viewer=viewer, name=name, url=url, author=author),
    )
    response = Response(stream, headers=HEADERS, content_type=CONTENT_TYPE)
    if not named:
        site.set_cookie(response, SESSION_COOKIE, session_id, SESSION_DAYS)
    return site.know_viewer(response)
