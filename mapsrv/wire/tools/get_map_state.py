"""get_map_state: what is on the map, and who has it open."""

from __future__ import annotations

from mapsrv.wire.tools.requests import GetMapState
from mapsrv.wire.tools.schema import arguments
from mapsrv.wire.tools.tool import Tool

TOOL = Tool(
    name="get_map_state",
    title="Look at the map",
    text=(
        "Tell what is on the map now: its title, basemap, camera and layers, bottom to top, who has it open"
        " and what each of them is looking at, and problems that their browsers reported. Use it before you"
        ' change a map that others may have changed, and when a person says "here" or "this".'
    ),
    example={},
    schema=arguments(),
    parse=lambda values, document: GetMapState(),
    read_only=True,
)
