"""Whatever a tab says of itself, others are told a bounded part of it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mapsrv.errors import InvalidArgument
from mapsrv.wire import codec, sse, viewers
from mapsrv.wire.names import clean_name
from tests.wire.kit.values import JSON

BOUNDS = [-170.123456789, -80.000001, 170.987654321, 80.5]
LONGEST = {"text": "\U0001f5fa" * 4_000, "zeros": [0.000001] * 300, "deep": {"a": {"b": "x" * 3_000}}}


def deep(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = {"a": value}
    return value


def test_numbers_are_told_to_five_decimals() -> None:
    told = viewers.viewport({"center": [8.123456789, 47], "bounds": BOUNDS, "zoom": 9.9999999})
    assert told == {
        "center": [8.12346, 47],
        "bounds": [-170.12346, -80.0, 170.98765, 80.5],
        "zoom": 10.0,
    }
    said = {"lng_lat": [8.123456789, 47], "properties": {"n": 1.23456789, "list": [{"x": 0.1234567}]}}
    assert viewers.pointing(said) == {
        "lng_lat": [8.12346, 47],
        "properties": {"n": 1.23457, "list": [{"x": 0.12346}]},
    }
    assert viewers.cursor([8.123456789, 47]) == [8.12346, 47]
    assert viewers.viewport(None) is None is viewers.pointing(None) is viewers.cursor(None)


@pytest.mark.parametrize(
    "wrong",
    [3, {"center": [8.5]}, {"center": 8.5}, {"zoom": 31}, {"zoom": True}, {"pitch": "1"}, {"bearing": 1e999}],
)
def test_what_is_no_viewport_is_refused(wrong: Any) -> None:
    with pytest.raises(InvalidArgument, match="viewport"):
        viewers.viewport(wrong)


@pytest.mark.parametrize("wrong", [3, [8.5], [8.5, 47.4, 1], [8.5, 91], [1e9, 0], [True, 0], ["8", 1], {}])
def test_what_is_no_place_has_no_cursor(wrong: Any) -> None:
    with pytest.raises(InvalidArgument, match="cursor: expected"):
        viewers.cursor(wrong)


def test_what_is_no_object_is_not_pointed_at() -> None:
    with pytest.raises(InvalidArgument, match="pointing"):
        viewers.pointing("there")


def test_what_is_pointed_at_stays_when_its_properties_do_not_fit() -> None:
    properties: dict[str, Any] = {"name": "HB", "text": "x" * 200, "long": "y" * 200}
    properties |= {"wide": [0] * 60, "last": 1}
    said = {"lng_lat": [8.5, 47.4], "layer_id": "stops", "feature_id": 7, "properties": properties}
    told: Any = viewers.pointing({**said, "last": "l" * 90})
    cut = viewers.MAX_TEXT - 1
    kept = {"name": "HB", "text": "x" * cut + "…", "long": "y" * cut + "…", "last": 1}
    assert told == {**said, "properties": kept}
    small = {"properties": {"text": "x" * 200}}
    assert viewers.pointing(small) == small


@given(st.dictionaries(st.text(), JSON))
@example(LONGEST)
@example({"k" * 295: {}})
@example({"k": [-1.3407807929857359e154] * 9, "l": [None, -1.3407807929857359e154] * 3})
@example({"k" * 289: {"a": 1}, "k": {"a": "x" * 400}})
def test_whatever_is_pointed_at_others_are_told_300_characters_of_it(said: dict[str, Any]) -> None:
    try:
        told: Any = viewers.pointing(said)
    except InvalidArgument:
        assert len(codec.dumps(said)) > viewers.MAX_SAID
        return
    assert len(codec.dumps(told).decode()) <= viewers.MAX_POINTING
    assert set(told) <= set(said) and viewers.pointing(told) == told


@given(st.text(), st.dictionaries(st.text(max_size=9), JSON, max_size=9))
def test_an_element_has_2_kib_and_other_processes_tell_it_on(name: str, said: dict[str, Any]) -> None:
    shows = viewers.viewport({"center": BOUNDS[:2], "bounds": BOUNDS, "bearing": 0.1234567, "pitch": 59.9})
    try:
        points = viewers.pointing(said)
    except InvalidArgument:
        points = {"text": "\U0001f5fa" * 280}
    told = {"author": "f" * 16, "viewport": shows, "pointing": points, "cursor": viewers.cursor(BOUNDS[:2])}
    encoded = viewers.element("0" * 16, clean_name(name * 9), "person", told)
    assert len(encoded) <= viewers.MAX_ELEMENT
    assert viewers.element_again(codec.loads(encoded)) == encoded


@pytest.mark.parametrize("value", [None, "x", [1], {"name": "x" * 3_000}, {"zoom": 1e999}, deep(5_000)])
def test_what_is_no_element_of_this_release_is_not_told_on(value: Any) -> None:
    assert viewers.element_again(value) is None


@given(st.lists(st.integers(2, 9_000), max_size=80), st.integers(0, 10**9))
@example([2] * 11 + [7257, 9000], 0)
@example([8000, viewers.MAX_BODY - len('{"count":0,"viewers":[,]}') - 8000], 0)  # the last byte is taken too
def test_a_frame_has_16_kib_and_leaves_out_whole_viewers_at_the_end(sizes: list[int], count: int) -> None:
    elements = [codec.dumps("x" * (size - 2)) for size in sizes]
    body = viewers.presence({"count": count}, elements)
    told = json.loads(body)
    assert len(sse.frame("presence", body)) <= 16 * 1024 and told["count"] == count
    shown = len(told["viewers"])
    assert shown <= viewers.MAX_SHOWN and [len(text) + 2 for text in told["viewers"]] == sizes[:shown]
    if shown < min(len(sizes), viewers.MAX_SHOWN):
        assert len(body) + 1 + sizes[shown] > viewers.MAX_BODY, "no more would have fitted"
