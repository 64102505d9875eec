"""A map as data: GET /state, GET /style.json, and GeoJSON in and out at /data."""

from __future__ import annotations

from mapsrv.core.state import Json
from mapsrv.errors import BadRequest, TooLarge
from mapsrv.web.answer import JSON, Answer, json_answer, open_to_all, tagged
from mapsrv.web.ask import Ask
from mapsrv.web.page import ASK_FIRST, FOR_EVER
from mapsrv.web.site import Site
from mapsrv.wire import codec
from mapsrv.wire.ground import ANY_VERSION, LIGHT, SCHEMES, Look
from mapsrv.wire.receipt import map_url
from mapsrv.wire.style import to_style


async def state(site: Site, ask: Ask) -> Answer:
    """Answer the Snapshot; its ETag is the position."""
    session_id = ask.session_id
    url = map_url(site.base_url(ask), session_id)
    async with site.hub.open_current(session_id) as live:
        body = codec.snapshot_bytes(session_id, url, live.position, live.encoded_state())
        return tagged(ask, site.hold(ask, body), str(live.position), JSON, ASK_FIRST)


async def style(site: Site, ask: Ask) -> Answer:
    """Answer the map as a plain MapLibre style that any site may read; ?scheme=dark: on the dark ground."""
    session_id, base_url = ask.session_id, site.base_url(ask)
    scheme = ask.argument("scheme") or LIGHT
    if scheme not in SCHEMES:
        raise BadRequest(f"scheme must be {' or '.join(SCHEMES)}.")
    look = Look(scheme, site.page.tiles.version or ANY_VERSION)
    async with site.hub.open_current(session_id) as live:
        return open_to_all(json_answer(to_style(live.state, base_url, look)))


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
