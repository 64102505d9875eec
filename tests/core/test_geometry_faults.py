"""What is odd about geometry is told with the feature's id; what is whole is not spoken of."""

from __future__ import annotations

import math
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mapsrv.core.geojson import normalise
from mapsrv.core.geometry_faults import oddities
from mapsrv.errors import InvalidGeoJson

SQUARE = [[0, 0], [2, 0], [2, 2], [0, 2], [0, 0]]
BOW_TIE = [[0, 0], [2, 2], [2, 0], [0, 2], [0, 0]]
HOLE = [[0.5, 0.5], [0.5, 1], [1, 1], [1, 0.5], [0.5, 0.5]]


def area(*rings: Any, id: Any = 7) -> dict[str, Any]:
    return feature({"type": "Polygon", "coordinates": list(rings)}, id)


def feature(geometry: Any, id: Any = 7, **properties: Any) -> dict[str, Any]:
    return {"type": "Feature", "id": id, "geometry": geometry, "properties": properties}


def point(x: float, y: float, id: Any = 7, **properties: Any) -> dict[str, Any]:
    return feature({"type": "Point", "coordinates": [x, y]}, id, **properties)


def faults(*features: Any) -> tuple[str, ...]:
    return oddities(features).faults


def test_an_area_that_crosses_itself_is_told_with_its_id() -> None:
    assert faults(area(SQUARE), area(BOW_TIE, id="tie")) == ("1 area crosses its own edge: feature 'tie'.",)
    many = [area(BOW_TIE, id=number) for number in range(5)]
    told = "5 areas cross their own edge: feature 0, feature 1, feature 2 and 2 more."
    assert faults(*many) == (told,)
    multi = {"type": "MultiPolygon", "coordinates": [[SQUARE], [BOW_TIE]]}
    nested = {"type": "GeometryCollection", "geometries": [multi]}
    assert faults(feature(multi)) == faults(feature(nested)) == ("1 area crosses its own edge: feature 7.",)


@given(st.integers(3, 60), st.randoms(use_true_random=False))
def test_no_star_shaped_area_crosses_itself_and_with_two_corners_swapped_it_does(
    count: int, rng: random.Random
) -> None:
    angles = [2 * math.pi * (place + rng.uniform(0, 0.8)) / count for place in range(count)]
    corners = [[math.cos(angle), math.sin(angle)] for angle in angles]
    assert faults(area([*corners, corners[0]])) == ()
    if count > 3:
        first, second, *rest = corners
        crossed = [second, first, *rest]
        assert len(faults(area([*crossed, crossed[0]]))) == 1


def test_rings_that_touch_or_repeat_a_corner_do_not_cross() -> None:
    eight = [[0, 0], [1, 1], [2, 0], [2, 2], [1, 1], [0, 2], [0, 0]]
    twice = [[0, 0], [2, 0], [2, 0], [2, 2], [0, 2], [0, 0]]
    assert faults(area(eight), area(twice), area(SQUARE, HOLE)) == ()


def test_what_is_looked_through_is_bounded() -> None:
    zigzag = [[(place % 2) * 100.0, place / 100] for place in range(400)]
    wide = [*zigzag, [200.0, 9.0], zigzag[0]]
    assert faults(area(wide, [*BOW_TIE])) == ()


def test_features_without_geometry_are_counted() -> None:
    bare = [feature(None, id) for id in (3, 4)]
    assert faults(point(1, 2), *bare) == ("2 of 3 features have no geometry: feature 3, feature 4.",)
    assert faults(*bare) == (), "that there is nothing to draw is told elsewhere"


def test_a_ring_the_wrong_way_is_a_note_and_no_fault() -> None:
    backward = SQUARE[::-1]
    told = oddities([area(backward), area(SQUARE, HOLE[::-1], id=8), area(SQUARE, HOLE, id=9)])
    note = "2 areas have a ring the wrong way, drawn as meant: feature 7, feature 8."
    assert (told.faults, told.notes) == ((), (note,))
    flat = [[0, 0], [1, 1], [2, 2], [0, 0]]
    assert oddities([area(flat)]).notes == ()


SWISS = [point(7.4 + n / 10, 46.9 + n / 20, id=n) for n in range(6)]


def test_a_feature_that_lies_among_the_others_the_other_way_round_looks_swapped() -> None:
    told = "The coordinates of feature 'far' look swapped: write [longitude, latitude], [8.5, 47.4] for the"
    told += " first."
    assert faults(*SWISS, point(47.4, 8.5, id="far")) == (told,)
    assert faults(*SWISS, point(-70, -30, id="far")) == (), "far away, and no better the other way round"
    assert faults(*SWISS[:2], point(47.4, 8.5)) == (), "too few to tell"
    assert faults(*SWISS) == ()


def test_a_feature_that_says_its_place_in_properties_is_believed() -> None:
    swapped = point(47.4, 8.5, id=1, Lat=47.4, lon=8.5)
    assert "feature 1 look swapped" in faults(swapped)[0]
    right = point(8.5, 47.4, Lat=47.4, lon=8.5)
    assert (
        faults(right, point(5, 5, lat=5, lng=5), point(1, 2, lat="1", lng=2), point(3, 4, lat=9, lng=8)) == ()
    )
    empty = feature({"type": "GeometryCollection", "geometries": []}, lat=1, lng=2)
    assert faults(empty) == ()


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ([2_600_000, 1_200_000], r"looks like metres: project the data to degrees"),
        ([8.5, 120.0], "look swapped"),
    ],
)
def test_what_cannot_be_degrees_is_refused_with_the_features_id(place: Any, said: str) -> None:
    with pytest.raises(InvalidGeoJson, match=rf"features\[1\].*{said}.*\(feature 'b'\)"):
        normalise({"type": "FeatureCollection", "features": [point(1, 2, id="a"), point(*place, id="b")]})
    with pytest.raises(InvalidGeoJson) as caught:
        normalise({"type": "Feature", "geometry": point(*place)["geometry"], "properties": None})
    assert "(feature" not in caught.value.message
