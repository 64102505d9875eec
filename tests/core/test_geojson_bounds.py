"""Bounds hold every point, the short way round the globe."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mapsrv.core.bounds import bounds, bounds_of, middle, parts, told
from mapsrv.core.geojson import normalise
from tests.core.kit import geojsons


def of(*geometries: Any) -> Any:
    features = [{"type": "Feature", "geometry": geometry} for geometry in geometries]
    return bounds(normalise({"type": "FeatureCollection", "features": features}).collection)


def points(*lngs: float) -> dict[str, Any]:
    return {"type": "MultiPoint", "coordinates": [[lng, 0] for lng in lngs]}


def line(*lngs: float) -> dict[str, Any]:
    return {"type": "LineString", "coordinates": [[lng, 0] for lng in lngs]}


def lines(*ends: tuple[float, float]) -> dict[str, Any]:
    return {"type": "MultiLineString", "coordinates": [line(*pair)["coordinates"] for pair in ends]}


def _within(lng: float, west: float, east: float) -> bool:
    width = (east - west) if west <= east else east + 360 - west
    offset = (lng - west) % 360
    return offset <= width + 1e-9 or offset >= 360 - 1e-9


@geojsons.calm
@given(geojsons.collections())
def test_bounds_hold_every_position(value: Any) -> None:
    collection = normalise(value).collection
    every_part = (part for feature in collection["features"] for part in parts(feature["geometry"]))
    positions = [position for part in every_part for position in part]
    box = bounds(collection)
    if not positions:
        assert box is None
        return
    assert box is not None
    west, south, east, north = box
    assert -180 <= west <= 180 and -180 <= east <= 180
    assert south == min(position[1] for position in positions)
    assert north == max(position[1] for position in positions)
    assert all(_within(position[0], west, east) for position in positions)


@geojsons.calm
@given(st.lists(st.integers(-180, 180), min_size=1, max_size=5))
def test_the_way_round_points_is_the_shortest_there_is(lngs: list[int]) -> None:
    west, _, east, _ = of(points(*lngs))
    circle = sorted({lng % 360 for lng in lngs})
    pairs = zip(circle, circle[1:] + circle[:1], strict=True)
    gaps = [(after - before) % 360 or 360 for before, after in pairs]
    assert (east - west) % 360 == 360 - max(gaps)


@pytest.mark.parametrize(
    ("geometry", "west", "east"),
    [
        (points(8), 8, 8),
        (points(-100, 70), -100, 70),
        (points(170, -170), 170, -170),
        (points(170, 175, -170, -179), 170, -170),
        (points(-100, 0, 100), -100, 100),
        (points(180), 180, 180),
        (points(181, 190), -179, -170),
        (points(500, 540), 140, 180),
        (points(-190, -185), 170, 175),
        (line(170, 190), 170, -170),
        (line(-170, 170), -170, 170),
        (line(-180, 180), -180, 180),
        (line(-200, 200), -180, 180),
        (lines((-180, 0), (0, 180)), -180, 180),
        (lines((-180, -175), (175, 180)), 175, -175),
        (lines((0, 181), (180, 180.5)), 0, -179),
        (lines((0, 365), (5, 6)), -180, 180),
    ],
)
def test_the_antimeridian_is_crossed_where_that_is_shorter(geometry: Any, west: float, east: float) -> None:
    assert of(geometry) == (west, 0, east, 0)


def test_bounds_of_polygons_poles_and_nothing() -> None:
    ring = [[0, -90], [10, 0], [5, 90], [0, -90]]
    assert of({"type": "Polygon", "coordinates": [ring]}) == (0, -90, 10, 90)
    assert of({"type": "MultiPolygon", "coordinates": [[ring]]}, None) == (0, -90, 10, 90)
    assert of(None) is None
    assert bounds_of([]) is None


def test_the_middle_of_bounds_is_within_them() -> None:
    assert middle((0, 10, 10, 20)) == (5, 15)
    assert middle((170, 0, -170, 0)) == (180, 0)
    assert middle((170, 0, -160, 0)) == (-175, 0)


def test_bounds_are_told_to_a_metre() -> None:
    assert told((7.123456789, 46.0, 8.000004, 47.00001)) == [7.12346, 46.0, 8.0, 47.00001]
    assert told(None) is None
