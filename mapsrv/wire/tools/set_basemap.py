"""set_basemap: what is drawn beneath all layers."""

from __future__ import annotations

from mapsrv.core import commands as c
from mapsrv.wire.ground import basemap_names
from mapsrv.wire.tools.schema import arguments, text
from mapsrv.wire.tools.tool import RECEIPT, Tool

TOOL = Tool(
    name="set_basemap",
    title="Choose the basemap",
    text=(
        "Choose what is drawn beneath all layers: natural-earth, built in, with land, water, borders and"
        " names down to small cities; openstreetmap, streets from the internet; or none."
        + RECEIPT
    ),
    example={"name": "none"},
    schema=arguments(("name",), name=text("The basemap, or none.", enum=list(basemap_names()))),
    instead={
        "name": (
            'Any other map is a layer beneath yours: add_layer {"id": "streets", "source":'
            ' "https://tiles.example.org/{z}/{x}/{y}.png"}, then move_layer {"layer_id": "streets",'
            ' "to":'
            ' "bottom"}.'
        )
    },
    parse=lambda values, document: c.SetBasemap(values["name"]),
)
