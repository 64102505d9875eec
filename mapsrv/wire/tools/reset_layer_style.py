"""reset_layer_style: a layer's or style layer's style as it was added."""

from __future__ import annotations

from mapsrv.core import commands as c
from mapsrv.wire.tools.schema import LAYER_OR_STYLE_LAYER, arguments
from mapsrv.wire.tools.tool import RECEIPT, Tool
from mapsrv.wire.tools.values import layer_id

TOOL = Tool(
    name="reset_layer_style",
    title="Put a layer's style back",
    text=(
        "Put paint, layout, zooms, opacity and filter of a layer, or of one style layer, back as they were"
        " added. Title, order and visibility stay." + RECEIPT
    ),
    example={"layer_id": "peaks"},
    schema=arguments(("layer_id",), layer_id=LAYER_OR_STYLE_LAYER),
    parse=lambda values, document: c.ResetLayerStyle(layer_id(values)),
)
