"""POST /front: a page trades the token of the link it was opened by for a proof of whose browser it is."""

from __future__ import annotations

from mapsrv.errors import InvalidArgument
from mapsrv.web.answer import Answer, json_answer
from mapsrv.web.ask import Ask
from mapsrv.web.site import Site
from mapsrv.wire import json_text

MAX_BODY = 64 * 1024  # bytes


async def trade(site: Site, ask: Ask) -> Answer:
    """Answer with the proof. A token is good once, and for ten minutes."""
    told = json_text.loads(await site.body(ask, None, "A token has 22 characters."))
    token = told.get("token") if isinstance(told, dict) else None
    proof = site.front.trade(token) if isinstance(token, str) else None
    if proof is None:
        raise InvalidArgument(
            "token: expected that of a link which mapsrv gave within the last ten minutes, and which nobody"
            " has opened yet."
        )
    return json_answer({"proof": proof})
