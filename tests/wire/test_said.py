"""What a tab says of itself is read the same from its page and from another process, and is bounded."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mapsrv.errors import InvalidArgument
from mapsrv.wire import codec, told
from mapsrv.wire.drawn import Problem
from mapsrv.wire.said import MAX_NUMBER, MAX_PASSED_ON, Said, passed_on, public_id, read_said
from tests.wire.kit.values import JSON

TAB = public_id("tab")
LONG = {"position": "p" * 256, "layer_id": "\U0001f5fa" * 256, "message": "\U0001f5fa" * 500}
VIEWPORT = {"center": [8.123456789, 47.4], "zoom": 9, "junk": 1}
LINE = {
    "layer_id": "roads",
    "text": "404 Not Found",
    "fix": "Mend the address.",
    "count": 3,
    "since": "e.1.x",
}
DRAWN = {"applied": "e.2.y", "loading": ["lakes"], "problems": [LINE], "answers": ["f00"]}
WORST = {"layer_id": "\ud83d" * 256, "text": "\U0001f5fa" * 900, "fix": "\U0001f5fa" * 900}

members = st.fixed_dictionaries(
    {},
    optional={
        "n": st.integers(0, MAX_NUMBER),
        "visible": st.booleans(),
        "name": st.text(max_size=80) | st.none(),
        "viewport": st.none() | st.just(VIEWPORT),
        "pointing": st.none() | st.dictionaries(st.text(max_size=9), JSON, max_size=5),
        "cursor": st.none() | st.just([8.123456789, 47.4]),
        "problems": st.lists(
            st.fixed_dictionaries({"message": st.text(min_size=1)}, optional={"layer_id": st.text()})
            | st.just(LONG)
            | st.just({"message": "\ud83d", "layer_id": "\U0001f5fa"}),
            max_size=20,
        ),
        "drawn": st.none()
        | st.just(DRAWN)
        | st.just({"problems": [WORST] * 30, "loading": ["\U0001f5fa" * 256] * 30}),
        "gone": st.booleans(),
        "more": JSON,
    },
)


def read_again(pod: str, said: Said) -> Said:
    body = passed_on(pod, said)
    assert len(body) <= MAX_PASSED_ON
    read = told.read_told(body)
    assert isinstance(read, told.PassedOn) and read.pod == pod
    return read.said


def test_what_a_tab_says_is_read_and_what_it_leaves_out_stays_as_it_was() -> None:
    pointing = {"layer_id": "stops", "lng_lat": [8.5, 47.4]}
    said = read_said(
        TAB,
        {
            "viewer": "tab",
            "n": 7,
            "name": " Ana\nof Ulm",
            "viewport": VIEWPORT,
            "pointing": pointing,
            "cursor": [8.5, 47.4],
            "problems": [{"message": "no tile", "layer_id": "a"}],
        },
    )
    values: dict[str, Any] = {"name": "Ana of Ulm", "viewport": {"center": [8.12346, 47.4], "zoom": 9}}
    values |= {"pointing": pointing, "cursor": [8.5, 47.4]}
    assert said == Said(TAB, 7, values, (Problem("no tile", "a", older=True),))
    assert read_said(TAB, {"visible": False, "gone": True}) == Said(TAB, 0, {"visible": False}, gone=True)
    assert read_said(TAB, {"name": None, "pointing": None}).values == {"name": "", "pointing": None}


@pytest.mark.parametrize("number", ["1", -1, 1.5, True, MAX_NUMBER + 1, [1]])
def test_a_number_that_does_not_count_is_refused(number: Any) -> None:
    with pytest.raises(InvalidArgument, match="n: "):
        read_said(TAB, {"n": number})


def test_what_waits_is_replaced_only_by_what_says_all_of_it_anew() -> None:
    subjects = [
        read_said(tab, words).subject
        for tab in (TAB, public_id("other"))
        for words in (
            {"visible": True, "name": "Ana"},
            {"visible": True, "pointing": None},
            {"visible": True},
            {"visible": True, "problems": [{"message": "no"}]},
            {"gone": True},
        )
    ]
    assert len(set(subjects)) == len(subjects)
    assert read_said(TAB, {"name": "Bell", "visible": False, "n": 9}).subject == subjects[0]


@given(members)
def test_what_is_passed_on_is_read_as_it_was_said(words: dict[str, Any]) -> None:
    try:
        said = read_said(TAB, words)
    except InvalidArgument:  # such as a pointing of over 4 KiB
        return
    again = read_again("pod", said)
    assert again.problems == said.problems[: len(again.problems)]
    assert (again.tab, again.number, again.values, again.gone) == (
        said.tab, said.number, json.loads(codec.dumps(dict(said.values))), said.gone
    )  # fmt: skip


def test_only_long_problems_are_cut_and_only_at_the_end() -> None:
    few = read_said(TAB, {"name": "Ana", "problems": [{"message": f"{n}" * 200} for n in range(1, 10)]})
    assert read_again("pod", few) == few
    wide = {"text": "\U0001f5fa" * 270}
    many = read_said(TAB, {"name": "\U0001f5fa" * 80, "pointing": wide, "problems": [LONG] * 20})
    again = read_again("pod", many)
    assert again.values == many.values and 1 < len(again.problems) < 20
    half = {"layer_id": "\ud83d", "message": "\U0001f5fa" * 400}  # has the whole written as escapes
    escaped = read_said(TAB, {"name": "Ana", "problems": [half] + [LONG] * 19})
    assert read_again("pod", escaped) == Said(TAB, 0, {"name": "Ana"})


def words(**more: Any) -> bytes:
    return codec.dumps({"pod": "p", "tab": TAB, "format": 1, "n": 3, "name": "Ana"} | more)


def test_a_later_release_may_say_more_in_this_format() -> None:
    said = Said(TAB, 3, {"name": "Ana"})
    assert told.read_told(words(mood="fine")) == told.PassedOn("p", said)


@pytest.mark.parametrize(
    "more",
    [
        {"format": 2},
        {"format": None},
        {"tab": 7},
        {"tab": "x" * 17},
        {"tab": "x" * 15},
        {"pod": "p" * 65},
        {"pod": 1},
        {"n": -1},
        {"n": "1"},
        {"name": ["Ana"]},
        {"name": "x" * 81},
        {"visible": 1},
        {"viewport": {"zoom": 99}},
        {"pointing": "there"},
        {"cursor": [0, 91]},
        {"problems": [{}]},
        {"problems": [{"message": "no"}] * 21},
        {"drawn": []},
        {"drawn": {"problems": [{"count": 1}]}},
        {"gone": "yes"},
        {"mood": "x" * MAX_PASSED_ON},
    ],
    ids=lambda more: json.dumps(more)[:40],
)
def test_what_no_process_passes_on_is_refused(more: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        told.read_told(words(**more))


@given(st.dictionaries(st.sampled_from(["pod", "tab", "format", "n", "name", "viewport", "problems"]), JSON))
def test_garbage_raises_nothing_but_that_it_is_garbage(garbage: dict[str, Any]) -> None:
    for value in (garbage, {"pod": "p", "tab": TAB, "format": 1, **garbage}):
        try:
            told.read_told(codec.dumps(value))
        except ValueError:
            pass


def test_what_nests_deep_or_counts_far_is_garbage_too() -> None:
    for value in (b'{"a":' + b"[" * 900 + b"]" * 900 + b"}", b"[" * 8_000 + b"]" * 8_000):
        with pytest.raises(ValueError):
            told.read_told(words()[:-1] + b',"pointing":' + value + b"}")
    with pytest.raises(ValueError):
        told.read_told(words()[:-1] + b',"viewport":{"zoom":1' + b"0" * 400 + b"}}")
