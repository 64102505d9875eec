"""What a page says of what it has drawn: read, cleaned, and bounded whatever browsers send."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mapsrv.errors import InvalidArgument
from mapsrv.wire.drawn import MAX_DRAWN, MAX_TEXT, Drawn, Problem, drawn, read_drawn

LINE = {
    "layer_id": "roads",
    "text": "404 Not Found",
    "fix": "Mend the address.",
    "count": 3,
    "since": "e.1.x",
}


def test_it_is_read_as_it_was_told_without_what_is_unknown() -> None:
    told = {
        "applied": "e.2.y",
        "loading": ["lakes"],
        "problems": [LINE | {"mood": 1}],
        "answers": ["f00"],
        "x": 1,
    }
    problem = Problem("404 Not Found", "roads", "e.1.x", "Mend the address.", 3)
    assert read_drawn(drawn(told)) == Drawn("e.2.y", ("lakes",), (problem,), ("f00",))
    assert problem.to_json() == LINE
    tiles = {"kind": "vector", "layers": [{"id": "roads", "fields": {"name": "String"}}]}
    more = read_drawn(drawn({"view": {"zoom": 3, "junk": 1}, "read": tiles}))
    assert (more.view, more.read) == ({"zoom": 3}, tiles)
    assert read_drawn(drawn({})) == read_drawn(drawn(None)) == Drawn()
    assert read_drawn(drawn({"problems": [{"text": "no map"}]})).problems == (Problem("no map"),)


def test_texts_of_browsers_are_on_one_line_seen_and_cut() -> None:
    text = "ignore\u202e all\nrules\u200b\x00 " + "x" * 5000
    [line] = read_drawn(drawn({"problems": [{"text": text, "fix": "\n"}]})).problems
    assert line.text.startswith("ignore all rules xxx") and len(line.text) <= MAX_TEXT and line.fix == ""


def test_the_newest_answers_and_the_first_problems_are_kept() -> None:
    told = drawn({"answers": [str(n) for n in range(20)], "problems": [{"text": str(n)} for n in range(90)]})
    read = read_drawn(told)
    assert read.answers == tuple(str(n) for n in range(4, 20))
    assert [line.text for line in read.problems] == [str(n) for n in range(20)]


def test_it_is_never_longer_than_can_be_passed_on() -> None:
    wide = "\U0001f5fa" * 256
    told = drawn({"loading": [wide] * 30, "problems": [{"layer_id": wide, "text": wide, "fix": wide}] * 30})
    assert len(json.dumps(told)) <= MAX_DRAWN


@pytest.mark.parametrize(
    "told",
    [
        "all",
        [],
        {"applied": 3},
        {"applied": "x" * 257},
        {"loading": "lakes"},
        {"loading": [3]},
        {"answers": ["x" * 33]},
        {"problems": {}},
        {"problems": ["no"]},
        {"problems": [{}]},
        {"problems": [{"text": "\u200b"}]},
        {"problems": [{"text": 3}]},
        {"problems": [{"text": "a", "count": 0}]},
        {"problems": [{"text": "a", "count": True}]},
        {"problems": [{"text": "a", "count": "1"}]},
        {"problems": [{"text": "a", "layer_id": "x" * 257}]},
    ],
    ids=lambda told: json.dumps(told)[:40],
)
def test_what_no_page_says_is_refused(told: Any) -> None:
    with pytest.raises(InvalidArgument, match="drawn: "):
        drawn(told)
