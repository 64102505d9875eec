"""Changes of features: checked with the id or path of the fault, applied like a plain model."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mapsrv.core import features as features_module
from mapsrv.core.features import MAX_NAME, apply_diff, check_diff, name_of
from mapsrv.core.geojson import collection_of, normalise
from mapsrv.core.state import PROMOTED
from mapsrv.errors import IdTaken, InvalidArgument, InvalidGeoJson, LimitReached
from tests.core.kit import geojsons

POINT = {"type": "Point", "coordinates": [8, 47]}


def layer(*ids: Any) -> dict[str, Any]:
    return normalise(collection_of([added(value, properties={"n": 1}) for value in ids])).collection


def added(value: Any = None, **members: Any) -> dict[str, Any]:
    given_id = {} if value is None else {"id": value}
    return {"type": "Feature", "geometry": POINT, "properties": {}, **given_id, **members}


_ids = st.integers(0, 6) | st.sampled_from("abc")
_new = st.builds(lambda value, n: added(value, properties={"n": n, "null": None}), _ids, st.integers(0, 3))
_added = st.lists(_new, max_size=4)
_changes = st.fixed_dictionaries(
    {"id": _ids},
    optional={
        "geometry": st.sampled_from([None, POINT]),
        "properties": st.none() | st.dictionaries(st.sampled_from("nxy"), st.none() | st.integers(0, 3)),
    },
)


def _model(collection: Any, add: Any, update: Any, remove: Any) -> list[Any]:
    """Do the same with a dict in insertion order."""
    features = {feature["id"]: feature for feature in copy.deepcopy(collection["features"])}
    for value in remove:
        features.pop(value, None)
    for feature in add:
        features[feature["id"]] = feature
    for change in update:
        if change["id"] in features:
            feature = features[change["id"]] = copy.deepcopy(features[change["id"]])
            if "geometry" in change:
                feature["geometry"] = change["geometry"]
            for key, value in (change.get("properties") or {}).items():
                feature["properties"].pop(key, None)
                feature["properties"].update({} if value is None else {key: value})
    return list(features.values())


@geojsons.calm
@given(st.lists(_ids, unique=True), _added, st.lists(_changes, max_size=4), st.lists(_ids, max_size=3))
def test_a_diff_is_applied_like_a_plain_model(ids: Any, add: Any, update: Any, remove: Any) -> None:
    before = layer(*ids)
    kept = copy.deepcopy(before)
    after = apply_diff(before, add, update, remove)
    assert after["features"] == _model(before, add, update, remove)
    assert before == kept


def test_a_diff_never_fails_on_data_that_is_not_there() -> None:
    assert apply_diff({}, [], [{"id": 1}], [2]) == {"features": []}
    bare = {"features": [{"type": "Feature", "id": 1}]}
    [updated] = apply_diff(bare, [], [{"id": 1, "properties": {"a": 1}}], [])["features"]
    assert updated["properties"] == {"a": 1}


@geojsons.calm
@given(geojsons.collections(), st.lists(geojsons.features(), max_size=3))
def test_a_checked_change_leaves_the_document_regular(value: Any, add: Any) -> None:
    document = normalise(value)
    ids = [feature["id"] for feature in document.collection["features"]]
    diff = check_diff(document.collection, add, [], ids[:1], promoted=document.promoted)
    after = apply_diff(document.collection, diff.add, diff.update, diff.remove)
    assert diff.promoted == document.promoted
    again = normalise(after)
    assert [one["id"] for one in again.collection["features"]] == [one["id"] for one in after["features"]]
    assert again.collection == after or document.promoted


def test_a_change_is_completed() -> None:
    diff = check_diff(
        layer(0, 4, "a"),
        [added(), added(99, bbox=[]), added()],
        [
            {"type": "Feature", "id": 4.0, "geometry": None},
            {"id": "a", "properties": {"n": None, PROMOTED: 1}},
        ],
        ["0", 0],
    )
    assert [feature["id"] for feature in diff.add] == [5, 99, 6]
    assert diff.to_json() == {
        "add": list(diff.add),
        "update": [{"id": 4, "geometry": None}, {"id": "a", "properties": {"n": None}}],
        "remove": [0],
    }
    assert not diff.promoted
    assert check_diff(layer("7"), [], [{"id": 7, "geometry": POINT}], []).update[0]["id"] == "7"


def test_added_ids_are_promoted_where_that_is_needed() -> None:
    assert not check_diff(layer(1), [added(2)], [], []).promoted
    diff = check_diff(layer(1), [added("x"), added()], [], [])
    assert diff.promoted
    assert [feature["properties"] for feature in diff.add] == [{PROMOTED: "x"}, {PROMOTED: 2}]
    assert check_diff(layer("a"), [added(2)], [], [], promoted=True).add[0]["properties"] == {PROMOTED: 2}


def test_when_the_integers_are_used_up_free_ones_are_found() -> None:
    assert check_diff(layer(0, 2**53 - 1), [added(), added(2)], [], []).add[0]["id"] == 1


@pytest.mark.parametrize(
    ("lists", "error", "message"),
    [
        (([added(1)], [], []), IdTaken, "add[0].id: the layer has a feature 1: change it by update"),
        (([added("x"), added("x")], [], []), IdTaken, "add[1].id: 'x' comes twice in add"),
        (([7], [], []), InvalidGeoJson, "add[0]: expected a Feature object"),
        (([], [7], []), InvalidArgument, 'update[0]: expected {"id"'),
        (([], [{"geometry": POINT}], []), InvalidArgument, 'update[0]: expected {"id"'),
        (([], [{"id": 1}], []), InvalidArgument, "update[0]: give the geometry or the properties"),
        (([], [{"id": 1, "geometry": {}}], []), InvalidGeoJson, "update[0].geometry.type: expected one of"),
        (([], [{"id": 1, "properties": 5}], []), InvalidGeoJson, "update[0].properties: expected"),
        (([], [{"id": "berm", "geometry": None}], []), InvalidArgument, 'Did you mean "bern"?'),
        (([], [], [9]), InvalidArgument, "remove[0]: the layer has no feature 9."),
        (([], [], ["9"]), InvalidArgument, "remove[0]: the layer has no feature '9'."),
        (([], [], [None]), InvalidGeoJson, "remove[0]: a feature's id is a string or a number"),
        (([], [{"id": 1, "geometry": None}], [1]), InvalidArgument, "feature 1 is in update and in remove"),
    ],
)
def test_a_change_that_cannot_be_made_is_refused(lists: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error) as refused:
        check_diff(layer(1, "bern"), *lists)
    assert message in str(refused.value)


def test_the_features_of_a_layer_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(features_module, "MAX_FEATURES", 2)
    check_diff(layer(1), [added()], [], [])
    with pytest.raises(LimitReached, match="at most 2 features"):
        check_diff(layer(1, 2), [added()], [], [])


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ("bern", " It is the name of feature 1. Its ids are 0, 1, 2, 3, 4, and more."),
        ("7", " It is the name of feature 3."),
        (99, "no feature 99. Its ids are 0, 1"),
    ],
)
def test_an_id_that_is_guessed_is_answered_by_the_feature_that_is_called_so(wanted: Any, said: str) -> None:
    named: list[Any] = [{"name": "Zug"}, {"name": "Bern"}, {"label": 3}, {"title": "7"}, {}, {}]
    there = normalise(collection_of([added(properties=one) for one in named])).collection
    for lists in ([], [{"id": wanted, "properties": {"n": 1}}], []), ([], [], [wanted]):
        with pytest.raises(InvalidArgument) as caught:
            check_diff(there, *lists)
        assert said in caught.value.message
    with pytest.raises(InvalidArgument) as caught:
        check_diff(collection_of([]), [], [], [wanted])
    assert "Its ids" not in caught.value.message


def test_a_feature_is_called_by_its_name_else_by_its_id() -> None:
    called = [{"name": "Zug"}, {"name": 3, "title": "T"}, {"name": " "}, {"label": "x" * 90}, None]
    names = [name_of({"id": 7, "properties": properties}) for properties in called]
    assert names == ["Zug", "T", 7, "x" * (MAX_NAME - 1) + "…", 7]
