"""remove_layer: a layer gone, with its data and style."""

from __future__ import annotations

from mapsrv.core import commands as c
from mapsrv.wire.tools.schema import LAYER, arguments
from mapsrv.wire.tools.tool import RECEIPT, Tool
from mapsrv.wire.tools.values import layer_id

TOOL = Tool(
    name="remove_layer",
    title="Remove a layer",
    text=(
        "Remove a layer, with its data and style, from everybody's map. To hide it for a while use"
        " toggle_layer." + RECEIPT
    ),
    example={"layer_id": "peaks"},
    schema=arguments(("layer_id",), layer_id=LAYER),
    parse=lambda values, document: c.RemoveLayer(layer_id(values)),
    destructive=True,
)
