"""GET /events: a map's changes as Server-Sent Events."""

from __future__ import annotations

import secrets

from mapsrv.core.log import Position
from mapsrv.web.answer import Answer
from mapsrv.web.ask import Ask
from mapsrv.web.pages import session_of_cookie
from mapsrv.web.site import SESSION_COOKIE, SESSION_DAYS, Site
from mapsrv.web.stream import Stream
from mapsrv.wire.receipt import map_url
from mapsrv.wire.said import public_id

MAX_VIEWER = 100  # characters of a tab's id

HEADERS = {
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-cache, no-transform",
    "x-accel-buffering": "no",  # nginx sends each event at once
}


async def events(site: Site, ask: Ask) -> Answer:
    """Answer with the stream, from where the client is; without ?session of the cookie's map or a new one."""
    named = ask.argument("session") is not None
    session_id = ask.session_id if named else await session_of_cookie(site, ask)
    await site.streams.check(session_id)
    answer = Answer(headers=dict(HEADERS))
    if ask.method == "HEAD":  # whose answer has no body: a stream would hold its connection for ever
        return answer
    # A native reconnect sends the header beside the query of its first connect: the header is newer.
    cursor = Position.parse(ask.header("last-event-id") or ask.argument("last_event_id") or "")
    viewer = public_id((ask.argument("viewer") or "")[:MAX_VIEWER] or secrets.token_hex(16))
    name, author = ask.name, ("person", ask.author)
    url = map_url(site.base_url(ask), session_id)

    answer.body = Stream(
        site.streams,
        lambda: site.hub.subscribe(session_id, cursor, viewer=viewer, name=name, url=url, author=author),
    )
    if not named:
        site.set_cookie(ask, answer, SESSION_COOKIE, session_id, SESSION_DAYS)
    return site.know_viewer(ask, answer)
