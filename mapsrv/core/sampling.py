"""A sample of a FeatureCollection's features, for trying values of a style on; and what a camera shows."""

from __future__ import annotations

import math
from collections.abc import Mapping

from mapsrv.core.bounds import Bounds, bounds_of
from mapsrv.core.geometry import simple
from mapsrv.core.state import Camera, Json

MAX_SAMPLED = 10_000  # features; of more, every second, third and so on
VIEW_WIDTH, VIEW_HEIGHT = 1280, 800  # CSS pixels of a view that only a center and a zoom are known of
_TILE = 512  # CSS pixels of the world at zoom 0
_TYPES = {"Point": 1, "LineString": 2, "Polygon": 3}

Row = list[Json]  # [type, id, properties, [west, south, east, north] or None], as the engine has them


def rows(collection: Mapping[str, Json]) -> list[Row]:
    """Return at most MAX_SAMPLED features of a regular FeatureCollection, evenly taken."""
    features = collection["features"]
    step = -(-len(features) // MAX_SAMPLED) or 1
    return [_row(feature) for feature in features[::step]]


def _row(feature: Mapping[str, Json]) -> Row:
    geometry = feature["geometry"]
    box = None if geometry is None else bounds_of([geometry])
    kind = 0
    if box is not None:  # of a collection the first kind counts: MapLibre makes features of its parts
        kind = next(_TYPES[one["type"].removeprefix("Multi")] for one in simple(geometry))
    return [kind, feature["id"], feature["properties"], None if box is None else list(box)]


def view_of(camera: Camera) -> Bounds:
    """Return about what a camera shows, in degrees."""
    if camera.bounds is not None:
        return camera.bounds
    lng, lat = camera.center or (0.0, 0.0)
    world = _TILE * 2.0 ** (camera.zoom or 0.0)
    half = min(180.0, 180 * VIEW_WIDTH / world)
    y = math.asinh(math.tan(math.radians(max(-85.0, min(85.0, lat)))))
    tall = math.pi * VIEW_HEIGHT / world
    south, north = (math.degrees(math.atan(math.sinh(y + sign * tall))) for sign in (-1, 1))
    if half >= 180:
        return -180.0, south, 180.0, north
    return _turned(lng - half), south, _turned(lng + half), north


def _turned(lng: float) -> float:
    return (lng + 180) % 360 - 180
