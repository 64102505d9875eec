"""POST /presence: what one tab says of itself, checked; latest values only. Its stream may be anywhere."""

from __future__ import annotations

from mapsrv.errors import BadRequest, InvalidArgument
from mapsrv.web.answer import Answer
from mapsrv.web.ask import Ask
from mapsrv.web.events import MAX_VIEWER
from mapsrv.web.site import Site
from mapsrv.wire import json_text
from mapsrv.wire.said import public_id, read_said, text

MAX_BODY = 64 * 1024  # bytes


async def presence(site: Site, ask: Ask) -> Answer:
    """Note what the tab says. One that has no stream open, anywhere, is passed over."""
    session_id = ask.session_id
    told = json_text.loads(await site.body(ask, session_id, "What a page says of itself is at most 64 KiB."))
    if not isinstance(told, dict):
        raise BadRequest('Send an object, such as {"viewer": ID, "visible": true}.')
    viewer = text(told, "viewer", MAX_VIEWER)
    if not viewer:
        raise InvalidArgument("viewer: expected the id of the tab, as in /events?viewer=ID.")
    site.rates.check("presence", ask.caller, viewer)
    said, own = read_said(public_id(viewer), told), site.front.proves(told.get("proof"))
    async with site.hub.open_session(session_id) as live:
        await site.hub.tab_says(live, said, own=own)
        if live.presence.front is not None:
            site.front.shown(session_id)
    return Answer(status=204)
