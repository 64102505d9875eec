"""set_layer_paint: one property or several, each of which some layer takes."""

from __future__ import annotations

from typing import Any

import pytest

from mapsrv.core import commands as c
from tests.wire.tools.kit.calling import refusal, request


def test_set_layer_paint_takes_one_property_or_several() -> None:
    assert request("set_layer_paint", layer_id="a", property="line-width", value=2) == c.SetLayerPaint(
        "a", {"line-width": 2}
    )
    assert request("set_layer_paint", layer_id="a", property="line-width", value=None).properties == {
        "line-width": None
    }
    several = {"opacity": 0.5, "minzoom": 0, "maxzoom": None, "text-field": "x"}
    assert request("set_layer_paint", layer_id="a", properties=several).properties == several
    fade = {"opacity": ["interpolate", ["linear"], ["zoom"], 0, 0, 5, 1]}
    assert request("set_layer_paint", layer_id="a", properties=fade).properties == fade


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({}, "property and value"),
        ({"property": "line-width"}, "property and value"),
        ({"value": 2}, "property and value"),
        ({"property": "line-width", "value": 2, "properties": {}}, "property and value"),
        ({"properties": {}}, "empty"),
        ({"property": "visibility", "value": "none"}, "toggle_layer"),
        ({"property": "fillColor", "value": "red"}, 'Did you mean "fill-color"'),
        ({"property": "opacity", "value": 2}, "from 0 to 1"),
        ({"property": "minzoom", "value": [1]}, "from 0 to 24"),
    ],
)
def test_set_layer_paint_says_what_is_wrong(arguments: Any, says: str) -> None:
    assert says in refusal("set_layer_paint", {"layer_id": "a", **arguments})
