"""POST /presence: what one tab says of itself, checked; latest values only."""

from __future__ import annotations

from collections.abc import Mapping

from mapsrv.core.state import Json
from mapsrv.errors import BadRequest, InvalidArgument
from mapsrv.hub.problems import Problem
from mapsrv.web.answer import Answer
from mapsrv.web.ask import Ask
from mapsrv.web.events import MAX_VIEWER
from mapsrv.web.site import Site
from mapsrv.wire import json_text, viewers
from mapsrv.wire.names import MAX_NAME, clean_name

MAX_BODY = 64 * 1024  # bytes
MAX_PROBLEMS = 20
MAX_MESSAGE = 500  # characters
MAX_ID = 256  # characters of a layer id or a position


async def presence(site: Site, ask: Ask) -> Answer:
    """Note what the tab says. One that has no stream open is passed over."""
    session_id = ask.session_id
    told = json_text.loads(await site.body(ask, session_id, "What a page says of itself is at most 64 KiB."))
    if not isinstance(told, dict):
        raise BadRequest('Send an object, such as {"viewer": ID, "visible": true}.')
    viewer = _text(told, "viewer", MAX_VIEWER)
    if not viewer:
        raise InvalidArgument("viewer: expected the id of the tab, as in /events?viewer=ID.")
    site.rates.check("presence", ask.caller, viewer)
    changes, problems = _changes(told), _problems(told)
    gone, own = _flag(told, "gone"), site.front.proves(told.get("proof"))
    async with site.hub.open_session(session_id) as live:
        if "name" in changes:
            site.remember_name(session_id, ask.author, str(changes["name"]))
        live.presence.told(viewer, changes, own=own)
        if live.presence.front is not None:
            site.front.shown(session_id)
        for problem in problems:
            live.problems.report(problem)
        if gone:
            live.presence.gone(viewer)
    return Answer(status=204)


def _changes(told: Mapping[str, Json]) -> dict[str, Json]:
    changes: dict[str, Json] = {}
    if "visible" in told:
        changes["visible"] = _flag(told, "visible")
    if "name" in told:
        changes["name"] = clean_name(_text(told, "name", MAX_NAME))
    if "viewport" in told:
        changes["viewport"] = viewers.viewport(told["viewport"])
    if "pointing" in told:
        changes["pointing"] = viewers.pointing(told["pointing"])
    return changes


def _flag(told: Mapping[str, Json], name: str) -> bool:
    value = told.get(name, False)
    if not isinstance(value, bool):
        raise InvalidArgument(f"{name}: expected true or false.")
    return value


def _text(told: Mapping[str, Json], name: str, longest: int) -> str:
    value = told.get(name, "")
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > longest:
        raise InvalidArgument(f"{name}: expected a text of at most {longest} characters.")
    return value


def _problems(told: Mapping[str, Json]) -> list[Problem]:
    value = told.get("problems")
    if value is None:
        return []
    if not isinstance(value, list) or len(value) > MAX_PROBLEMS:
        raise InvalidArgument(f"problems: expected a list of at most {MAX_PROBLEMS}.")
    return [_problem(item) for item in value]


def _problem(item: Json) -> Problem:
    if not isinstance(item, dict) or not item.get("message"):
        raise InvalidArgument('problems: expected objects, such as {"position": "...", "message": "..."}.')
    message, layer_id = _text(item, "message", MAX_MESSAGE), _text(item, "layer_id", MAX_ID)
    return Problem(message, layer_id or None, _text(item, "position", MAX_ID) or None)
