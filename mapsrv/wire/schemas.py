"""JSON Schemas of the calls' arguments, as published: no anyOf, oneOf or allOf at a root, every array
with items, every property with a type or an anyOf of typed branches. Some hosts refuse a whole tool
list for one schema that is not so.
"""

from __future__ import annotations

from collections.abc import Mapping

from mapsrv.core.state import Json
from mapsrv.wire.style import basemap_names

Schema = dict[str, Json]
MAX_IDS = 1_000  # features that one view is fitted to


def _text(description: str, **more: Json) -> Schema:
    return {"type": "string", "description": description, **more}


def _boolean(description: str, default: bool) -> Schema:
    return {"type": "boolean", "default": default, "description": description}


def _numbers(description: str, size: int) -> Schema:
    number = {"type": "number"}
    return {"type": "array", "items": number, "minItems": size, "maxItems": size, "description": description}


def _objects(description: str, item: Schema | None = None) -> Schema:
    return {"type": "array", "items": item or {"type": "object"}, "description": description}


def _any(description: str, *types: str) -> Schema:
    branches: list[Json] = [
        {"type": kind, "items": {}} if kind == "array" else {"type": kind} for kind in types
    ]
    return {"anyOf": branches, "description": description}


def _ids(description: str, **more: Json) -> Schema:
    feature_id = {"anyOf": [{"type": "string"}, {"type": "number"}]}
    return {"type": "array", "items": feature_id, "description": description, **more}


SESSION = _text(
    "Which map: its session_id or its whole link. Pass the one that the first result gave you in every later"
    " call."
)
_LAYER = _text("The id of a layer.")
_LAYER_OR_STYLE_LAYER = _text("The id of a layer, or of one of its style layers.")
_CHANGE: Schema = {
    "type": "object",
    "properties": {
        "id": {"anyOf": [{"type": "string"}, {"type": "number"}], "description": "The feature's id."},
        "geometry": _any("A new GeoJSON geometry.", "object", "null"),
        "properties": {"type": "object", "description": "Merged into the feature's; null deletes one."},
    },
    "required": ["id"],
}


def _schema(required: tuple[str, ...] = (), **properties: Schema) -> Schema:
    return {
        "type": "object",
        "properties": {**properties, "session_id": SESSION},
        "required": list(required),
        "additionalProperties": False,
    }


# The schema of each call, in the order in which they are published.
SCHEMAS: Mapping[str, Schema] = {
    "open_map": _schema(
        title=_text('What the map is called, like "Lakes of Switzerland". Renames a map that is open.'),
        new=_boolean("true: a fresh map even if one is open.", False),
    ),
    "get_map_state": _schema(),
    "list_layers": _schema(),
    "get_layer_info": _schema(("layer_id",), layer_id=_LAYER_OR_STYLE_LAYER),
    "add_layer": _schema(
        ("id", "source"),
        id=_text(
            'A short name of your own, unique in the map, like "lakes". An id that is there is replaced.'
        ),
        source=_any(
            "GeoJSON itself; or an address (.geojson, .pmtiles, {z}/{x}/{y} tiles, TileJSON); or"
            ' "data/NAME" as POST /data answered; or a MapLibre Style Spec source (geojson, vector,'
            " raster, raster-dem).",
            "object",
            "string",
        ),
        type=_text("May be left out: it is read from the source.", enum=["vector", "raster"]),
        layers=_objects(
            "How to draw it: MapLibre Style Spec layers, bottom to top; their id and source may be left"
            " out. Left out, vector data is drawn by sensible defaults. Vector tiles need it, with"
            ' "source-layer".'
        ),
        title=_text("What people see in the layer list; the id if left out."),
        visible=_boolean("false adds it hidden.", True),
        below=_text("Draw it beneath the layer of this id; left out: on top."),
        fit=_boolean("true also moves everyone's view to the data.", False),
    ),
    "update_features": _schema(
        ("layer_id",),
        layer_id=_LAYER,
        add=_objects("GeoJSON Features to add."),
        update=_objects("Changes of features that are there, by id.", _CHANGE),
        remove=_ids("Ids of features to remove."),
    ),
    "remove_layer": _schema(("layer_id",), layer_id=_LAYER),
    "toggle_layer": _schema(
        ("layer_id",),
        layer_id=_LAYER_OR_STYLE_LAYER,
        action=_text("What to do.", enum=["show", "hide", "toggle"], default="toggle"),
    ),
    "move_layer": _schema(
        ("layer_id",),
        layer_id=_LAYER,
        below=_text("Draw it just beneath the layer of this id."),
        above=_text("Draw it just above the layer of this id."),
        to=_text("Draw it over or beneath all other layers.", enum=["top", "bottom"]),
    ),
    "filter_layer": _schema(
        ("layer_id",),
        layer_id=_LAYER_OR_STYLE_LAYER,
        filter=_any(
            "A MapLibre expression that is true of what to show; null or left out shows all.",
            "array",
            "null",
        ),
    ),
    "set_layer_paint": _schema(
        ("layer_id",),
        layer_id=_LAYER_OR_STYLE_LAYER,
        property=_text('Any paint or layout property, like "fill-color"; or opacity, minzoom, maxzoom.'),
        value=_any(
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
    "set_layer_details": _schema(
        ("layer_id",),
        layer_id=_LAYER,
        title=_text("What people see in the layer list."),
        attribution=_text("Whose data it is, shown at the map's edge; empty removes it."),
    ),
    "reset_layer_style": _schema(("layer_id",), layer_id=_LAYER_OR_STYLE_LAYER),
    "set_map_view": _schema(
        center=_numbers("[longitude, latitude] in degrees.", 2),
        zoom={
            "type": "number",
            "minimum": 0,
            "maximum": 24,
            "description": "0 the world, 10 a city, 16 a street.",
        },
        bearing={"type": "number", "description": "Degrees clockwise from north that point up."},
        pitch={
            "type": "number",
            "minimum": 0,
            "maximum": 85,
            "description": "Degrees of tilt; 0 looks down.",
        },
        bounds=_numbers("[west, south, east, north] in degrees to fit.", 4),
        layer_id=_text("Fit the data of this layer."),
        feature_ids=_ids("With layer_id: fit only these features.", maxItems=MAX_IDS),
        padding={
            "type": "number",
            "default": 40,
            "minimum": 0,
            "maximum": 1000,
            "description": "CSS pixels around what is fitted.",
        },
    ),
    "set_basemap": _schema(("name",), name=_text("The basemap, or none.", enum=list(basemap_names()))),
}
