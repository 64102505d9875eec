"""update_features: single features of a GeoJSON layer added, changed and removed."""

from __future__ import annotations

from mapsrv.core import commands as c
from mapsrv.core.state import Json
from mapsrv.errors import InvalidArgument
from mapsrv.wire.codec import dumps
from mapsrv.wire.json_text import shown
from mapsrv.wire.tools.schema import LAYER, Schema, any_of, arguments, ids, objects
from mapsrv.wire.tools.tool import RECEIPT, Tool
from mapsrv.wire.tools.values import Values, layer_id, parsed

FEATURES = ("add", "update", "remove")

_CHANGE: Schema = {
    "type": "object",
    "properties": {
        "id": {"anyOf": [{"type": "string"}, {"type": "number"}], "description": "The feature's id."},
        "geometry": any_of("A new GeoJSON geometry.", "object", "null"),
        "properties": {"type": "object", "description": "Merged into the feature's; null deletes one."},
    },
    "required": ["id"],
}


def _feature_lists(values: Values) -> dict[str, list[Json]]:
    """Return add, update and remove as lists; a FeatureCollection or a single one counts as its list."""
    lists = {key: _as_list(values.get(key), key) for key in FEATURES}
    if not any(lists.values()):
        raise InvalidArgument(
            "update_features changes nothing: send add, update or remove. Example: update_features"
            ' {"layer_id": "lakes", "update": [{"id": 7, "properties": {"name": "Zug"}}]}'
        )
    return lists


def _as_list(value: Json, key: str) -> list[Json]:
    if isinstance(value, dict):
        value = value.get("features") if value.get("type") == "FeatureCollection" else [value]
    if value is None:
        return []
    wanted: tuple[type, ...] = (str, int, float) if key == "remove" else (dict,)
    if not isinstance(value, list):
        raise InvalidArgument(f"{key} must be a list; got {shown(value)}.")
    for place, item in enumerate(value):
        if not isinstance(item, wanted) or isinstance(item, bool):
            what = "a feature id" if key == "remove" else "an object"
            raise InvalidArgument(f"{key}[{place}] must be {what}; got {shown(item)}.")
    return value


def _parse(values: Values, document: bytes | None) -> c.UpdateFeatures:
    if document is not None:
        return c.UpdateFeatures(layer_id(values), document=document)
    add, update, remove = (tuple(items) for items in _feature_lists(values).values())
    return c.UpdateFeatures(layer_id(values), add, update, remove)


def _slim(arguments: dict[str, Json]) -> tuple[dict[str, Json], bytes | None]:
    lists = {key: parsed(arguments[key], key) for key in FEATURES if key in arguments}
    rest = {key: item for key, item in arguments.items() if key not in FEATURES}
    return rest, dumps(_feature_lists(lists))


def _as_it_came(value: Json) -> Json:
    """Leave an object to _as_list(), which large bodies come to without a schema."""
    return value


TOOL = Tool(
    name="update_features",
    title="Change features",
    text=(
        "Add, change or remove single features of a GeoJSON layer, without sending the others again. update"
        " merges properties into the feature of that id, where null deletes one, and may replace its"
        " geometry. Features without an id are given one; get_layer_info shows the first ids,"
        " and the result names the features that you changed." + RECEIPT
    ),
    example={
        "layer_id": "peaks",
        "add": [
            {
                "type": "Feature",
                "id": 2,
                "geometry": {"type": "Point", "coordinates": [7.9838, 46.5369]},
                "properties": {"name": "Jungfrau"},
            }
        ],
        "update": [{"id": 1, "properties": {"height": 4478}}],
    },
    schema=arguments(
        ("layer_id",),
        layer_id=LAYER,
        add=objects("GeoJSON Features to add."),
        update=objects("Changes of features that are there, by id.", _CHANGE),
        remove=ids("Ids of features to remove."),
    ),
    parse=_parse,
    forms={"add": _as_it_came, "update": _as_it_came},
    unwalked=frozenset(FEATURES),
    slim=_slim,
    destructive=True,
    idempotent=False,
)
