"""list_layers: the layers, bottom to top."""

from __future__ import annotations

from mapsrv.wire.tools.requests import ListLayers
from mapsrv.wire.tools.schema import arguments
from mapsrv.wire.tools.tool import Tool

TOOL = Tool(
    name="list_layers",
    title="List the layers",
    text=(
        "List the map's layers, bottom to top: id, title, type, whether each is visible, has a filter or"
        " custom paint, and the ids of its style layers. Use it to find the layer_id that other calls need."
    ),
    example={},
    schema=arguments(),
    parse=lambda values, document: ListLayers(),
    read_only=True,
)
