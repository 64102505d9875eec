"""From the name and arguments of a call to its request, by the table of tools.

MCP publishes the table, POST /commands answers by it; neither knows a call of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mapsrv.core import commands as c
from mapsrv.core.state import Json
from mapsrv.core.suggest import nearest
from mapsrv.errors import BadRequest, InvalidArgument
from mapsrv.wire.arguments import Shape
from mapsrv.wire.fields import MAX_KEY, is_key, known_keys, session_id
from mapsrv.wire.json_text import check_value, shown
from mapsrv.wire.source_text import LOCAL, NeedsLayers
from mapsrv.wire.tools.requests import (
    FindPlaces,
    GetLayerInfo,
    GetMapScreenshot,
    GetMapState,
    ListLayers,
    OpenMap,
    Query,
    Request,
)
from mapsrv.wire.tools.table import TOOLS
from mapsrv.wire.tools.tool import Tool
from mapsrv.wire.unknown_tool import instead_of

__all__ = [
    "CALLS",
    "FindPlaces",
    "GetLayerInfo",
    "GetMapScreenshot",
    "GetMapState",
    "ListLayers",
    "OpenMap",
    "Parsed",
    "Query",
    "Request",
    "local_path",
    "parse_call",
    "parse_command_body",
]

_BODY = '{"command": "toggle_layer", "arguments": {"layer_id": "lakes"}}'


@dataclass(frozen=True, slots=True)
class Parsed:
    """A call's request, and the map it names, if it names one."""

    session_id: str | None
    request: Request


CALLS: Mapping[str, Tool] = {tool.name: tool for tool in TOOLS}
_SHAPES = {tool.name: Shape(tool) for tool in TOOLS}


def parse_call(name: str, arguments: Json) -> Parsed:
    """Return what a call asks; raises MapsrvError, InvalidArgument for a name that is none."""
    call = _call(name)
    check_value(arguments)  # somebody else parsed them
    return _parse(call, arguments, None)


def _call(name: str) -> Tool:
    call = CALLS.get(name)
    if call is None:
        raise InvalidArgument(
            f"There is no call {shown(name)}.{nearest(name, CALLS) or instead_of(name, CALLS)}"
            f" There are: {', '.join(CALLS)}."
        )
    return call


def _parse(call: Tool, arguments: Json, document: bytes | None) -> Parsed:
    values = _SHAPES[call.name].regular(arguments)
    session = session_id(values.pop("session_id", None))
    try:
        return Parsed(session, call.parse(values, document))
    except NeedsLayers as error:  # which somebody may be able to tell, of that map
        error.session, error.layer_id = session, str(values.get("id", ""))
        raise


def parse_command_body(value: Json, *, document: bytes | None = None) -> tuple[str | None, c.Command]:
    """Return (key or None, command) of a body of POST /commands, as json_text.loads() gave it.

    `document` is what slim_body took out of it.
    """
    if not isinstance(value, dict) or not isinstance(value.get("command"), str) or "arguments" not in value:
        raise BadRequest(f"The body must be a JSON object like {_BODY}; got {shown(value)}.")
    try:
        known_keys(value, ("command", "arguments", "id"), "The body", _BODY)
    except InvalidArgument as error:
        raise BadRequest(error.message) from None
    key = _key(value["id"]) if "id" in value else None
    call = _call(value["command"])
    if not call.changes:
        raise InvalidArgument(
            f"{call.name} changes nothing. Read the map by GET /state, or call it over MCP."
        )
    parsed = _parse(call, value["arguments"], document)
    if parsed.session_id is not None:
        raise InvalidArgument(
            "The map of POST /commands is in its address, ?session=ID: leave session_id out."
        )
    if local_path(parsed.request) is not None:
        raise InvalidArgument(
            "A file cannot be read from here. POST its GeoJSON to /data and send data/NAME."
        )
    return key, _command(parsed.request)


def _command(request: Request) -> c.Command:
    if isinstance(request, OpenMap):
        if request.new or request.title is None:
            raise InvalidArgument(
                "A new map is made by POST /sessions. open_map with a title renames this one."
            )
        return c.SetTitle(request.title)
    assert not isinstance(
        request, (GetMapState, GetMapScreenshot, ListLayers, GetLayerInfo, FindPlaces)
    )  # those change nothing
    return request


def _key(value: Json) -> str:
    if is_key(value):
        return value
    raise InvalidArgument(
        f"id must be 1 to {MAX_KEY} printable ASCII characters without spaces, like a UUID; got"
        f" {shown(value)}."
    )


def local_path(request: Request) -> str | None:
    """Return the path of the caller's file that add_layer's source names, else None."""
    data = request.source.get("data") if isinstance(request, c.AddLayer) else None
    return data.removeprefix(LOCAL) if isinstance(data, str) and data.startswith(LOCAL) else None
