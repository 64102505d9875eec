"""open_map: join the map that is shared, or make a new one."""

from __future__ import annotations

from mapsrv.wire.tools.requests import OpenMap
from mapsrv.wire.tools.schema import arguments, boolean, text
from mapsrv.wire.tools.tool import Tool
from mapsrv.wire.tools.values import Values, optional_title


def _parse(values: Values, document: bytes | None) -> OpenMap:
    return OpenMap(optional_title(values), values.get("new", False))


TOOL = Tool(
    name="open_map",
    title="Open a map",
    text=(
        "Open the live map that you and people share, or make a new one. Call it first when you have no"
        " session_id: the result has the session_id to pass in every later call, and the link to give to the"
        " person. With title it also names the map; new: true always makes a fresh one."
    ),
    example={"title": "Lakes of Switzerland"},
    schema=arguments(
        title=text('What the map is called, like "Lakes of Switzerland". Renames a map that is open.'),
        new=boolean("true: a fresh map even if one is open.", False),
    ),
    parse=_parse,
    idempotent=False,
)
