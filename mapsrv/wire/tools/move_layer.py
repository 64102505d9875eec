"""move_layer: a layer's place in the drawing order."""

from __future__ import annotations

from mapsrv.core import commands as c
from mapsrv.errors import InvalidArgument
from mapsrv.wire import fields
from mapsrv.wire.tools.schema import LAYER, arguments, text
from mapsrv.wire.tools.tool import RECEIPT, Tool
from mapsrv.wire.tools.values import Values, layer_id


def _parse(values: Values, document: bytes | None) -> c.MoveLayer:
    places = {name: values[name] for name in ("below", "above", "to") if name in values}
    if len(places) > 1:
        raise InvalidArgument(
            f"move_layer takes one of below, above and to; got {' and '.join(places)}. "
            'Example: move_layer {"layer_id": "lakes", "below": "roads"}'
        )
    for name in places.keys() & {"below", "above"}:
        fields.any_id(places[name], name)
    return c.MoveLayer(layer_id(values), **places)


TOOL = Tool(
    name="move_layer",
    title="Move a layer in the drawing order",
    text=(
        "Draw a layer beneath or above another one, or at the top or the bottom of all layers; nothing said:"
        " the top. below means beneath, so that the other layer covers it. The basemap stays below"
        " everything." + RECEIPT
    ),
    example={"layer_id": "areas", "below": "peaks"},
    schema=arguments(
        ("layer_id",),
        layer_id=LAYER,
        below=text("Draw it just beneath the layer of this id."),
        above=text("Draw it just above the layer of this id."),
        to=text("Draw it over or beneath all other layers.", enum=["top", "bottom"]),
    ),
    parse=_parse,
    aliases={"before": "below"},
)
