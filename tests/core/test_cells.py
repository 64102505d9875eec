"""The grid of where data lies: every position is in a cell that is set, and what lies between is empty."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mapsrv.core.bounds import bounds, parts
from mapsrv.core.cells import GRID, boxes, cells
from mapsrv.core.data_summary import summary
from mapsrv.core.geojson import normalise
from mapsrv.core.visibility import reasons
from mapsrv.core.windows import Window, meets
from tests.core.kit import geojsons
from tests.core.test_visibility import layer


def points(*places: tuple[float, float]) -> dict[str, Any]:
    geometry = {"type": "MultiPoint", "coordinates": [list(place) for place in places]}
    return normalise(geometry).collection


@geojsons.calm
@given(geojsons.collections())
def test_every_position_is_in_a_cell(value: Any) -> None:
    collection = normalise(value).collection
    box = bounds(collection)
    if box is None:
        return
    found = list(boxes(cells(collection["features"], box), box))
    assert 0 < len(found) <= GRID * GRID
    near = [(west - 1e-6, south - 1e-6, east + 1e-6, north + 1e-6) for west, south, east, north in found]
    for feature in collection["features"]:
        for part in parts(feature["geometry"]):
            for lng, lat, *_ in part:
                turned = (lng + 180) % 360 - 180
                same = [Window((x, lat, x, lat), 0) for x in (turned, 180.0 if turned == -180 else turned)]
                assert any(meets(cell, at) for cell in near for at in same), (lng, lat)


@given(st.floats(-179, 179), st.floats(-80, 80))
def test_one_point_is_one_cell(lng: float, lat: float) -> None:
    point = {"type": "Point", "coordinates": [lng, lat]}
    collection = normalise(point).collection
    assert cells(collection["features"], (lng, lat, lng, lat)) == 1


def test_between_two_continents_there_is_nothing() -> None:
    about = summary(points((8.5, 47.4), (-74.0, 40.7), (151.2, -33.9)))
    made = layer()
    atlantic, europe = Window((-40.0, 35.0, -30.0, 50.0), 5), Window((5.0, 45.0, 10.0, 48.0), 5)
    (why,) = reasons(made, made.style_layers, about, atlantic, [])
    assert why.text == "No feature is in the map's view."
    assert reasons(made, made.style_layers, about, europe, [europe]) == []
    (watched,) = reasons(made, made.style_layers, about, europe, [atlantic])
    assert "anybody who watches" in watched.text


def test_data_over_the_antimeridian_has_its_cells_there() -> None:
    about = summary(points((179.0, -17.0), (-179.0, -18.0)))
    assert about.bounds == (179.0, -18.0, -179.0, -17.0)
    found = list(boxes(about.cells, about.bounds))
    assert len(found) == 2 and {box[0] > 0 for box in found} == {True, False}


def test_a_line_counts_with_its_own_bounds_and_one_beyond_the_end_everywhere() -> None:
    line = {"type": "LineString", "coordinates": [[0, 0], [10, 10]]}
    collection = normalise(line).collection
    assert cells(collection["features"], (0, 0, 10, 10)) == (1 << GRID * GRID) - 1
    assert cells(collection["features"], (0, 0, 1, 10)) == (1 << GRID * GRID) - 1


def test_a_line_that_goes_a_little_beyond_the_end_of_the_globe_counts_where_it_comes_out() -> None:
    """Less than a cell beyond, found by the law above after many runs."""
    lines = [[[-169, 1], [-360, 0]], [[0, 0], [-169, 0]]]
    collection = normalise({"type": "MultiLineString", "coordinates": lines}).collection
    assert bounds(collection) == (-180, 0, 180, 1)
    found = cells(collection["features"], (-180, 0, 180, 1))
    assert found >> (GRID - 1) * GRID & 1


@pytest.mark.parametrize("apart", [5e-324, 2.3e-313, 1e-300, 1e-10])
def test_what_is_next_to_nothing_apart_is_in_one_cell(apart: float) -> None:
    about = summary(points((0.0, 0.0), (0.0, apart), (apart, 0.0)))
    assert about.bounds == (0.0, 0.0, apart, apart) and about.cells == 1
