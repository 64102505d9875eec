"""update_features: lists, and what stands for one."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mapsrv.core import commands as c
from tests.wire.tools.kit.calling import POINT, refusal, request


def test_update_features_takes_lists() -> None:
    feature = {"type": "Feature", "geometry": POINT, "properties": {}}
    change = {"id": 1, "properties": {"a": None}}
    read = request("update_features", layer_id="a", add=[feature], update=[change], remove=[1, "b"])
    assert read == c.UpdateFeatures("a", (feature,), (change,), (1, "b"))
    collection = {"type": "FeatureCollection", "features": [feature]}
    assert request("update_features", layer_id="a", add=json.dumps(collection)).add == (feature,)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({}, "changes nothing"),
        ({"add": []}, "changes nothing"),
        ({"add": [5]}, "add[0] must be an object"),
        ({"update": ["x"]}, "update[0] must be an object"),
        ({"remove": [1, True]}, "remove[1] must be a feature id"),
        ({"remove": [None]}, "remove[0] must be a feature id"),
        ({"add": "x"}, "array"),
        ({"add": {"type": "FeatureCollection"}}, "changes nothing"),
    ],
)
def test_update_features_says_what_is_wrong(arguments: Any, says: str) -> None:
    assert says in refusal("update_features", {"layer_id": "a", **arguments})
