"""toggle_layer: a layer or style layer shown or hidden."""

from __future__ import annotations

from mapsrv.core import commands as c
from mapsrv.wire.tools.schema import LAYER_OR_STYLE_LAYER, arguments, text
from mapsrv.wire.tools.tool import RECEIPT, Tool
from mapsrv.wire.tools.values import layer_id

TOOL = Tool(
    name="toggle_layer",
    title="Show or hide a layer",
    text=(
        "Show or hide a layer, or one of its style layers, for everybody. Say show or hide when you know"
        " which you want; toggle turns it over." + RECEIPT
    ),
    example={"layer_id": "peaks", "action": "hide"},
    schema=arguments(
        ("layer_id",),
        layer_id=LAYER_OR_STYLE_LAYER,
        action=text("What to do.", enum=["show", "hide", "toggle"], default="toggle"),
    ),
    parse=lambda values, document: c.ToggleLayer(layer_id(values), values.get("action", "toggle")),
    idempotent=False,
)
