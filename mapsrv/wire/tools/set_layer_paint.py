"""set_layer_paint: paint and layout properties of a layer or style layer."""

from __future__ import annotations

from mapsrv.core import commands as c
from mapsrv.core import style_names
from mapsrv.core.state import Json
from mapsrv.errors import InvalidArgument
from mapsrv.wire import fields
from mapsrv.wire.filters import check_size
from mapsrv.wire.json_text import shown
from mapsrv.wire.tools.schema import LAYER_OR_STYLE_LAYER, any_of, arguments, text
from mapsrv.wire.tools.tool import RECEIPT, Tool
from mapsrv.wire.tools.values import Values, layer_id


def _parse(values: Values, document: bytes | None) -> c.SetLayerPaint:
    single = "property" in values or "value" in values
    if single == ("properties" in values) or ("property" in values) != ("value" in values):
        raise InvalidArgument(
            "set_layer_paint takes property and value (null puts it back as added), or properties. Example: "
            'set_layer_paint {"layer_id": "lakes", "property": "fill-color", "value": "#2f6fde"}'
        )
    properties = {values["property"]: values["value"]} if single else values["properties"]
    if not properties:
        raise InvalidArgument('properties is empty. Example: {"fill-color": "#2f6fde", "opacity": 0.5}')
    check_size(properties, "properties")
    for name, value in properties.items():
        _check_property(name, value)
    return c.SetLayerPaint(layer_id(values), properties)


def _check_property(name: str, value: Json) -> None:
    """Refuse what no layer takes; what this layer takes, the decider knows, and what it may be, prepare."""
    if name == "visibility":
        raise InvalidArgument("A layer is shown and hidden by toggle_layer, not by its visibility property.")
    if name in style_names.COMMON:
        if value is not None and (name != "opacity" or not isinstance(value, (list, dict))):
            fields.number(value, name, 0, 1 if name == "opacity" else 24)
    elif not style_names.types_with(name):
        raise InvalidArgument(f"There is no property {shown(name)}.{style_names.nearest(name)}")


TOOL = Tool(
    name="set_layer_paint",
    title="Style a layer",
    text=(
        "Set colours, widths, sizes, labels and other paint or layout properties of a layer, or of one of its"
        " style layers. A value is a constant or a MapLibre expression; null puts the property back as it was"
        " added. opacity works for every type; minzoom and maxzoom limit where it is drawn. One wrong value"
        " changes nothing." + RECEIPT
    ),
    example={
        "layer_id": "peaks",
        "properties": {
            "circle-color": ["interpolate", ["linear"], ["get", "height"], 3000, "#fee08b", 4500, "#d73027"],
            "circle-radius": 9,
        },
    },
    schema=arguments(
        ("layer_id",),
        layer_id=LAYER_OR_STYLE_LAYER,
        property=text('Any paint or layout property, like "fill-color"; or opacity, minzoom, maxzoom.'),
        value=any_of(
            "A constant or a MapLibre expression; null puts the property back as it was added.",
            "string",
            "number",
            "boolean",
            "array",
            "object",
            "null",
        ),
        properties={
            "type": "object",
            "description": "Instead of property and value: several at once, by name.",
        },
    ),
    parse=_parse,
    unwalked=frozenset({"value", "properties"}),
)
