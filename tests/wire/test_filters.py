"""Filters: expressions pass, the deprecated syntax is answered with what it means."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings

from mapsrv.errors import InvalidArgument
from mapsrv.wire.filters import as_expression, check_filter, is_legacy
from tests.wire.kit.values import JSON

LEGACY = [
    (["==", "kind", "a"], ["==", ["get", "kind"], "a"]),
    (["!=", "$id", 3], ["!=", ["id"], 3]),
    ([">=", "size", 3], [">=", ["get", "size"], 3]),
    (["==", 1, 1], ["==", ["get", "1"], 1]),
    (["in", "x", 1, 2], ["in", ["get", "x"], ["literal", [1, 2]]]),
    (["!in", "$type", "Point"], ["!", ["in", ["geometry-type"], ["literal", ["Point"]]]]),
    (["!has", "x"], ["!", ["has", "x"]]),
    (["has", "$id"], ["!=", ["id"], None]),
    (["all", ["==", "a", 1], ["has", "b"]], ["all", ["==", ["get", "a"], 1], ["has", "b"]]),
    (
        ["any", ["in", "a"], [">", ["get", "b"], 2]],
        ["any", ["in", ["get", "a"], ["literal", []]], [">", ["get", "b"], 2]],
    ),
    (["none", ["==", "a", 1], True], ["!", ["any", ["==", ["get", "a"], 1], True]]),
    (["!", ["==", "a", 1]], ["!", ["==", ["get", "a"], 1]]),
    (["case", ["==", "a", 1], True, False], ["case", ["==", ["get", "a"], 1], True, False]),
    (["all", ["has"]], ["all", True]),
]


@pytest.mark.parametrize(("legacy", "expression"), LEGACY, ids=str)
def test_the_deprecated_syntax_is_answered_with_its_expression(legacy: Any, expression: Any) -> None:
    with pytest.raises(InvalidArgument, match="deprecated") as caught:
        check_filter(legacy)
    assert caught.value.message.endswith(json.dumps(expression))
    assert as_expression(legacy) == expression
    assert not is_legacy(expression)


@pytest.mark.parametrize(
    "expression",
    [
        ["==", ["get", "a"], 1],
        ["==", "a", ["get", "b"]],
        ["has", "name"],
        ["has", "name", ["properties"]],
        ["in", ["get", "a"], ["literal", [1, 2]]],
        ["in", "a", ["literal", ["a"]]],
        ["all"],
        ["all", True, ["!", ["has", "a"]]],
        ["!"],
        ["case", ["has", "a"], True, False],
        ["match", ["get", "kind"], ["a", "b"], True, False],
        ["within", {"type": "Polygon", "coordinates": []}],
    ],
    ids=str,
)
def test_an_expression_passes_as_it_is(expression: Any) -> None:
    assert check_filter(expression) == expression


@pytest.mark.parametrize("value", [None, "x", 5, [], [1], [["get", "a"]], {}, True], ids=str)
def test_what_is_no_filter_is_told_an_example(value: Any) -> None:
    with pytest.raises(InvalidArgument, match="must be an expression like"):
        check_filter(value, "layers[0].filter")


@pytest.mark.parametrize(
    "value", [["eq", ["get", "a"], 1], ["all", ["equals", ["get", "a"], 1]], ["all", []]], ids=str
)
def test_an_unknown_operator_is_refused(value: Any) -> None:
    with pytest.raises(InvalidArgument, match="Example"):
        check_filter(value)


def test_a_long_deprecated_filter_is_not_repeated() -> None:
    with pytest.raises(InvalidArgument) as caught:
        check_filter(["in", "id", *range(10_000)])
    assert len(caught.value.message) < 300


@settings(deadline=None)
@given(JSON)
def test_no_value_makes_the_check_fail(value: Any) -> None:
    try:
        assert check_filter(value) == value
    except InvalidArgument:
        pass
