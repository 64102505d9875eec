"""move_layer: at most one place."""

from __future__ import annotations

from mapsrv.core import commands as c
from tests.wire.tools.kit.calling import refusal, request


def test_move_layer_takes_one_place() -> None:
    assert request("move_layer", layer_id="a") == c.MoveLayer("a")
    assert request("move_layer", layer_id="a", below="b") == c.MoveLayer("a", below="b")
    assert request("move_layer", layer_id="a", above="b") == c.MoveLayer("a", above="b")
    assert request("move_layer", layer_id="a", to="bottom") == c.MoveLayer("a", to="bottom")
    assert "one of below" in refusal("move_layer", {"layer_id": "a", "below": "b", "to": "top"})
    assert "below is empty" in refusal("move_layer", {"layer_id": "a", "below": ""})
