"""filter_layer: only those features of a layer for which an expression is true."""

from __future__ import annotations

from mapsrv.core import commands as c
from mapsrv.wire.filters import check_filter
from mapsrv.wire.tools.schema import LAYER_OR_STYLE_LAYER, any_of, arguments
from mapsrv.wire.tools.tool import RECEIPT, Tool
from mapsrv.wire.tools.values import Values, layer_id


def _parse(values: Values, document: bytes | None) -> c.FilterLayer:
    wanted = values.get("filter")
    return c.FilterLayer(layer_id(values), None if wanted is None else check_filter(wanted))


TOOL = Tool(
    name="filter_layer",
    title="Filter a layer",
    text=(
        "Show only those features of a layer for which a MapLibre expression is true; null, or no filter,"
        " shows all again. It replaces this call's earlier filter and adds to the filters of the layer's own"
        " style. Of data kept here the result says how many features pass (matched)." + RECEIPT
    ),
    example={"layer_id": "peaks", "filter": [">=", ["get", "height"], 4000]},
    schema=arguments(
        ("layer_id",),
        layer_id=LAYER_OR_STYLE_LAYER,
        filter=any_of(
            "A MapLibre expression that is true of what to show; null or left out shows all.",
            "array",
            "null",
        ),
    ),
    parse=_parse,
    unwalked=frozenset({"filter"}),
)
