"""A call that is none is answered by the one that does its work; so is a basemap."""

from __future__ import annotations

import pytest

from mapsrv.errors import InvalidArgument
from mapsrv.wire.calls import CALLS, parse_call
from mapsrv.wire.unknown_tool import instead_of


@pytest.mark.parametrize(
    ("name", "call"),
    [
        ("flyTo", "set_map_view"),
        ("map.fit_bounds", "set_map_view"),
        ("delete_source", "remove_layer"),
        ("hideLayer", "toggle_layer"),
        ("change_style", "set_layer_paint"),
        ("edit-geojson-properties", "update_features"),
        ("createMarker", "add_layer"),
        ("share_link", "open_map"),
        ("rename_map", "set_layer_details"),
        ("layers", "list_layers"),
    ],
)
def test_a_name_from_elsewhere_is_answered_by_the_call_that_does_it(name: str, call: str) -> None:
    assert instead_of(name, CALLS) == f" {call} does that."


def test_only_calls_that_there_are_count_and_nothing_is_made_up() -> None:
    assert instead_of("take_screenshot", ("get_map_screenshot",)) == " get_map_screenshot does that."
    assert (
        instead_of("take_screenshot", ()) == instead_of("brew_coffee", CALLS) == instead_of("", CALLS) == ""
    )
    assert instead_of("x" * 10_000 + "_zoom", CALLS) == ""


def test_a_refusal_names_it_or_a_near_one() -> None:
    with pytest.raises(InvalidArgument, match='no call "delete_everything". remove_layer does that.'):
        parse_call("delete_everything", {})
    with pytest.raises(InvalidArgument, match='Did you mean "toggle_layer"') as caught:
        parse_call("togle_layer", {})
    assert "does that" not in caught.value.message


def test_an_unknown_basemap_is_answered_by_what_draws_one() -> None:
    with pytest.raises(InvalidArgument, match=r"must be one of .*add_layer \{.*move_layer \{"):
        parse_call("set_basemap", {"name": "satellite"})
    with pytest.raises(InvalidArgument) as caught:
        parse_call("toggle_layer", {"layer_id": "a", "action": "flip"})
    assert "add_layer" not in caught.value.message


def test_since_is_a_position() -> None:
    request = parse_call("get_map_state", {"since": "epoch.3.01234567"}).request
    assert str(request.since) == "epoch.3.01234567"  # type: ignore[union-attr]
    with pytest.raises(InvalidArgument, match="since must be a position"):
        parse_call("get_map_state", {"since": "now"})
