"""set_map_view: one way to say where, degrees in GeoJSON's order, small moves kept."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mapsrv.core.commands import SetMapView
from mapsrv.errors import InvalidArgument
from mapsrv.wire.calls import parse_call


def view(**arguments: Any) -> Any:
    return parse_call("set_map_view", arguments).request


def refusal(**arguments: Any) -> str:
    with pytest.raises(InvalidArgument) as caught:
        view(**arguments)
    return caught.value.message


def test_a_camera_may_be_given_in_part() -> None:
    assert view(center=[8.5, 47.4], zoom=9) == SetMapView(center=(8.5, 47.4), zoom=9.0)
    assert view(zoom=0) == SetMapView(zoom=0.0)
    assert view(bearing=-20, pitch=0) == SetMapView(bearing=-20.0, pitch=0.0)


def test_a_small_move_survives() -> None:
    assert view(center=[8.0001, 47.0001]).center == (8.0001, 47.0001)


def test_bounds_or_a_layer_are_fitted_with_padding() -> None:
    assert view(bounds=[5, 45, 11, 48]) == SetMapView(bounds=(5.0, 45.0, 11.0, 48.0), padding=40.0)
    assert view(bounds=[170, -20, -170, 10], padding=0).bounds == (170.0, -20.0, -170.0, 10.0)
    assert view(bounds=[170, -20, 190, 10]).bounds == (170.0, -20.0, 190.0, 10.0)
    assert view(layer_id="a", feature_ids=[1, "b"], padding=9) == SetMapView(
        layer_id="a", feature_ids=(1, "b"), padding=9.0
    )


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({}, "got none of them"),
        ({"padding": 5}, "got none of them"),
        ({"zoom": 3, "bounds": [1, 2, 3, 4]}, "got zoom, bounds"),
        ({"layer_id": "a", "bounds": [1, 2, 3, 4]}, "got bounds, layer_id"),
        ({"zoom": 3, "feature_ids": [1]}, "send layer_id"),
        ({"layer_id": ""}, "empty"),
        ({"center": [47.4, 108.5]}, "These look swapped: send [108.5, 47.4]"),
        ({"center": [147, 108]}, "latitude from -90 to 90"),
        ({"center": [181, 0]}, "longitude must be a number from -180 to 180"),
        ({"zoom": 3, "padding": 1001}, "padding"),
        ({"bounds": [45, 105, 48, 111]}, "send [105, 45, 111, 48]"),
        ({"bounds": [100, 95, 120, 99]}, "latitudes"),
        ({"bounds": [5, 48, 11, 45]}, "south 48 is above north 45"),
        ({"bounds": [-200, 0, 200, 1]}, "wider than the world"),
        ({"bounds": [600, 0, 601, 1]}, "west"),
    ],
)
def test_a_view_that_cannot_be_says_why(arguments: Any, says: str) -> None:
    message = refusal(**arguments)
    assert says in message


@settings(deadline=None)
@given(st.floats(-1e6, 1e6))
def test_a_bearing_is_wrapped_to_half_a_turn(bearing: float) -> None:
    wrapped = view(bearing=bearing).bearing
    assert -180 <= wrapped <= 180
    assert wrapped == bearing or abs(bearing) > 180
    assert abs((wrapped - bearing + 180) % 360 - 180) < 1e-6
