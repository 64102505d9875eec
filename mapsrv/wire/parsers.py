"""From regular arguments to commands and queries: one function a call, each (values, document) -> request.

`document` is GeoJSON that slim_body took out of a large body; else None.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from mapsrv.core import commands as c
from mapsrv.core import style_check
from mapsrv.core.state import Json
from mapsrv.errors import InvalidArgument
from mapsrv.wire import fields
from mapsrv.wire.filters import check_filter
from mapsrv.wire.json_text import shown
from mapsrv.wire.source_text import Hints, read_source
from mapsrv.wire.style_layers import SENSIBLE, check_style_layers, minimal_layer
from mapsrv.wire.views import parse_view


@dataclass(frozen=True, slots=True)
class OpenMap:
    """Join the map by the rule, or make a new one; a title (re)names it."""

    title: str | None = None
    new: bool = False


@dataclass(frozen=True, slots=True)
class GetMapState:
    """What is on the map, where it looks, who has it open."""


@dataclass(frozen=True, slots=True)
class ListLayers:
    """The layers, bottom to top."""


@dataclass(frozen=True, slots=True)
class GetLayerInfo:
    """One layer with its data in numbers and samples."""

    layer_id: str


Query: TypeAlias = OpenMap | GetMapState | ListLayers | GetLayerInfo
Request: TypeAlias = c.Command | Query
Values: TypeAlias = Mapping[str, Json]
Parse: TypeAlias = Callable[[Values, bytes | None], Request]


def _optional_title(values: Values) -> str | None:
    return fields.title(values["title"]) if values.get("title", "").strip() else None


def _layer_id(values: Values) -> str:
    return fields.any_id(values["layer_id"], "layer_id")


def _open_map(values: Values, document: bytes | None) -> OpenMap:
    return OpenMap(_optional_title(values), values.get("new", False))


def _add_layer(values: Values, document: bytes | None) -> c.AddLayer:
    layer_id = fields.new_id(values["id"], "id")
    word, layers = values.get("type"), values.get("layers")
    hints = _hints(word, layers)
    source = read_source(values["source"], hints, document=document is not None)
    kind = "raster" if source["type"] in ("raster", "raster-dem") else "vector"
    if word is not None and kind != ("raster" if word == "raster" else "vector"):
        raise InvalidArgument(
            f'type is "{word}", and the source is {source["type"]}. Leave type out, or correct one.'
        )
    return c.AddLayer(
        layer_id,
        source,
        kind,
        _style_layers(layer_id, source["type"], word, layers),
        _optional_title(values),
        values.get("visible", True),
        fields.any_id(values["below"], "below") if "below" in values else None,
        values.get("fit", False),
        document=document,
    )


def _hints(word: str | None, layers: Json) -> Hints:
    objects = [item for item in layers if isinstance(item, dict)] if isinstance(layers, list) else []
    raster = any(item.get("type") == "raster" for item in objects)
    return Hints(word, raster, any("source-layer" in item for item in objects))


def _style_layers(layer_id: str, source: str, word: str | None, layers: Json) -> tuple[Values, ...] | None:
    if layers is not None:
        return check_style_layers(layer_id, source, layers)
    if source == "vector":
        raise InvalidArgument(
            "Vector tiles need layers that say what of them to draw and how. Example: "
            '"layers": [{"type": "line", "source-layer": "roads", "paint": {"line-color": "#a33"}}]'
        )
    return (minimal_layer(layer_id, word),) if word is not None and word in SENSIBLE else None


def feature_lists(values: Values) -> dict[str, list[Json]]:
    """Return add, update and remove as lists; a FeatureCollection or a single one counts as its list."""
    lists = {key: _as_list(values.get(key), key) for key in ("add", "update", "remove")}
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


def _update_features(values: Values, document: bytes | None) -> c.UpdateFeatures:
    if document is not None:
        return c.UpdateFeatures(_layer_id(values), document=document)
    add, update, remove = (tuple(items) for items in feature_lists(values).values())
    return c.UpdateFeatures(_layer_id(values), add, update, remove)


def _move_layer(values: Values, document: bytes | None) -> c.MoveLayer:
    places = {name: values[name] for name in ("below", "above", "to") if name in values}
    if len(places) > 1:
        raise InvalidArgument(
            f"move_layer takes one of below, above and to; got {' and '.join(places)}. "
            'Example: move_layer {"layer_id": "lakes", "below": "roads"}'
        )
    for name in places.keys() & {"below", "above"}:
        fields.any_id(places[name], name)
    return c.MoveLayer(_layer_id(values), **places)


def _filter_layer(values: Values, document: bytes | None) -> c.FilterLayer:
    wanted = values.get("filter")
    return c.FilterLayer(_layer_id(values), None if wanted is None else check_filter(wanted))


def _set_layer_paint(values: Values, document: bytes | None) -> c.SetLayerPaint:
    single = "property" in values or "value" in values
    if single == ("properties" in values) or ("property" in values) != ("value" in values):
        raise InvalidArgument(
            "set_layer_paint takes property and value (null puts it back as added), or properties. Example: "
            'set_layer_paint {"layer_id": "lakes", "property": "fill-color", "value": "#2f6fde"}'
        )
    properties = {values["property"]: values["value"]} if single else values["properties"]
    if not properties:
        raise InvalidArgument('properties is empty. Example: {"fill-color": "#2f6fde", "opacity": 0.5}')
    for name, value in properties.items():
        _check_property(name, value)
    return c.SetLayerPaint(_layer_id(values), properties)


def _check_property(name: str, value: Json) -> None:
    """Refuse what no layer takes; what this layer takes, the decider knows."""
    if name == "visibility":
        raise InvalidArgument("A layer is shown and hidden by toggle_layer, not by its visibility property.")
    if name in style_check.COMMON:
        if value is not None and (name != "opacity" or not isinstance(value, (list, dict))):
            fields.number(value, name, 0, 1 if name == "opacity" else 24)
        return
    kinds = style_check.types_with(name)
    if not kinds:
        raise InvalidArgument(f"There is no property {shown(name)}.{style_check.nearest(name)}")
    fault = None if value is None else style_check.check_constant(kinds[0], name, value)
    if fault is not None:
        raise InvalidArgument(fault)


def _set_layer_details(values: Values, document: bytes | None) -> c.SetLayerDetails:
    if "title" not in values and "attribution" not in values:
        raise InvalidArgument("set_layer_details changes nothing: send title or attribution.")
    title = fields.title(values["title"]) if "title" in values else None
    attribution = fields.attribution(values["attribution"]) if "attribution" in values else None
    return c.SetLayerDetails(_layer_id(values), title, attribution)


PARSERS: Mapping[str, Parse] = {
    "open_map": _open_map,
    "get_map_state": lambda values, document: GetMapState(),
    "list_layers": lambda values, document: ListLayers(),
    "get_layer_info": lambda values, document: GetLayerInfo(_layer_id(values)),
    "add_layer": _add_layer,
    "update_features": _update_features,
    "remove_layer": lambda values, document: c.RemoveLayer(_layer_id(values)),
    "toggle_layer": lambda values, document: c.ToggleLayer(_layer_id(values), values.get("action", "toggle")),
    "move_layer": _move_layer,
    "filter_layer": _filter_layer,
    "set_layer_paint": _set_layer_paint,
    "set_layer_details": _set_layer_details,
    "reset_layer_style": lambda values, document: c.ResetLayerStyle(_layer_id(values)),
    "set_map_view": lambda values, document: parse_view(values),
    "set_basemap": lambda values, document: c.SetBasemap(values["name"]),
}
