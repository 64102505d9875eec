"""camera_near's sentence: the right place, direction and distance, anywhere on the globe; found at once."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mapsrv.gazetteer.nearest import KM, REACHES, Grid
from mapsrv.gazetteer.places import Places

FAR = "far from any place known (over 1,000 km)"
FARTHEST = max(REACHES)
SLACK = 0.001  # kilometres
MOST = 2_500  # cities that one point may look at: some 0.8 ms


@pytest.mark.parametrize(
    ("point", "told"),
    [
        ((7.4474, 46.975), "3 km N of Bern, Switzerland"),
        ((8.54, 47.37), "Zürich, Switzerland"),
        ((367.4474, 46.975), "3 km N of Bern, Switzerland"),
        ((7.42, 46.925), "3 km SW of Bern, Switzerland"),
        ((-74, 40.69), "3 km S of New York City, NY, United States"),
        ((47.37, 8.54), "7 km N of Laascaanood, Somalia"),  # Zurich, swapped
        ((40.7, -74), FAR),  # New York, swapped
        ((179.9, -17), "85 km SE of Labasa, Fiji"),
        ((-179.99, -16.5), "69 km E of Labasa, Fiji"),  # over the antimeridian
        ((0, 0), "620 km S of Accra, Ghana"),
        ((0, 90), FAR),
        ((0, -90), FAR),
        ((-140, -30), FAR),
    ],
)
def test_a_point_is_told_by_a_place_that_is_known(grid: Grid, point: tuple[float, float], told: str) -> None:
    assert grid.near(point) == told


def made(*cities: tuple[float, float]) -> Any:
    """Places of that sort, the largest first, called by their number."""
    return SimpleNamespace(
        lngs=Counted(round(lng * 1000) for lng, _ in cities),
        lats=Counted(round(lat * 1000) for _, lat in cities),
        city=lambda row: SimpleNamespace(name=str(row), region="", country="", center=cities[row]),
        countries={},
    )


class Counted(list[int]):
    """A column that counts how often it is looked at."""

    looks = 0

    def __getitem__(self, key: Any) -> Any:
        type(self).looks += 1
        return super().__getitem__(key)


LNGS, LATS = st.floats(-180, 180).map(lambda x: round(x, 3)), st.floats(-90, 90).map(lambda x: round(x, 3))


@given(st.lists(st.tuples(LNGS, LATS), min_size=1, max_size=40), LNGS, LATS)
@settings(max_examples=300)
def test_the_place_that_is_told_is_among_the_nearest(
    cities: list[tuple[float, float]], lng: float, lat: float
) -> None:
    def away(city: tuple[float, float]) -> float:
        """By the haversine formula."""
        (east, north), (west, south) = (map(math.radians, place) for place in (city, (lng, lat)))
        half = math.sin((north - south) / 2) ** 2
        half += math.cos(north) * math.cos(south) * math.sin((east - west) / 2) ** 2
        return 2 * math.degrees(math.asin(math.sqrt(min(1.0, half)))) * KM

    nearest = min(map(away, cities))
    told = Grid(made(*cities)).near((lng, lat))
    if told == FAR:
        assert nearest > FARTHEST - SLACK
        return
    named = int(told.split()[-1])
    assert nearest <= FARTHEST + SLACK
    assert away(cities[named]) <= nearest + min(nearest, 40) + 10 + SLACK


@pytest.mark.parametrize("lng", [-180, -0.3, 0, 0.2, 90, 179.9])
@pytest.mark.parametrize("lat", [-89.9, 89.9])
def test_a_place_beyond_the_pole_is_told(lng: float, lat: float) -> None:
    beyond = math.remainder(lng + 180, 360)
    assert Grid(made((beyond, lat))).near((lng, lat)).endswith(" of 0")


@pytest.mark.parametrize("around", [0.2, 0.5, 2.0, 5.0, 8.0, 15.0])
def test_a_point_is_told_by_looking_at_few_cities(places: Places, around: float) -> None:
    """Whatever is near it: within the densest regions, and off their shores."""
    everywhere = made(*(places.city(row).center for row in range(len(places))))
    grid = Grid(everywhere)
    for lng, lat in ((2.35, 48.85), (113.3, 23.1), (77.2, 28.6), (-74, 40.7), (139.7, 35.7), (7, 51.4)):
        for east, north in ((1, 0), (-1, 0), (0, 1), (0, -1)):
            Counted.looks = 0
            grid.near((lng + east * around, lat + north * around))
            assert 0 < Counted.looks // 2 < MOST
