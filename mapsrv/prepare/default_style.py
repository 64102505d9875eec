"""How a layer is drawn when nobody said how: sensible style layers for its source and geometry.

LOOKS is the one table of it, by style layer type: a caller who names such a type and no paint gets the
same as one who names nothing. Points are drawn by how many there are: few that have a name get a label,
and of many each is small and lets others shine through. Who gives style layers gets those, as they are.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from itertools import chain, count
from zlib import crc32

from mapsrv.core.data_summary import Summary
from mapsrv.core.state import Json, MapState
from mapsrv.errors import InvalidArgument

# Four of Okabe and Ito's colours, and four that the colour-blind tell from these and from each other as well.
# All stand out from the light ground and the dark one: tests/prepare/test_colours.py measures both.
PALETTE = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#7832e2", "#bb1b2b", "#6694ff", "#f20ddb")
RECENT = 40  # layers whose colours are avoided; more have used up the palette anyway
FEW = 300  # points up to which each is named: of more, most names would not fit beside each other
MANY = 5_000  # features above which circles of the usual size are one blob
NAMES = ("name", "title", "label")  # properties by which a feature is named, the first that it has

StyleLayer = dict[str, Json]
_KINDS = ("Polygon", "LineString", "Point")  # bottom to top
SHADE = "the layer's own colour"  # stands for it in LOOKS

LOOKS: Mapping[str, Mapping[str, Mapping[str, Json]]] = {
    "fill": {"paint": {"fill-color": SHADE, "fill-opacity": 0.4}},
    "line": {"paint": {"line-color": SHADE, "line-width": 2}},
    "circle": {
        "paint": {
            "circle-color": SHADE,
            "circle-radius": 5,
            "circle-stroke-color": "#ffffff",
            "circle-stroke-width": 1,
        }
    },
    "symbol": {
        "layout": {
            "text-field": [
                "to-string",
                ["coalesce", *(["get", name] for name in NAMES), ""],
            ],
            "text-size": 13,
        },
        "paint": {"text-color": "#1b2733", "text-halo-color": "#ffffff", "text-halo-width": 1.4},
    },
    "heatmap": {"paint": {"heatmap-radius": 24, "heatmap-opacity": 0.8}},
}
# In place of a circle's usual paint, where there are MANY: without white edges, else all that is seen.
_OF_MANY: Mapping[str, Json] = {
    "circle-color": SHADE,
    "circle-radius": ["interpolate", ["linear"], ["zoom"], 2, 1.5, 10, 4],
    "circle-opacity": 0.5,
}
# Beneath a point, or where there is room beside it; the first two are for who does not know the third.
_BESIDE_POINTS: Mapping[str, Json] = {
    "text-anchor": "top",
    "text-offset": [0, 0.6],
    "text-variable-anchor-offset": [
        *("top", [0, 0.6], "bottom", [0, -0.6], "left", [0.7, 0], "right", [-0.7, 0]),
        *("top-left", [0.5, 0.4], "top-right", [-0.5, 0.4]),
        *("bottom-left", [0.5, -0.4], "bottom-right", [-0.5, -0.4]),
    ],
    "text-justify": "auto",
}
# The kind that each draws where it is named alone, and that is drawn so, from bottom to top, where none is.
_KIND_OF = {"fill": "Polygon", "line": "LineString", "circle": "Point"}
_RASTER = {"raster": "raster", "raster-dem": "hillshade"}
_LOOK_OF: Mapping[str, Collection[str]] = {
    "fill": ("Polygon",),
    "line": ("Polygon", "LineString"),
    "circle": ("Point",),
}
_SUFFIXES = {"circle": "points", "symbol": "labels"}  # of ids; other types are called by their own name
# MapLibre draws areas and lines by every type: fill closes lines, circle and heatmap draw their vertices.
# A point has no inside and no length.
_NO_POINTS = frozenset({"fill", "fill-extrusion", "line"})


def kinds_of(types: Iterable[str]) -> tuple[str, ...]:
    """Return which of Polygon, LineString and Point there are among the geometry types, Multi ones too."""
    found = {kind.removeprefix("Multi") for kind in types}
    return tuple(kind for kind in _KINDS if kind in found)


def undrawn(style_layers: Iterable[Mapping[str, Json]], types: Iterable[str]) -> tuple[str, ...]:
    """Return the kinds of geometry that no style layer can draw."""
    points = any(layer.get("type") not in _NO_POINTS for layer in style_layers)
    return tuple(kind for kind in kinds_of(types) if kind == "Point" and not points)


def colour(state: MapState, layer_id: str) -> str:
    """Return a palette colour: always the same for this id, unless a recent layer has it."""
    first = crc32(layer_id.encode("utf-8", "replace")) % len(PALETTE)
    others = [layer for layer in list(state)[-RECENT:] if layer.id != layer_id]
    paints = [drawn.get("paint") or {} for layer in others for drawn in layer.style_layers]
    used = {value for paint in paints for value in paint.values() if isinstance(value, str)}
    turned = PALETTE[first:] + PALETTE[:first]
    return next((shade for shade in turned if shade not in used), PALETTE[first])


def geojson_layers(
    state: MapState, layer_id: str, summary: Summary | None, drawn_as: str | None = None
) -> tuple[StyleLayer, ...]:
    """Return style layers for the data of a GeoJSON source; where nothing is known of it: for whatever comes.

    `drawn_as` is a style layer type of LOOKS: all the data is drawn as what that is made for.
    """
    shade, types = colour(state, layer_id), summary.geometry_types if summary else ()
    if drawn_as is not None and drawn_as not in _KIND_OF:
        return _named(state, layer_id, [_look(drawn_as, shade)])
    kinds = kinds_of(types if drawn_as is None else [_KIND_OF[drawn_as]]) or _KINDS
    layers: list[StyleLayer] = []
    for style_type in _KIND_OF:
        mine = [kind for kind in kinds if kind in _LOOK_OF[style_type]]
        if mine:
            many = style_type == "circle" and summary is not None and summary.features > MANY
            layer = (
                {"type": "circle", "paint": _coloured(_OF_MANY, shade)} if many else _look(style_type, shade)
            )
            if len(mine) < len(kinds):
                layer["filter"] = _only(mine)
            layers.append(layer)
    if summary is not None and "Point" in kinds and _is_labelled(summary):
        layers.append(_labels(_only(["Point"]) if len(kinds) > 1 else None))
    return _named(state, layer_id, layers)


def _is_labelled(summary: Summary) -> bool:
    return summary.features <= FEW and any(name in summary.properties for name in NAMES)


def _labels(only: Json) -> StyleLayer:
    """Return the names of points, beneath each."""
    look = LOOKS["symbol"]
    layer: StyleLayer = {
        "type": "symbol",
        "layout": {**look["layout"], **_BESIDE_POINTS},
        "paint": dict(look["paint"]),
    }
    return layer if only is None else {**layer, "filter": only}


def _look(style_type: str, shade: str) -> StyleLayer:
    """Return a style layer of that type as LOOKS has it, in this colour."""
    groups = LOOKS[style_type].items()
    return {"type": style_type, **{group: _coloured(look, shade) for group, look in groups}}


def _coloured(look: Mapping[str, Json], shade: str) -> dict[str, Json]:
    return {key: shade if value is SHADE else value for key, value in look.items()}


def source_layers(state: MapState, layer_id: str, source_type: str) -> tuple[StyleLayer, ...]:
    """Return style layers for a source that is not GeoJSON. Raises InvalidArgument for vector tiles."""
    if source_type not in _RASTER:
        raise InvalidArgument(
            'layers: vector tiles need style layers that name their source-layer, such as [{"type": "line",'
            ' "source-layer": "roads", "paint": {"line-color": "#0072b2"}}].'
        )
    return _named(state, layer_id, [{"type": _RASTER[source_type]}])


def _named(state: MapState, layer_id: str, style_layers: Iterable[StyleLayer]) -> tuple[StyleLayer, ...]:
    """Return the style layers with ids that are free in the map, the first with the layer's own."""
    named = []
    for place, layer in enumerate(style_layers):
        base = f"{layer_id}-{_SUFFIXES.get(str(layer['type']), layer['type'])}"
        names = chain([base] if place else [layer_id], (f"{base}-{number}" for number in count(2)))
        named.append({"id": next(name for name in names if not _taken(state, layer_id, name)), **layer})
    return tuple(named)


def _taken(state: MapState, layer_id: str, name: str) -> bool:
    return state.owners.get(name, layer_id) != layer_id or (name != layer_id and name in state.layers)


def _only(kinds: Iterable[str]) -> Json:
    types = [name for kind in kinds for name in (kind, f"Multi{kind}")]
    return ["in", ["geometry-type"], ["literal", types]]
