"""JSON from outside: strict, bounded, and never an error of another kind."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mapsrv.errors import InvalidArgument, MalformedJson
from mapsrv.wire.json_text import MAX_DEPTH, check_value, loads, printed, shown
from tests.wire.kit.values import JSON


@settings(deadline=None)
@given(JSON)
def test_what_was_encoded_comes_back(value: Any) -> None:
    assert loads(json.dumps(value, ensure_ascii=False).encode()) == value


@settings(deadline=None)
@given(
    st.binary(max_size=200) | st.text(alphabet='{}[]",:0123456789.eE-+ntf\\ud8', max_size=60).map(str.encode)
)
def test_garbage_raises_only_malformed_json(body: bytes) -> None:
    try:
        check_value(loads(body))
    except MalformedJson as error:
        assert error.message.endswith(".")


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"\xff", "UTF-8"),
        (b"", "not JSON"),
        (b"\xef\xbb\xbf{}", "not JSON"),
        (b"{'a': 1}", "not JSON"),
        (b"[NaN]", "NaN is not JSON"),
        (b"-Infinity", "Infinity is not JSON"),
        (b"[1e999]", "finite"),
        (b"[" + b"9" * 309 + b"]", "double"),
        (b"[" + b"1" * 100_000 + b"]", "digits"),
        (b'{"a": "\\ud800"}', "surrogate"),
        (b'{"\\udfff": 1}', "surrogate"),
        (b"[" * 100_000, "deep"),
        (b"[" * 100_000 + b"]" * 100_000, "deep"),
        (b'{"a":' * 65 + b"1" + b"}" * 65, "deep"),
    ],
    ids=lambda item: repr(item)[:20],
)
def test_what_is_not_json_says_why(body: bytes, says: str) -> None:
    with pytest.raises(MalformedJson, match=says):
        loads(body)


def test_nesting_is_allowed_up_to_the_bound() -> None:
    assert loads(b"[" * MAX_DEPTH + b"]" * MAX_DEPTH)
    with pytest.raises(MalformedJson, match="64"):
        loads(b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1))
    assert loads(b"[[[]]]", max_depth=3) == [[[]]]


def test_a_fault_at_the_deepest_level_is_found() -> None:
    with pytest.raises(MalformedJson, match="finite"):
        loads(b"[" * MAX_DEPTH + b"1e999" + b"]" * MAX_DEPTH)


def test_a_large_number_that_a_double_holds_is_taken() -> None:
    assert loads(b"1" + b"0" * 308) == 10**308


@pytest.mark.parametrize(
    "value", [math.nan, [math.inf], {"a": 10**400}, {1: 2}, (1,), b"x", "\ud800", {"a": {2}}]
)
def test_a_value_parsed_by_somebody_else_is_checked_too(value: Any) -> None:
    with pytest.raises(InvalidArgument):
        check_value(value)


def test_a_shown_value_is_cut() -> None:
    assert shown("x" * 1_000_000) == '"' + "x" * 79 + "…"
    assert shown(["é", 1, None]) == '["é", 1, null]'
    assert shown([[0] * 10_000]) == "[[" + ("0, " * 40)[:78] + "…"


def test_a_printed_value_is_whole() -> None:
    assert printed({"a": ["é", 1, None]}) == '{"a": ["é", 1, null]}'
    assert printed("x" * 1_000) == '"' + "x" * 1_000 + '"'
