"""get_map_screenshot: the map as an open browser draws it."""

from __future__ import annotations

from mapsrv.wire.tools.requests import GetMapScreenshot
from mapsrv.wire.tools.schema import arguments
from mapsrv.wire.tools.tool import Tool

TOOL = Tool(
    name="get_map_screenshot",
    title="See the map",
    text=(
        "Return a picture of the map as a person's open browser shows it now, with the view that it has."
        " Use it to check what you drew. The person sees that you looked. While nobody has the map open the"
        " result describes it in words."
    ),
    example={},
    schema=arguments(),
    parse=lambda values, document: GetMapScreenshot(),
    read_only=True,
)
