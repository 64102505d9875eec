"""The structure of filters and values: what is no list of an operator is refused, and what is too large."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings

from mapsrv.errors import InvalidArgument, LimitReached, MapsrvError
from mapsrv.wire.filters import MAX_CHARACTERS, MAX_PARTS, check_filter, check_size
from tests.wire.kit.values import JSON


@pytest.mark.parametrize(
    "expression",
    [["==", ["get", "a"], 1], ["all"], ["within", {"type": "Polygon", "coordinates": []}]],
    ids=str,
)
def test_an_expression_passes_as_it_is(expression: Any) -> None:
    assert check_filter(expression) == expression


@pytest.mark.parametrize("value", [None, "x", 5, [], [1], [["get", "a"]], {}, True], ids=str)
def test_what_is_no_filter_is_told_an_example(value: Any) -> None:
    with pytest.raises(InvalidArgument, match="must be an expression like"):
        check_filter(value, "layers[0].filter")


@pytest.mark.parametrize(
    "value",
    [
        ["all", *[True] * MAX_PARTS],
        ["all", *[["has", "a"]] * (MAX_PARTS // 2)],
        ["has", "a" * MAX_CHARACTERS],
        ["within", {"a" * MAX_CHARACTERS: 1}],
    ],
    ids=("long", "deep", "text", "key"),
)
def test_a_value_has_a_largest_size(value: Any) -> None:
    with pytest.raises(LimitReached, match="at most"):
        check_filter(value)
    check_size(["all", *[["has", "a"]] * 100], "filter")


@settings(deadline=None)
@given(JSON)
def test_no_value_makes_the_check_fail(value: Any) -> None:
    try:
        assert check_filter(value) == value
    except MapsrvError:
        pass
