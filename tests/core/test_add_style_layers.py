"""Style layers of a layer that is there: what stays of it, and what is set."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from mapsrv.core import commands as c
from mapsrv.core import ops as o
from mapsrv.core.apply import apply_all
from mapsrv.core.decider import decide
from mapsrv.core.state import Camera, MapState
from mapsrv.errors import IdTaken, UnknownLayer

DATA = {"type": "geojson", "data": "data/" + "0" * 64}
CIRCLE, LABELS = {"id": "a", "type": "circle"}, {"id": "a-symbol", "type": "symbol"}
LINE = {"id": "a-line", "type": "line"}


def on_map(*commands: c.Command) -> MapState:
    state = MapState()
    for command in (c.AddLayer("a", DATA, "vector", (CIRCLE, LINE), "A", attribution="©"), *commands):
        state = apply_all(state, decide(state, command))
    return state


def set_up(**more: Any) -> MapState:
    return on_map(
        c.SetLayerPaint("a", {"circle-radius": 9}),
        c.SetLayerPaint("a", {"line-width": 4}),
        c.FilterLayer("a", ["has", "n"]),
        c.ToggleLayer("a", "hide"),
        c.AddLayer("b", DATA, "vector", ({"id": "b", "type": "line"},)),
    )


def test_all_but_the_style_layers_stays_as_it_is() -> None:
    state = set_up()
    before = state.layers["a"]
    (op,) = decide(state, c.AddStyleLayers("a", (CIRCLE, LINE, LABELS)))
    assert isinstance(op, o.LayerPut)
    assert op.layer.to_json() == replace(before, style_layers=(CIRCLE, LINE, LABELS)).to_json()
    assert apply_all(state, [op]).owners["a-symbol"] == "a"


def test_what_is_set_anew_is_drawn_as_it_says() -> None:
    state = set_up()
    (op,) = decide(state, c.AddStyleLayers("a", ({**CIRCLE, "minzoom": 3}, LINE)))
    assert isinstance(op, o.LayerPut) and op.layer.restyled == {"a-line": {"paint": {"line-width": 4}}}


def test_what_is_said_of_the_layer_is_done_too() -> None:
    state = set_up()
    camera = Camera((8.5, 47.4), 9)
    wanted = c.AddStyleLayers("a", (CIRCLE, LINE), "New", True, "b", True, camera)
    after = apply_all(state, decide(state, wanted))
    assert (after.layers["a"].title, after.layers["a"].visible, after.camera) == ("New", True, camera)
    assert decide(after, replace(wanted, below=None, camera=None)) == ()
    assert list(on_map(c.AddLayer("b", DATA)).layers) == ["a", "b"]
    above = c.AddStyleLayers("b", (), below="a")
    moved = on_map(c.AddLayer("b", DATA), above)
    assert list(moved.layers) == ["b", "a"]


def test_ids_of_others_and_layers_that_are_gone_are_refused() -> None:
    state = set_up()
    with pytest.raises(IdTaken, match="in use by layer"):
        decide(state, c.AddStyleLayers("a", (CIRCLE, {"id": "b", "type": "line"})))
    with pytest.raises(UnknownLayer):
        decide(state, c.AddStyleLayers("gone", (CIRCLE,)))
