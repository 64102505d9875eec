"""What an attacker puts into a command as data: addresses, sources, geometries. None can be drawn."""

from __future__ import annotations

from typing import Any

from tests.abuse.kit.refusals import FEATURE, add, do

TILES = "https://tiles.example/{z}/{x}/{y}.png"
SCRIPT = "javascript:alert(1)"


def nested(levels: int, inner: Any = 1) -> Any:
    """Return a list in a list in a list."""
    for _ in range(levels):
        inner = [inner]
    return inner


def collections(levels: int) -> dict[str, Any]:
    inner: list[Any] = []
    for _ in range(levels):
        inner = [{"type": "GeometryCollection", "geometries": inner}]
    collection: dict[str, Any] = inner[0]
    return collection


def geometry(kind: str, coordinates: Any) -> dict[str, Any]:
    return add({"type": kind, "coordinates": coordinates})


def source(**fields: Any) -> dict[str, Any]:
    return add({"type": "raster", "tiles": [TILES], **fields}, layers=[{"type": "raster"}])


def geojson(**fields: Any) -> dict[str, Any]:
    return add({"type": "geojson", "data": FEATURE, **fields})


def features(**lists: Any) -> dict[str, Any]:
    return do("update_features", layer_id="stop", **lists)


ADDRESSES = {
    "script": SCRIPT,
    "script-spaced": " \tjavascript:alert(1)",
    "script-tiles": SCRIPT + "/{z}/{x}/{y}.png",
    "script-in-pmtiles": "pmtiles://" + SCRIPT,
    "file-in-pmtiles": "pmtiles://file:///etc/passwd",
    "pmtiles-twice": "pmtiles://pmtiles://https://a.example/a.pmtiles",
    "vbscript": "vbscript:msgbox(1)",
    "data-html": "data:text/html,<script>alert(1)</script>",
    "data-json": "data:application/json,{}",
    "blob": "blob:https://a.example/5c0f",
    "ftp": "ftp://a.example/a.geojson",
    "gopher": "gopher://127.0.0.1:6379/_FLUSHALL",
    "websocket": "ws://a.example/a.geojson",
    "no-scheme": "//a.example/a.geojson",
    "backslashes": "https:\\\\a.example\\a.geojson",
    "no-host": "https:///a.geojson",
    "only-a-port": "https://:80/a.geojson",
    "broken-ipv6": "https://[::1/a.geojson",
    "line-end": "https://a.example/a\r\nHost: b.geojson",
    "zero": "https://a.example/\x00.geojson",
    "turned-around": "https://a.example/\u202egeojson.exe",
    "long": "https://a.example/" + "a" * 3_000 + ".geojson",
    "path-up": "data/../../etc/passwd",
    "blob-with-a-query": "data/" + "0" * 64 + "?x",
    "windows": "C:\\Windows\\win.ini.geojson",
    "share": "\\\\evil\\share\\a.geojson",
    "home": "~/.ssh/id_rsa.json",
    "file-localhost": "file://localhost/etc/passwd.json",
    "proc": "/proc/self/environ.json",
    "json-of-nothing": "{",
    "json-of-depth": '{"type":' * 5_000,
}
SOURCES = {
    "no-type": add({}),
    "number": add(7),
    "list": add([FEATURE]),
    "null": add(None),
    "of-no-kind": add({"type": "canvas", "canvas": "x"}),
    "image": add({"type": "image", "url": "https://a.example/a.png"}),
    "video": add({"type": "video", "urls": ["https://a.example/a.mp4"]}),
    "prototype": add({"type": "__proto__"}),
    "constructor": add({"type": "constructor"}),
    "unknown-key": source(evil=1),
    "prototype-key": source(__proto__={"a": 1}),
    "tiles-text": source(tiles=TILES),
    "tiles-none": source(tiles=[]),
    "tiles-many": source(tiles=[TILES] * 5_000),
    "tiles-script": source(tiles=["javascript:alert(1)/{z}/{x}/{y}"]),
    "tiles-without-place": source(tiles=["https://a.example/a.png"]),
    "tiles-of-lists": source(tiles=[[TILES]]),
    "tile-size-0": source(tileSize=0),
    "tile-size-text": source(tileSize="256"),
    "zoom-31": source(maxzoom=31),
    "zoom-true": source(minzoom=True),
    "scheme": source(scheme="tms2"),
    "bounds-three": source(bounds=[1, 2, 3]),
    "bounds-wide": source(bounds=[-1e9, 0, 1e9, 0]),
    "attribution-long": source(attribution="x" * 1_001),
    "attribution-lines": source(attribution="a\nb"),
    "attribution-list": source(attribution=["a"]),
    "volatile": source(volatile="yes"),
    "dem-factor": add({"type": "raster-dem", "tiles": [TILES], "redFactor": "1"}),
    "data-null": geojson(data=None),
    "data-number": geojson(data=1),
    "data-kind": geojson(data={"type": "Topology", "objects": {}}),
    "data-script": geojson(data="javascript:alert(1)"),
    "buffer": geojson(buffer=1e9),
    "tolerance": geojson(tolerance=-1),
    "radius": geojson(cluster=True, clusterRadius=1e300),
    "cluster-text": geojson(cluster="true"),
    "cluster-properties": geojson(clusterProperties={"a": "sum"}),
    "promote-nothing": geojson(promoteId=""),
    "promote-ours": geojson(promoteId="mapsrv:id"),
    "filter-text": geojson(filter="alert(1)"),
    "type-unknown": add("https://a.example/a", type="flash"),
}
GEOMETRIES = {
    "nested": geometry("Point", nested(40)),
    "nested-too-deep": geometry("Point", nested(90)),
    "wide": geometry("LineString", [[0, 0]]),
    "ring-of-three": geometry("Polygon", [[[0, 0], [1, 1], [0, 0]]]),
    "no-ring": geometry("Polygon", [0]),
    "booleans": geometry("Point", [True, False]),
    "nulls": geometry("Point", [None, None]),
    "huge": geometry("Point", [1e308, -1e308]),
    "huge-integer": geometry("Point", [10**300, 0]),
    "object": geometry("Point", {"lng": 1, "lat": 2}),
    "text": geometry("Point", "1,2"),
    "no-coordinates": add({"type": "Point"}),
    "collections-in-collections": add(collections(9)),
    "features-object": add({"type": "FeatureCollection", "features": {"length": 1}}),
    "features-null": add({"type": "FeatureCollection", "features": [None]}),
    "features-of-geometries": add({"type": "FeatureCollection", "features": [{"type": "Point"}]}),
    "feature-of-feature": add({"type": "Feature", "properties": {}, "geometry": FEATURE}),
    "properties-list": add({**FEATURE, "properties": [1]}),
    "id-true": add({**FEATURE, "id": True}),
    "id-object": add({**FEATURE, "id": {}}),
    "id-list": add({**FEATURE, "id": [1]}),
}
FEATURES = {
    "nothing": features(),
    "add-number": features(add=7),
    "add-null": features(add=[None]),
    "add-geometry": features(add=[{"type": "Point", "coordinates": [400, 0]}]),
    "add-twice": features(add=[{**FEATURE, "id": 1}, {**FEATURE, "id": 1}]),
    "add-id-true": features(add=[{**FEATURE, "id": True}]),
    "add-id-nested": features(add=[{**FEATURE, "id": nested(50)}]),
    "update-no-id": features(update=[{"properties": {}}]),
    "update-unknown": features(update=[{"id": 404, "properties": {}}]),
    "update-geometry": features(update=[{"id": 1, "geometry": {"type": "Point", "coordinates": ["a", 0]}}]),
    "update-properties": features(update=[{"id": 1, "properties": [1]}]),
    "update-key": features(update=[{"id": 1, "constructor": {}}]),
    "remove-object": features(remove=[{}]),
    "remove-null": features(remove=[None]),
    "remove-text": features(remove="*"),
    "remove-true": features(remove=[True]),
    "remove-huge": features(remove=[10**300]),
    "many-removed": features(remove=list(range(60_000))),
    "nested": features(add=nested(100)),
}
DATA = {
    **{f"address-{name}": add(value) for name, value in ADDRESSES.items()},
    **{f"data-{name}": geojson(data=value) for name, value in ADDRESSES.items()},
    **{f"source-{name}": value for name, value in SOURCES.items()},
    **{f"geometry-{name}": value for name, value in GEOMETRIES.items()},
    **{f"features-{name}": value for name, value in FEATURES.items()},
}
