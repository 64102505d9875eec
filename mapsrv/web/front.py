"""POST /front: a page trades the token of the link that opened it for a proof of whose browser it is.

With it, it may ask how this user's assistants start `mapsrv stdio`: full paths, which are nobody else's.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from mapsrv.asgi.origin_guard import Authority
from mapsrv.errors import InvalidArgument
from mapsrv.web.answer import Answer, json_answer
from mapsrv.web.ask import Ask
from mapsrv.web.site import Site
from mapsrv.wire import json_text

MAX_BODY = 64 * 1024  # bytes


async def trade(site: Site, ask: Ask) -> Answer:
    """Answer with the proof; or, to a proof, with the command. A token is good once, and for ten minutes."""
    told = json_text.loads(await site.body(ask, None, "A token has 22 characters."))
    if isinstance(told, dict) and "proof" in told:
        return _command(site, ask, told["proof"])
    token = told.get("token") if isinstance(told, dict) else None
    proof = site.front.trade(token) if isinstance(token, str) else None
    if proof is None:
        raise InvalidArgument(
            "token: expected that of a link which mapsrv gave within the last ten minutes, and which nobody"
            " has opened yet."
        )
    return json_answer({"proof": proof})


def _command(site: Site, ask: Ask, proof: object) -> Answer:
    """Answer how a host starts `mapsrv stdio`; null where the page is on another machine, or no host can."""
    if not site.front.proves(proof):
        raise InvalidArgument("proof: expected one that this server gave for a token.")
    here = Authority.parse(urlsplit(site.base_url(ask)).netloc)
    known = here is not None and here.is_loopback and bool(site.front.command)
    return json_answer({"command": list(site.front.command) if known else None})
