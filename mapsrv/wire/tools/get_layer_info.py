"""get_layer_info: one layer, with its data in numbers and samples."""

from __future__ import annotations

from mapsrv.wire.tools.requests import GetLayerInfo
from mapsrv.wire.tools.schema import LAYER_OR_STYLE_LAYER, arguments
from mapsrv.wire.tools.tool import Tool
from mapsrv.wire.tools.values import layer_id

TOOL = Tool(
    name="get_layer_info",
    title="Look at one layer",
    text=(
        "Tell about one layer: its style, whether it is seen, and if not, why and which call mends it; of"
        " GeoJSON data the number of features, ids, geometry types, bounds, and each property's type, values"
        " and range. Use it before you write a filter or an expression, to use names and values that are"
        " there. The data itself is not in the result."
    ),
    example={"layer_id": "lakes"},
    schema=arguments(("layer_id",), layer_id=LAYER_OR_STYLE_LAYER),
    parse=lambda values, document: GetLayerInfo(layer_id(values)),
    read_only=True,
)
