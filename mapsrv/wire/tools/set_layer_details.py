"""set_layer_details: a layer's title and attribution."""

from __future__ import annotations

from mapsrv.core import commands as c
from mapsrv.errors import InvalidArgument
from mapsrv.wire import fields
from mapsrv.wire.tools.schema import LAYER, arguments, text
from mapsrv.wire.tools.tool import RECEIPT, Tool
from mapsrv.wire.tools.values import Values, layer_id


def _parse(values: Values, document: bytes | None) -> c.SetLayerDetails:
    if "title" not in values and "attribution" not in values:
        raise InvalidArgument("set_layer_details changes nothing: send title or attribution.")
    title = fields.title(values["title"]) if "title" in values else None
    attribution = fields.attribution(values["attribution"]) if "attribution" in values else None
    return c.SetLayerDetails(layer_id(values), title, attribution)


TOOL = Tool(
    name="set_layer_details",
    title="Rename or credit a layer",
    text=(
        "Set the title of a layer that people see in the list, or the attribution shown at the map's edge."
        + RECEIPT
    ),
    example={"layer_id": "peaks", "title": "Peaks over 4,000 m", "attribution": "Data: swisstopo"},
    schema=arguments(
        ("layer_id",),
        layer_id=LAYER,
        title=text("What people see in the layer list."),
        attribution=text("Whose data it is, shown at the map's edge; empty removes it."),
    ),
    parse=_parse,
)
