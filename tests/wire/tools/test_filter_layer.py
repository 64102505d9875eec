"""filter_layer: an expression, or nothing."""

from __future__ import annotations

from mapsrv.core import commands as c
from tests.wire.tools.kit.calling import refusal, request


def test_filter_layer_takes_an_expression_or_nothing() -> None:
    assert request("filter_layer", layer_id="a", filter=["has", "b"]) == c.FilterLayer("a", ["has", "b"])
    assert request("filter_layer", layer_id="a") == request("filter_layer", layer_id="a", filter=None)
    assert '["==", ["get", "kind"], "lake"]' in refusal("filter_layer", {"layer_id": "a", "filter": [1]})
