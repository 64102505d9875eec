"""A map as a plain MapLibre style document.

The page draws by the same rules in TypeScript; tests/vectors hold both to them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape

from mapsrv.core.state import Json, MapLayer, MapState
from mapsrv.errors import UnknownLayer
from mapsrv.wire.ground import GROUND, PLAIN, Look, drawing_order, ground
from mapsrv.wire.json_text import shown

STORED = "data/"  # data of a source that this server has, relative to its address


def to_style(state: MapState, base_url: str, look: Look = PLAIN) -> dict[str, Json]:
    """Return the map as a Style Spec document whose addresses are whole; base_url has no slash at its end."""
    style: dict[str, Json] = {"version": 8, "name": state.title}
    camera = state.camera
    if camera.center is not None:
        style["center"], style["zoom"] = list(camera.center), camera.zoom
        style["bearing"], style["pitch"] = camera.bearing, camera.pitch
    beneath = ground(state.basemap, base_url, look)
    style["sources"] = {**beneath.sources, **{layer.id: _source(layer, base_url) for layer in state}}
    drawn = [style_layer for layer in state for style_layer in effective_layers(layer)]
    style["layers"] = drawing_order(beneath, drawn)
    return style


def drawn_from(style: dict[str, Json], source: str) -> dict[str, Json]:
    """Return what a style draws from one of its sources; raises UnknownLayer where it has none of that name.

    QGIS passes over which source a style layer is of. One of GeoJSON, which has no source-layer, would paint
    all that is in the ground's tiles; and where one of two sources has no tile, neither is drawn.
    """
    if source not in style["sources"]:
        known = ", ".join(map(shown, style["sources"])) or "none"
        raise UnknownLayer(f"only: this style has no source {shown(source)}. Its sources: {known}.")
    # Without a source there is but the background, which is the ground's.
    layers = [layer for layer in style["layers"] if layer.get("source", GROUND) == source]
    return {**style, "sources": {source: style["sources"][source]}, "layers": layers}


def _source(layer: MapLayer, base_url: str) -> dict[str, Json]:
    source = _whole(layer.source, base_url)
    text = source.get("attribution") if layer.attribution is None else layer.attribution
    # A style's attribution is HTML to whoever draws it; ours is text that a tool may have written.
    return {**source, "attribution": escape(text, quote=False)} if isinstance(text, str) else source


def _whole(source: Mapping[str, Json], base_url: str) -> dict[str, Json]:
    data = source.get("data")
    if isinstance(data, str) and data.startswith(STORED):
        return {**source, "data": f"{base_url}/{data}"}
    return dict(source)


def effective_layers(layer: MapLayer) -> Iterator[dict[str, Json]]:
    """Yield the style layers as they are drawn: overrides laid over, filters joined, visibility settled."""
    for own in layer.style_layers:
        override = layer.restyled.get(own["id"], {})
        drawn = {key: item for key, item in own.items() if key not in ("paint", "layout", "filter")}
        drawn["source"] = layer.id
        drawn.update({key: override[key] for key in ("minzoom", "maxzoom") if key in override})
        tests = [
            test for test in (own.get("filter"), override.get("filter"), layer.filter) if test is not None
        ]
        if tests:
            drawn["filter"] = tests[0] if len(tests) == 1 else ["all", *tests]
        paint = {**own.get("paint", {}), **override.get("paint", {})}
        layout = {**own.get("layout", {}), **override.get("layout", {})}
        visible = layout.pop("visibility", "visible") != "none"
        if not (layer.visible and override.get("visible", visible)):
            layout["visibility"] = "none"
        drawn.update({name: group for name, group in (("paint", paint), ("layout", layout)) if group})
        yield drawn
