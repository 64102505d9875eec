"""The structure of the style layers in a call: ids, what draws which source, names and sizes.

Returns them as a MapLayer keeps them: each with id and type, without source.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from mapsrv.core import style_names
from mapsrv.core.state import Json
from mapsrv.core.suggest import nearest
from mapsrv.errors import IdTaken, InvalidArgument, LimitReached
from mapsrv.wire.fields import known_keys, new_id, number
from mapsrv.wire.filters import check_filter, check_size
from mapsrv.wire.json_text import shown

MAX_STYLE_LAYERS = 100  # of one MapLayer; a whole basemap style has some hundred
KEYS = ("id", "type", "source", "source-layer", "minzoom", "maxzoom", "filter", "layout", "paint", "metadata")
VECTOR_TYPES = ("fill", "line", "symbol", "circle", "heatmap", "fill-extrusion")
DRAWN_BY = {
    "geojson": VECTOR_TYPES,
    "vector": VECTOR_TYPES,
    "raster": ("raster",),
    "raster-dem": ("hillshade", "color-relief"),
}
_EXAMPLE = '{"type": "fill", "paint": {"fill-color": "#2f6fde", "fill-opacity": 0.5}}'


def check_style_layers(
    layer_id: str, source_type: str | None, value: Json, *, named: bool = True
) -> tuple[dict[str, Json], ...]:
    """Return the style layers, bottom to top; raises InvalidArgument, IdTaken or LimitReached.

    Without a source_type check_drawn_by() is to follow, once it is known. Not `named`: ids are left out
    where they came so.
    """
    if not isinstance(value, list) or not value:
        raise InvalidArgument(
            "layers must be a list of at least one style layer; leave it out to draw the data by sensible "
            f"defaults. Example: [{_EXAMPLE}]"
        )
    if len(value) > MAX_STYLE_LAYERS:
        raise LimitReached(
            f"A layer has at most {MAX_STYLE_LAYERS} style layers; got {len(value):,}. Add several."
        )
    checked = [
        _check_layer(item, f"layers[{place}]", layer_id, source_type) for place, item in enumerate(value)
    ]
    taken = _ids(checked)
    return tuple(_with_ids(layer_id, checked, taken) if named else checked)


def check_drawn_by(source_type: str, style_layers: Iterable[Mapping[str, Json]]) -> None:
    """Raise InvalidArgument for a style layer that cannot draw a source of that type."""
    for place, layer in enumerate(style_layers):
        where = f"layers[{place}]"
        _check_kind(layer["type"], where, source_type)
        _check_source_layer(layer.get("source-layer"), where, source_type)


def _ids(layers: list[dict[str, Json]]) -> set[str]:
    taken: set[str] = set()
    for layer in layers:
        if layer.get("id") in taken:
            raise IdTaken(
                f"The style layer id {shown(layer['id'])} stands twice in layers; each needs its own."
            )
        taken.update([layer["id"]] if "id" in layer else [])
    return taken


def _with_ids(layer_id: str, layers: list[dict[str, Json]], taken: set[str]) -> Iterable[dict[str, Json]]:
    """Yield the layers with an id each: the MapLayer's for an only one, else ID-TYPE, else ID-NUMBER."""
    for place, layer in enumerate(layers):
        if "id" not in layer:
            numbered = (f"{layer_id}-{number}" for number in range(place + 1, place + 2 * len(layers) + 2))
            wanted = [layer_id] if len(layers) == 1 else [f"{layer_id}-{layer['type']}"]
            name = next(name for name in (*wanted, *numbered) if name not in taken)
            taken.add(new_id(name, "The id of a style layer"))
            layer = {"id": name, **layer}
        yield layer


def _check_layer(value: Json, where: str, layer_id: str, source_type: str | None) -> dict[str, Json]:
    if not isinstance(value, dict):
        raise InvalidArgument(f"{where} must be a style layer like {_EXAMPLE}; got {shown(value)}.")
    known_keys(value, KEYS, where, _EXAMPLE)
    kind = _check_type(value.get("type"), where, source_type)
    if value.get("source", layer_id) != layer_id:
        raise InvalidArgument(
            f"{where}.source must be left out: style layers draw the source of this call; got"
            f" {shown(value['source'])}."
        )
    layer: dict[str, Json] = {}
    if value.get("id") is not None:
        layer["id"] = new_id(value["id"], f"{where}.id")
    layer["type"] = kind
    layer.update(_check_source_layer(value.get("source-layer"), where, source_type))
    for name in ("minzoom", "maxzoom"):
        if name in value:
            layer[name] = _zoom(value[name], f"{where}.{name}")
    if value.get("filter") is not None:
        layer["filter"] = check_filter(value["filter"], f"{where}.filter")
    for group in ("layout", "paint"):
        if value.get(group) is not None:
            layer[group] = check_properties(kind, group, value[group], where)
    if value.get("metadata") is not None:
        layer["metadata"] = _object(value["metadata"], f"{where}.metadata")
    return layer


def _zoom(value: Json, what: str) -> Json:
    number(value, what, 0, 24)
    return value  # as it came: 5 stays 5


def _check_type(kind: Json, where: str, source_type: str | None) -> str:
    if not isinstance(kind, str) or kind not in style_names.LAYER_TYPES:
        known = ", ".join(style_names.LAYER_TYPES if source_type is None else DRAWN_BY[source_type])
        hint = nearest(kind, style_names.LAYER_TYPES) if isinstance(kind, str) else ""
        why = " The background belongs to the basemap: see set_basemap." if kind == "background" else hint
        raise InvalidArgument(f"{where}.type must be one of {known}; got {shown(kind)}.{why}")
    if source_type is not None:
        _check_kind(kind, where, source_type)
    return kind


def _check_kind(kind: str, where: str, source_type: str) -> None:
    if kind not in DRAWN_BY[source_type]:
        raise InvalidArgument(
            f"{where}: a {kind} style layer cannot draw a {source_type} source. "
            f"Use {' or '.join(DRAWN_BY[source_type])}, or another source."
        )


def _check_source_layer(value: Json, where: str, source_type: str | None) -> dict[str, Json]:
    if value is None and source_type != "vector":
        return {}
    if source_type not in ("vector", None):
        raise InvalidArgument(
            f'{where}: "source-layer" is for vector tiles; leave it out with a {source_type} source.'
        )
    if not isinstance(value, str) or not value:
        raise InvalidArgument(
            f'{where} needs "source-layer", the name of a layer in the vector tiles. '
            'Example: {"type": "line", "source-layer": "roads", "paint": {"line-color": "#a33"}}'
        )
    return {"source-layer": value}


def check_properties(kind: str, group: str, value: Json, where: str) -> dict[str, Json]:
    """Return the paint or layout properties of a style layer of that type, without those that are null."""
    properties = {name: item for name, item in _object(value, f"{where}.{group}").items() if item is not None}
    belongs = style_names.is_paint if group == "paint" else style_names.is_layout
    other = "layout" if group == "paint" else "paint"
    for name, item in properties.items():
        if not belongs(kind, name):
            misplaced = name in style_names.properties_for(kind)
            hint = f' Put it into "{other}".' if misplaced else style_names.nearest(name, [kind])
            raise InvalidArgument(
                f"{where}.{group}: {shown(name)} is no {group} property of a {kind} layer.{hint}"
            )
        check_size(item, f"{where}.{group}.{name}")
    return properties


def _object(value: Json, what: str) -> dict[str, Json]:
    if not isinstance(value, dict):
        raise InvalidArgument(f"{what} must be an object; got {shown(value)}.")
    return value
