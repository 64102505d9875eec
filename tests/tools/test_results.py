"""Results stay under 16 KiB whatever the map holds, and say what they leave out."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from mapsrv.errors import InvalidArgument
from mapsrv.tools.results import MAX_ERROR, Result, error_result, fitted, query_result, receipt_result
from tests.tools.conftest import POINT, Desk

LIMIT = 16 * 1024
LONG_URL = "http://127.0.0.1:8081/?session=" + "x" * 300
RECEIPT: dict[str, Any] = {
    "session_id": "s",
    "title": "t",
    "url": LONG_URL,
    "position": "e.1.00000000",
    "changed": [],
    "viewers": 1,
    "warnings": [],
    "durability": "disk",
}

json_values = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=400),
    lambda inner: st.lists(inner, max_size=80) | st.dictionaries(st.text(max_size=300), inner, max_size=80),
    max_leaves=120,
)


def size(result: Result) -> int:
    content = [{"type": "text", "text": text} for text in (result.text, result.note)]
    return len(json.dumps({"content": content, "structuredContent": result.structured}))


@settings(max_examples=40, deadline=None)
@given(st.dictionaries(st.text(max_size=20), json_values, max_size=8))
def test_any_result_is_under_16_kib(value: dict[str, Any]) -> None:
    assert size(query_result(value, "note")) < LIMIT


def test_the_widest_and_deepest_results_are_under_16_kib() -> None:
    deep: Any = "end"
    for _ in range(200):
        deep = [deep, deep[:1] if isinstance(deep, str) else deep[0]]
    layer = {"id": "ü" * 300, "style_layers": ["ö" * 300] * 500}
    many = {"session_id": "s", "layers": [layer] * 500, "deep": deep}
    result = query_result(many)
    assert size(result) < LIMIT and json.loads(result.text) == result.structured
    wide = {str(number): {str(key): "x" * 300 for key in range(500)} for number in range(30)}
    assert size(query_result(wide)) < LIMIT


def test_what_is_short_is_not_cut() -> None:
    value = {"a": ["x" * 200] * 20, "b": {"c": None}, "n": 1.5}
    assert query_result(value).structured == value


def test_a_cut_says_so() -> None:
    table = {str(number): number for number in range(60)}
    value = {"list": list(range(60)), "nested": [[0] * 60], "text": "y" * 300, "map": table}
    cut = query_result(value).structured
    assert cut["list"] == list(range(50)) and cut["list_left_out"] == 10
    assert cut["nested"][0][-1] == "… 10 more"
    assert len(cut["text"]) == 200 and "cut, 300 characters" in cut["text"]
    assert cut["map"]["…"] == "10 more"


def test_links_are_never_cut() -> None:
    result = receipt_result({**RECEIPT, "changed": ["z" * 50] * 80}, "add_layer: done.")
    assert result.structured["url"] == LONG_URL and LONG_URL in result.text
    assert result.structured["changed_left_out"] == 30 and "and 75 more." in result.text


def test_an_error_is_told_whole_up_to_a_bound() -> None:
    long = error_result(InvalidArgument("a" * 1000))
    assert long.text == "a" * 1000 == long.structured["error"]["message"] and long.is_error
    assert size(error_result(InvalidArgument("é" * 9_000))) < LIMIT * 4
    assert len(error_result(InvalidArgument("b" * 9_000)).text) == MAX_ERROR


def test_the_text_is_made_of_what_was_kept() -> None:
    result = fitted({"a": "x" * 300}, lambda cut: cut["a"])
    assert result.text == result.structured["a"]


async def test_a_map_of_many_layers_is_listed_within_the_bound(desk: Desk) -> None:
    session_id = await desk.new_map(title="T" * 150)
    for number in range(120):
        title = f"{number} " + "ß" * 90
        await desk.call("add_layer", id=f"layer-{number}", source=POINT, title=title, session_id=session_id)
    for tool in ("get_map_state", "list_layers"):
        result = await desk.call(tool, session_id=session_id)
        kept = len(result.structured["layers"])
        assert size(result) < LIMIT and kept + result.structured["layers_left_out"] == 120 and kept >= 10
