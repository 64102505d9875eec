"""Samples of features, and the view that a camera shows."""

from __future__ import annotations

from typing import Any

import pytest

from mapsrv.core.sampling import MAX_SAMPLED, rows, view_of
from mapsrv.core.state import Camera


def feature(name: int, geometry: Any) -> dict[str, Any]:
    return {"type": "Feature", "id": name, "geometry": geometry, "properties": {"n": name}}


POINT = {"type": "Point", "coordinates": [7, 46]}
LINES = {"type": "MultiLineString", "coordinates": [[[1, 2], [3, 4]]]}
AREA = {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 0]]]}
SEVERAL = {"type": "GeometryCollection", "geometries": [AREA, POINT]}


def test_a_row_has_kind_id_properties_and_box() -> None:
    made = rows({"features": [feature(n, g) for n, g in enumerate((POINT, LINES, AREA, SEVERAL, None))]})
    assert made == [
        [1, 0, {"n": 0}, [7, 46, 7, 46]],
        [2, 1, {"n": 1}, [1, 2, 3, 4]],
        [3, 2, {"n": 2}, [0, 0, 1, 1]],
        [3, 3, {"n": 3}, [0, 0, 7, 46]],
        [0, 4, {"n": 4}, None],
    ]
    assert rows({"features": []}) == []


def test_of_more_features_than_are_looked_at_some_are_taken_evenly() -> None:
    made = rows({"features": [feature(n, None) for n in range(2 * MAX_SAMPLED + 1)]})
    assert len(made) <= MAX_SAMPLED
    assert [row[1] for row in made[:3]] == [0, 3, 6] and made[-1][1] >= 2 * MAX_SAMPLED - 3


def test_a_view_is_what_the_camera_shows() -> None:
    assert view_of(Camera(None, None, bounds=(1, 2, 3, 4))) == (1, 2, 3, 4)
    west, south, east, north = view_of(Camera((8.0, 47.0), 8.0))
    assert west == pytest.approx(6.24, abs=0.01) and east == pytest.approx(9.76, abs=0.01)
    assert 46 < south < 47 < north < 48
    world = view_of(Camera((0.0, 20.0), 1.0))
    assert world[0] == -180 and world[2] == 180
    across = view_of(Camera((179.0, 0.0), 6.0))
    assert across[0] > 0 > across[2]
