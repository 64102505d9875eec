"""A map as data: GET /state, GET /style.json, GET /log, and GeoJSON in and out at /data."""

from __future__ import annotations

from mapsrv.core.log import Position
from mapsrv.core.state import Json
from mapsrv.errors import BadRequest, InvalidArgument, TooLarge
from mapsrv.web.answer import JSON, Answer, json_answer, open_to_all, tagged
from mapsrv.web.ask import Ask
from mapsrv.web.page import ASK_FIRST, FOR_EVER
from mapsrv.web.site import Site
from mapsrv.wire import codec
from mapsrv.wire.ground import ANY_VERSION, LIGHT, SCHEMES, Look
from mapsrv.wire.log_page import log_page
from mapsrv.wire.receipt import map_url
from mapsrv.wire.style import drawn_from, to_style


async def state(site: Site, ask: Ask) -> Answer:
    """Answer the Snapshot; its ETag is the position."""
    session_id = ask.session_id
    url = map_url(site.base_url(ask), session_id)
    async with site.hub.open_current(session_id) as live:
        body = codec.snapshot_bytes(session_id, url, live.position, live.encoded_state())
        return tagged(ask, site.hold(ask, body), str(live.position), JSON, ASK_FIRST)


async def style(site: Site, ask: Ask) -> Answer:
    """Answer the map as a plain MapLibre style that any site may read.

    ?scheme=dark: on the dark ground; ?only=SOURCE: what is drawn from that source.
    """
    session_id, base_url = ask.session_id, site.base_url(ask)
    scheme = ask.argument("scheme") or LIGHT
    if scheme not in SCHEMES:
        raise BadRequest(f"scheme must be {' or '.join(SCHEMES)}.")
    look = Look(scheme, site.page.tiles.version or ANY_VERSION)
    async with site.hub.open_current(session_id) as live:
        told, only = to_style(live.state, base_url, look), ask.argument("only")
        return open_to_all(json_answer(drawn_from(told, only) if only else told))


async def log(site: Site, ask: Ask) -> Answer:
    """Answer what changed the map, newest first: the newest page, or that before a position."""
    session_id, text = ask.session_id, ask.argument("before")
    before = Position.parse(text) if text else None
    if text and before is None:
        raise InvalidArgument("before: expected a position, such as that of the last event of a page.")
    async with site.hub.open_current(session_id) as live:
        whole = not (live.alone or live.session.came_from)
        return json_answer(site.hold(ask, log_page(live.session.log, before, whole=whole)))


async def upload(site: Site, ask: Ask) -> Answer:
    """Store a GeoJSON document. The map only says who may: the document is the same for all."""
    session_id = ask.session_id
    documents = site.hub.documents
    try:
        documents.check_size(ask.content_length or 0)
        message = f"The GeoJSON is over {documents.max_data:,} bytes, the most taken here (--max-data)."
    except TooLarge as error:
        message = error.message
    body = await site.body(ask, session_id, message)
    async with site.hub.open_session(session_id):
        stored = await documents.put(body)
    told: dict[str, Json] = {"data": stored.data, "bytes": stored.bytes, "features": stored.summary.features}
    told["bounds"] = None if stored.summary.bounds is None else list(stored.summary.bounds)
    return json_answer(told, 201)


async def download(site: Site, ask: Ask, name: str) -> Answer:
    """Answer a document to any site; a name never holds another one."""
    body = await site.document(ask, name)
    return open_to_all(tagged(ask, body, name, "application/geo+json", FOR_EVER))
