"""What of a command MapLibre's validator is to judge: values, each with where it stands in the arguments.

An item is a value as static/style_spec/verdicts.ts takes it. Properties are judged one by one, so that a
verdict can be remembered; the few that the Style Spec judges beside others go with their style layer too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from mapsrv.core import ops as o
from mapsrv.core import style_names
from mapsrv.core.restyle import GROUPS, ZOOMS, places
from mapsrv.core.state import Json, MapLayer
from mapsrv.wire.style import effective_layers

Item = dict[str, Json]

RELATED = ("line-gradient", "resampling", "raster-resampling")  # judged by their source, or by each other
CONSTANTS = (str, int, float, bool)
_WITH_TOKENS = ("text-field", "icon-image")  # whose texts may name fields: "{name}"


def of_source(source: Mapping[str, Json]) -> Iterator[Item]:
    """Yield a source without its data, and the filter in it."""
    yield {"of": "source", "key": "source", "value": _frame(source)}
    if source.get("filter") is not None:
        yield of_filter(source["filter"], "source.filter")


def of_style_layers(source: Mapping[str, Json], layers: Iterable[Mapping[str, Json]]) -> Iterator[Item]:
    """Yield all of the style layers that draw a source, as they stand in `layers`."""
    for place, layer in enumerate(layers):
        where = f"layers[{place}]"
        yield from of_style_layer(source, layer, where)


def of_style_layer(source: Mapping[str, Json], layer: Mapping[str, Json], where: str) -> Iterator[Item]:
    """Yield a style layer's properties and its filter."""
    for group in GROUPS:
        for name, value in layer.get(group, {}).items():
            yield of_property(layer, name, value, f"{where}.{group}.{name}")
    if layer.get("filter") is not None:
        yield of_filter(layer["filter"], f"{where}.filter")
    yield from _related(source, layer, where, RELATED)


def of_changes(layer: MapLayer, ops: Iterable[o.Op], properties: Mapping[str, Json]) -> Iterator[Item]:
    """Yield what set_layer_paint sets; `layer` is as the ops leave it."""
    drawn = {one["id"]: one for one in effective_layers(layer)}
    seen = set()
    for op in ops:
        if not isinstance(op, o.Restyled):
            continue
        kind = drawn[op.style_layer]["type"]
        names = [
            (name, value)
            for group in GROUPS
            for name, value in (op.changes.get(group) or {}).items()
            if value is not None
        ]
        for name, value in names:
            if (kind, name) not in seen:
                seen.add((kind, name))
                yield of_property(
                    drawn[op.style_layer], name, value, name if name in properties else "opacity"
                )
        changed = {name for name, _ in names}
        yield from _related(
            layer.source, drawn[op.style_layer], op.style_layer, changed.intersection(RELATED)
        )


def of_constants(layer: MapLayer, only: str | None, properties: Mapping[str, Json]) -> list[Item] | None:
    """Return what set_layer_paint sets, if that says all: constants, whose verdict no other value changes.

    So a slider costs no thought of what the layer becomes. None: there is something else.
    """
    kinds = {drawn["type"] for drawn in layer.style_layers if only in (None, drawn["id"])}
    items: list[Item] = []
    for name, value in properties.items():
        taken = [(kind, real) for kind in kinds for _, real in places(kind, name) if real not in RELATED]
        if name in ZOOMS or not taken or type(value) not in CONSTANTS:
            return None
        items += (of_property({"type": kind}, real, value, name) for kind, real in taken)
    return None if any(map(reads_data, items)) else items


def of_filter(value: Json, key: str = "filter") -> Item:
    """Return a filter as an item."""
    return {"of": "filter", "key": key, "value": value}


def of_property(layer: Mapping[str, Json], name: str, value: Json, key: str) -> Item:
    """Return a property of that style layer as an item."""
    group = "paint" if style_names.is_paint(layer["type"], name) else "layout"
    item = {"of": "property", "key": key, "value": value, "group": group, "type": layer["type"], "name": name}
    return item if layer.get("filter") is None else {**item, "only": layer["filter"]}


def reads_data(item: Item) -> bool:
    """Return whether the value can be tried on features: an expression, a function, a text with {tokens}."""
    value = item["value"]
    if item["of"] == "property":
        tokens = isinstance(value, str) and "{" in value and item["name"] in _WITH_TOKENS
        expression = isinstance(value, list) and bool(value) and isinstance(value[0], str)
        return tokens or expression or isinstance(value, dict)
    return bool(item["of"] == "filter")


def _related(
    source: Mapping[str, Json], layer: Mapping[str, Json], where: str, names: Iterable[str]
) -> Iterator[Item]:
    """Yield the style layer with its properties that are judged beside others, where `names` has one."""
    paint = {name: layer["paint"][name] for name in RELATED if name in layer.get("paint", {})}
    if any(name in paint for name in names):
        value = {"id": layer.get("id", where), "type": layer["type"], "source": "source", "paint": paint}
        if "source-layer" in layer:
            value["source-layer"] = layer["source-layer"]
        yield {"of": "layer", "key": where, "value": value, "source": _frame(source)}


def _frame(source: Mapping[str, Json]) -> dict[str, Json]:
    frame = {name: value for name, value in source.items() if name not in ("data", "attribution")}
    return {**frame, "data": ""} if source.get("type") == "geojson" else frame
