"""Why a layer cannot be seen, and which call mends it: from the state and its data's summary alone.

Nothing here knows what browsers really drew. What is told is so for certain, or says that it is not
(`sure`): tiles may have holes, and data that browsers load may be anywhere.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from mapsrv.core.bounds import Bounds
from mapsrv.core.cells import boxes
from mapsrv.core.data_summary import Summary
from mapsrv.core.state import Json, MapLayer
from mapsrv.core.windows import TILE, Window, meets


@dataclass(frozen=True, slots=True)
class Part:
    """What a style layer shows: the properties of which a 0 leaves nothing, with what stands there unsaid.

    `needs` is the property without which there is no such part. (Style Spec: Layers)
    """

    usual: Mapping[str, float]
    needs: str | None = None


PARTS: Mapping[str, tuple[Part, ...]] = {
    "fill": (Part({"fill-opacity": 1}),),
    "fill-extrusion": (Part({"fill-extrusion-opacity": 1}),),
    "line": (Part({"line-opacity": 1, "line-width": 1}),),
    "circle": (
        Part({"circle-opacity": 1, "circle-radius": 5}),
        Part({"circle-stroke-opacity": 1, "circle-stroke-width": 0}),
    ),
    "symbol": (
        Part({"text-opacity": 1, "text-size": 16}, "text-field"),
        Part({"icon-opacity": 1, "icon-size": 1}, "icon-image"),
    ),
    "heatmap": (Part({"heatmap-opacity": 1, "heatmap-intensity": 1}),),
    "raster": (Part({"raster-opacity": 1}),),
}
Drawn = Sequence[Mapping[str, Json]]  # style layers, overrides laid over


@dataclass(frozen=True, slots=True)
class Why:
    """One reason, and the tool with the arguments that mend it; none where nobody but the caller can know."""

    text: str
    tool: str | None = None
    arguments: Mapping[str, Json] = field(default_factory=dict)
    sure: bool = True

    def to_json(self) -> dict[str, Json]:
        """Return it as get_layer_info has it."""
        call = None if self.tool is None else {"tool": self.tool, "arguments": dict(self.arguments)}
        return {"text": self.text, "call": call}


def reasons(
    layer: MapLayer, drawn: Drawn, summary: Summary | None, shared: Window, people: Sequence[Window]
) -> list[Why]:
    """Return why the layer cannot be seen; nothing where it can, as far as is known here.

    `shared` is where the map looks, `people` where those who watch look.
    """
    on = [one for one in drawn if one.get("layout", {}).get("visibility") != "none"]
    found = [*_hidden(layer, on), *_empty(layer, summary), *_transparent(layer, on)]
    found += _at_zoom(layer, on, shared, people)
    if summary is not None:
        found += _out_of_view(layer, summary, shared, people)
    return found


def _hidden(layer: MapLayer, on: Drawn) -> Iterable[Why]:
    if not layer.visible:
        yield Why("It is hidden.", "toggle_layer", {"layer_id": layer.id, "action": "show"})
    elif not on and layer.style_layers:
        name = layer.style_layers[0]["id"]
        yield Why("Its style layers are hidden.", "toggle_layer", {"layer_id": name, "action": "show"})


def _empty(layer: MapLayer, summary: Summary | None) -> Iterable[Why]:
    if summary is not None and not summary.features:
        yield Why("It has no features: send some by update_features, or its data anew by add_layer.")
    elif summary is not None and summary.bounds is None:
        some = f"None of its {summary.features} features" if summary.features > 1 else "Its one feature"
        yield Why(f"{some} has a geometry: send it by update_features.")


def _transparent(layer: MapLayer, on: Drawn) -> Iterable[Why]:
    """Each style layer has a part of which nothing is left; told with the first of them."""
    faults = [_faint(one) for one in on]
    if not faults or None in faults:
        return
    name, properties = next((one["id"], fault) for one, fault in zip(on, faults, strict=True) if fault)
    said = " and ".join(f"{key} 0" for key in properties)
    yield Why(
        f"Nothing is left to see with {said}.",
        "set_layer_paint",
        {"layer_id": name, "properties": properties},
    )


def _faint(one: Mapping[str, Json]) -> dict[str, float] | None:
    """Return the properties that make a style layer invisible, with values that do not; None: it is seen."""
    given = {**one.get("paint", {}), **one.get("layout", {})}
    faults: dict[str, float] = {}
    for part in PARTS.get(str(one.get("type")), ()):
        if part.needs is not None and part.needs not in given:
            continue
        zero = {key: usual for key, usual in part.usual.items() if _is_zero(given.get(key, usual))}
        if not zero:
            return None
        faults.update({key: usual for key, usual in zero.items() if usual})
    return faults or None


def _is_zero(value: Json) -> bool:
    return type(value) in (int, float) and value == 0


def tiles_from(source: Mapping[str, Json]) -> float:
    """Return the least zoom at which a source has tiles; past their maxzoom the deepest are drawn larger.

    It counts in tiles, of which MapLibre takes those of a whole zoom: for vector ones that beneath, for
    pixels the nearest, of small tiles sooner. (MapLibre: coveringZoomLevel)
    """
    kind, least = source.get("type"), float(source.get("minzoom", 0))
    if kind not in ("raster", "raster-dem") or not least:
        return least if kind == "vector" else 0.0
    return max(0.0, least - 0.5 - math.log2(TILE / source.get("tileSize", TILE)))


def _at_zoom(layer: MapLayer, on: Drawn, shared: Window, people: Sequence[Window]) -> Iterable[Why]:
    """The zoom of the map, or of all who watch, is one at which no style layer is drawn."""
    least = tiles_from(layer.source)
    spans = [(max(least, one.get("minzoom", 0)), one.get("maxzoom", 24)) for one in on]
    if not spans:
        return
    if not any(_meets(span, shared) for span in spans):
        at = f"the map is at {shared.zoom:g}"
    elif people and not any(_meets(span, one) for span in spans for one in people):
        at = "nobody who watches is at such a zoom"
    else:
        return
    start, end = min(spans, key=lambda span: _away(span, shared))
    zoom = min(max(start, shared.zoom), max(start, end - 0.5))
    yield Why(f"It is drawn from zoom {start:g} to {end:g}, and {at}.", "set_map_view", {"zoom": zoom})


def _away(span: tuple[float, float], window: Window) -> float:
    """Return by how much the window's zoom is outside of the span; 0 or less within."""
    return max(span[0] - window.zoom, window.zoom - span[1])


def _meets(span: tuple[float, float], window: Window) -> bool:
    """Whether the window may be at a zoom of the span: that of a view that browsers fit is a guess."""
    return span[0] <= window.zoom + window.slack and window.zoom - window.slack < span[1]


def _out_of_view(
    layer: MapLayer, summary: Summary, shared: Window, people: Sequence[Window]
) -> Iterable[Why]:
    box, call = summary.bounds, ("set_map_view", {"layer_id": layer.id})
    if box is None:
        return
    if not _in_view(box, summary.cells, shared):
        yield Why("No feature is in the map's view.", *call)
    elif people and not any(_in_view(box, summary.cells, one) for one in people):
        yield Why("No feature is in the view of anybody who watches.", *call)


def _in_view(box: Bounds, found: int, window: Window) -> bool:
    """Return whether some feature may be in the window."""
    if window.box is None or not meets(box, window):
        return window.box is None
    return not found or any(meets(cell, window) for cell in boxes(found, box))
