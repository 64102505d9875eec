"""GET /state/near: where a point of a map is, in words. A page asks it of a move that it has not followed."""

from __future__ import annotations

from math import isfinite

from mapsrv.errors import InvalidArgument
from mapsrv.web.answer import Answer, json_answer
from mapsrv.web.ask import Ask
from mapsrv.web.site import Site

MAX_NUMBER = 32  # characters of a number


async def near(site: Site, ask: Ask) -> Answer:
    """Answer by what place a point is near. Who may ask is who has a map."""
    session_id = ask.session_id
    point = (_degrees(ask, "lng", 180.0), _degrees(ask, "lat", 90.0))
    async with site.hub.open_session(session_id):
        pass
    return json_answer({"near": await site.hub.gazetteer.near(point)})


def _degrees(ask: Ask, name: str, most: float) -> float:
    text = ask.argument(name) or ""
    try:
        value = float(text[:MAX_NUMBER])
    except ValueError:
        value = float("nan")
    if not isfinite(value) or abs(value) > most:
        raise InvalidArgument(f"{name}: expected degrees from -{most:g} to {most:g}, such as {name}=7.44.")
    return value
