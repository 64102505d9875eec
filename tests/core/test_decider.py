"""What each command becomes: laws over random maps, and the refusals one by one."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mapsrv.core import commands as c
from mapsrv.core import decider
from mapsrv.core import ops as o
from mapsrv.core import rebase
from mapsrv.core.apply import apply, apply_all
from mapsrv.core.decider import changed, decide
from mapsrv.core.drawing_order import MAX_RANK
from mapsrv.core.rank import DIGITS, between
from mapsrv.core.state import MAX_LAYERS, Camera, MapLayer, MapState
from mapsrv.errors import MapsrvError
from tests.core.kit.maps import command, grown

POINTS = {"type": "geojson", "data": {"type": "FeatureCollection", "features": []}}


def added(name: str, *style_layers: dict[str, Any], state: MapState | None = None, **rest: Any) -> MapState:
    state = state or MapState()
    styles = style_layers or ({"id": name, "type": "circle"},)
    return done(state, c.AddLayer(name, POINTS, "vector", styles, **rest))


def done(state: MapState, wanted: c.Command) -> MapState:
    return apply_all(state, decide(state, wanted))


def refused(state: MapState, wanted: c.Command) -> str:
    with pytest.raises(MapsrvError) as caught:
        decide(state, wanted)
    return f"{caught.value.code}: {caught.value.message}"


@given(st.randoms(use_true_random=False), st.integers(0, 25))
@settings(deadline=None, max_examples=150)
def test_a_decision_keeps_the_map_whole(rng: random.Random, steps: int) -> None:
    state = grown(rng, steps)
    wanted = command(rng, state)
    try:
        ops = decide(state, wanted)
    except MapsrvError as error:
        assert error.message.endswith((".", "?"))
        return
    after = apply_all(state, ops)
    layers = list(after)
    assert [layer.id for layer in layers] == list(after.layers)
    assert sorted(layers, key=lambda layer: (layer.rank.encode(), layer.id.encode())) == layers
    names = [name for layer in layers for name in layer.style_layer_ids()]
    assert len(names) == len(set(names)) and set(names) == set(after.owners)
    assert all(after.owners[name] == layer.id for layer in layers for name in layer.style_layer_ids())
    assert all(name not in after.layers or after.owners[name] == name for name in names)
    assert MapState.from_json(after.to_json()).to_json() == after.to_json()
    again = () if isinstance(wanted, (c.ToggleLayer, c.SetMapView, c.UpdateFeatures, c.RemoveLayer)) else ops
    if again and not getattr(wanted, "camera", None) and not isinstance(wanted, c.AddLayer):
        assert decide(after, wanted) == (), "asked twice, done once"


@given(st.randoms(use_true_random=False), st.integers(0, 20))
@settings(deadline=None, max_examples=60)
def test_an_op_never_fails_on_any_map(rng: random.Random, steps: int) -> None:
    state, other = grown(rng, steps), grown(rng, steps)
    try:
        ops = decide(state, command(rng, state))
    except MapsrvError:
        return
    for op in ops:
        assert isinstance(apply(other, op), MapState)
        assert isinstance(apply(MapState(), op), MapState)


@given(st.lists(st.integers(0, 1000), max_size=60))
def test_there_is_always_room_between_two_ranks(places: list[int]) -> None:
    ranks: list[str] = []
    for place in places:
        index = place % (len(ranks) + 1)
        low = ranks[index - 1] if index else None
        rank = between(low, ranks[index] if index < len(ranks) else None)
        ranks.insert(index, rank)
        assert ranks == sorted(ranks) and len(set(ranks)) == len(ranks) and not rank.endswith("0")


def test_a_rank_goes_on_where_digits_end() -> None:
    assert between("z", None) == "z01" and between("zyz", None) == "zz1" and between("Vz", None) == "W"
    assert between("U", "V") == "UV" and between("Uz", "V") == "Uz01" and between(None, "1") == "0V"


@given(st.text(DIGITS, max_size=80))
def test_what_is_added_on_top_comes_after_any_rank(low: str) -> None:
    rank = between(low, None)
    assert rank > low and not rank.endswith("0")


def test_thousands_of_layers_are_added_on_top_without_moving_one_another() -> None:
    rank = None
    for _ in range(MAX_LAYERS):
        rank = between(rank, None)
    assert rank is not None and len(rank) <= 5


def test_ranks_of_an_earlier_release_are_given_anew_once() -> None:
    """They grew by a letter for every 31 layers; then each new layer moved all others."""
    ranks = ["z" * (n // 31) + DIGITS[31 + n % 31] for n in range(2_000)]
    old = MapState().with_layers(
        MapLayer(f"{n}", "", "vector", True, rank, {}, ()) for n, rank in enumerate(ranks)
    )
    state = added("first", state=old)
    assert list(state.layers) == [*old.layers, "first"]
    assert len(decide(state, c.AddLayer("second", POINTS, "vector", ()))) == 1


def test_ranks_that_grew_too_long_are_given_anew() -> None:
    state = added("b", state=added("a"))
    for turn in range(2_000):
        state = done(state, c.MoveLayer("ab"[turn % 2], to="bottom"))
        assert list(state.layers)[0] == "ab"[turn % 2]
        assert all(len(layer.rank) <= MAX_RANK for layer in state)


def test_two_layers_of_one_rank_still_let_a_third_between() -> None:
    state = added("b", state=added("a"))
    state = state.with_layers([replace(layer, rank="U") for layer in state])
    state = added("c", state=state, below="b")
    assert list(state.layers) == ["a", "c", "b"]


def test_a_layer_added_again_is_replaced_and_keeps_its_place_and_title() -> None:
    state = added("b", state=added("a", title="First"))
    again = added("a", {"id": "a", "type": "line"}, {"id": "a-2", "type": "circle"}, state=state)
    assert list(again.layers) == ["a", "b"]
    assert again.layers["a"].title == "First"
    assert again.owners == {"a": "a", "a-2": "a", "b": "b"}
    assert decide(again, c.AddLayer("b", POINTS, "vector", ({"id": "b", "type": "circle"},))) == ()


def test_an_op_on_a_layer_that_is_not_there_has_no_effect() -> None:
    state = added("a")
    for op in (o.LayerRemoved("gone"), o.LayerSet("gone", {"visible": False}), o.Restyled("gone", "x", {})):
        assert apply(state, op).to_json() == state.to_json()


def test_a_style_layers_filter_that_is_there_already_changes_nothing() -> None:
    state = added("a", {"id": "a-0", "type": "circle"})
    wanted = c.FilterLayer("a-0", [">", ["get", "n"], 3])
    assert decide(done(state, wanted), wanted) == ()


def test_ids_are_unique_in_a_map() -> None:
    state = added("a", {"id": "x", "type": "circle"})
    assert "is a style layer of" in refused(state, c.AddLayer("x", POINTS, "vector", ()))
    for taken in ("x", "a"):
        clash = c.AddLayer("b", POINTS, "vector", ({"id": taken, "type": "circle"},))
        assert "id_taken" in refused(state, clash)
    twice = c.AddLayer("b", POINTS, "vector", ({"id": "y", "type": "circle"},) * 2)
    assert "stands twice" in refused(state, twice)


def test_a_map_holds_a_bounded_number_of_layers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decider, "MAX_LAYERS", 1)
    assert "limit_reached" in refused(added("a"), c.AddLayer("b", POINTS, "vector", ()))


def test_an_unknown_layer_is_named_with_the_nearest() -> None:
    assert "no layers yet" in refused(MapState(), c.RemoveLayer("a"))
    assert '"cities"' in refused(added("cities"), c.RemoveLayer("citys"))


def test_one_style_layer_is_not_removed_alone() -> None:
    assert "toggle_layer" in refused(added("a", {"id": "x", "type": "circle"}), c.RemoveLayer("x"))


def test_a_layer_is_not_moved_beside_itself() -> None:
    assert "itself" in refused(added("a"), c.MoveLayer("a", below="a"))


def test_a_property_that_no_style_layer_takes_is_refused() -> None:
    assert "fill-color" in refused(added("a"), c.SetLayerPaint("a", {"fill-color": "red"}))
    assert "zoom from 0 to 24" in refused(added("a"), c.SetLayerPaint("a", {"minzoom": 99}))
    assert "zoom from 0 to 24" in refused(added("a"), c.SetLayerPaint("a", {"minzoom": True}))


def test_one_bad_value_refuses_the_whole_call() -> None:
    state = added("a")
    refused(state, c.SetLayerPaint("a", {"circle-radius": 5, "maxzoom": 99}))
    assert state.layers["a"].restyled == {}


def test_a_reset_puts_the_look_back_and_leaves_visibility_and_title() -> None:
    state = added(
        "a", {"id": "a", "type": "circle", "paint": {"circle-radius": 3}}, {"id": "b", "type": "line"}
    )
    for wanted in (
        c.SetLayerPaint("a", {"circle-radius": 9, "opacity": 0.5, "minzoom": 3}),
        c.SetLayerPaint("b", {"line-cap": "round"}),
        c.FilterLayer("a", ["has", "n"]),
        c.FilterLayer("b", ["has", "m"]),
        c.ToggleLayer("b", "hide"),
    ):
        state = done(state, wanted)
    assert state.layers["a"].filter == ["has", "n"]
    only_b = done(state, c.ResetLayerStyle("b"))
    assert only_b.layers["a"].restyled["b"] == {"visible": False} and "a" in only_b.layers["a"].restyled
    state = done(state, c.ResetLayerStyle("a"))
    assert state.layers["a"].filter is None
    assert state.layers["a"].restyled == {"b": {"visible": False}}
    assert decide(state, c.ResetLayerStyle("a")) == ()
    assert done(state, c.ToggleLayer("b")).layers["a"].restyled == {}


def test_a_value_equal_to_what_was_added_is_no_override() -> None:
    state = added("a", {"id": "a", "type": "circle", "paint": {"circle-radius": 3}, "minzoom": 1})
    assert decide(state, c.SetLayerPaint("a", {"circle-radius": 3, "minzoom": 1})) == ()
    state = done(state, c.SetLayerPaint("a", {"circle-radius": 4, "minzoom": 2}))
    assert done(state, c.SetLayerPaint("a", {"circle-radius": 3, "minzoom": 1})).layers["a"].restyled == {}


def test_a_style_layer_hidden_as_added_can_be_shown_and_hidden_again() -> None:
    state = added("a", {"id": "x", "type": "circle", "layout": {"visibility": "none"}})
    shown = done(state, c.ToggleLayer("x"))
    assert shown.layers["a"].restyled == {"x": {"visible": True}}
    assert decide(shown, c.ToggleLayer("x", "show")) == ()
    assert done(shown, c.ToggleLayer("x", "hide")).layers["a"].restyled == {}


def test_a_zoom_alone_keeps_the_middle_of_the_bounds() -> None:
    across = replace(MapState(), camera=Camera(None, None, 0, 0, (170, -10, -170, 10)))
    assert done(across, c.SetMapView(zoom=0.0)).camera == Camera((180, 0), 0.0)
    assert done(across, c.SetMapView(center=(1.0, 2.0))).camera == Camera((1.0, 2.0), 5.17)
    west = replace(MapState(), camera=Camera(None, None, 0, 0, (175, -10, -165, 10)))
    assert done(west, c.SetMapView(zoom=1.0)).camera.center == (-175, 0)
    assert done(across, c.SetMapView(pitch=9.0)).camera == Camera(None, None, 0, 9.0, (170, -10, -170, 10))


def test_a_view_asked_again_is_an_event_again() -> None:
    state = done(MapState(), c.SetMapView(zoom=3.0))
    assert len(decide(state, c.SetMapView(zoom=3.0))) == 1


def test_features_change_inline_or_by_name() -> None:
    state = added("a")
    point = {"type": "Feature", "id": 1, "geometry": None, "properties": {}}
    inline = done(state, c.UpdateFeatures("a", add=(point,)))
    assert inline.layers["a"].source["data"]["features"] == [point]
    named = done(inline, c.UpdateFeatures("a", remove=(1,), data="data/x"))
    assert named.layers["a"].source["data"] == "data/x"
    assert decide(named, c.UpdateFeatures("a", remove=(1,), data="data/x")) == ()
    assert decide(named, c.UpdateFeatures("a", remove=(1,), data="data/y", diff_travels=False)) == (
        o.FeaturesUpdated("a", data="data/y"),
    )
    other = o.FeaturesUpdated("a", add=(point,))
    assert (
        apply(named, other).layers["a"] is named.layers["a"]
    ), "a diff alone says nothing of a named document"


def test_changed_names_each_layer_once() -> None:
    state = added("a")
    ops = [o.LayerSet("a", {}), o.LayerPut(state.layers["a"]), o.TitleSet("x"), o.LayerRemoved("b")]
    assert changed(ops) == ("a", "b")


def test_what_is_so_already_becomes_no_op() -> None:
    state = added("a")
    for wanted in (
        c.SetTitle(state.title),
        c.SetBasemap(state.basemap),
        c.ToggleLayer("a", "show"),
        c.FilterLayer("a"),
        c.SetLayerDetails("a", "a", ""),
        c.MoveLayer("a"),
    ):
        assert decide(state, wanted) == ()


def _fits(state: MapState, op: o.Op, *touched: str) -> bool:
    try:
        assert decide(state, c.Reapply((op,), frozenset(touched))) == (op,)
    except MapsrvError as error:
        assert error.code == "out_of_date"
        return False
    return True


@pytest.mark.parametrize("op", [o.TitleSet("x"), o.BasemapSet("none"), o.CameraSet(Camera())])
def test_what_concerns_the_map_as_a_whole_always_fits_again(op: o.Op) -> None:
    assert _fits(MapState(), op)


def test_an_op_on_a_layer_fits_again_while_the_layer_is_there() -> None:
    state = added("a", {"id": "x", "type": "circle"})
    for there, op in (
        ("a", o.LayerRemoved("a")),
        ("a", o.LayerSet("a", {"visible": False})),
        ("a", o.Restyled("a", "x", {"minzoom": 2})),
        ("a", o.FeaturesUpdated("a", remove=(1,))),
    ):
        assert _fits(state, op) and not _fits(MapState(), op), there
    assert not _fits(state, o.Restyled("a", "gone", {"minzoom": 2}))


def test_a_whole_document_fits_again_unless_others_changed_the_layer() -> None:
    state, op = added("a"), o.FeaturesUpdated("a", data="data/" + "0" * 64)
    assert _fits(state, op) and _fits(state, op, "b") and not _fits(state, op, "a")
    by_name = apply(state, op)
    assert not _fits(by_name, o.FeaturesUpdated("a", remove=(1,))), "there is nothing here to change it in"


def test_a_layer_fits_again_where_its_ids_are_free(monkeypatch: pytest.MonkeyPatch) -> None:
    put = o.LayerPut(added("a", {"id": "x", "type": "circle"}).layers["a"])
    assert _fits(MapState(), put) and _fits(added("a"), put)
    assert not _fits(added("b", {"id": "x", "type": "circle"}), put)
    assert not _fits(added("b", {"id": "a", "type": "circle"}), put)
    assert not _fits(added("x", {"id": "y", "type": "circle"}), put)
    monkeypatch.setattr(rebase, "MAX_LAYERS", 1)
    assert _fits(MapState(), put) and not _fits(added("b"), put)


def test_only_what_fits_is_done_again() -> None:
    ops = (o.LayerRemoved("gone"), o.TitleSet("x"), o.LayerRemoved("a"), o.LayerSet("a", {"visible": False}))
    assert decide(added("a"), c.Reapply(ops)) == ops[1:3]
