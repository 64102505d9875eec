"""get_map_state: what is on the map, and who has it open."""

from __future__ import annotations

from mapsrv.core.log import Position
from mapsrv.errors import InvalidArgument
from mapsrv.wire.json_text import shown
from mapsrv.wire.tools.requests import GetMapState
from mapsrv.wire.tools.schema import arguments, text
from mapsrv.wire.tools.tool import Tool
from mapsrv.wire.tools.values import Values


def _parse(values: Values, document: bytes | None) -> GetMapState:
    since = values.get("since")
    position = None if since is None else Position.parse(since)
    if since is not None and position is None:
        raise InvalidArgument(f"since must be a position, as each result has it; got {shown(since)}.")
    return GetMapState(position)


TOOL = Tool(
    name="get_map_state",
    title="Look at the map",
    text=(
        "Tell what is on the map now: its title, basemap, camera and layers, bottom to top, who has it open"
        " and what each of them is looking at, problems that their browsers reported, and what people did"
        " since your last change (people_did). Use it before you change a map that others may have changed,"
        ' and when a person says "here" or "this".'
    ),
    example={},
    schema=arguments(since=text("people_did since this position, in place of your last change.")),
    parse=_parse,
    read_only=True,
)
