"""POST /pictures: what a page draws, for who asked for it by a token that nobody else knows."""

from __future__ import annotations

from mapsrv.errors import InvalidArgument, NotFound
from mapsrv.hub.pictures import MAX_PICTURE
from mapsrv.web.answer import Answer
from mapsrv.web.ask import Ask
from mapsrv.web.site import Site
from mapsrv.wire.drawn import MAX_TOKEN

PNG = "image/png"
SIGNATURE = b"\x89PNG\r\n\x1a\n"


async def pictures(site: Site, ask: Ask) -> Answer:
    """Take a picture that is due. A token that is none, or was used, is refused before the body is read."""
    token = ask.argument("ask") or ""
    if not 0 < len(token) <= MAX_TOKEN or not token.isascii() or not await site.hub.pictures.admit(token):
        raise NotFound("No picture is due under that token: it is good once, and for 10 s.")
    body = await site.body(ask, None, f"A picture is at most {MAX_PICTURE // 1024} KiB. Send a smaller one.")
    if not body.startswith(SIGNATURE):
        raise InvalidArgument("Send a PNG.")
    await site.hub.pictures.leave(token, body)
    return Answer(status=204)
