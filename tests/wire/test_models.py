"""What a frame tells of models, whatever they are called and whatever another process says."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from mapsrv.wire import codec, models
from mapsrv.wire.models import MAX_BODY, MAX_CALLS, MAX_MODELS, MAX_REASON, Seen, call, told
from tests.wire.kit.values import JSON

PARTS = {"since": 5.0, "last": 1.0}
CALL: dict[str, Any] = {"id": "1", "model": "m", "name": "Claude", "tool": "add_layer", "state": "done"}


def called(number: int, **about: str) -> dict[str, Any]:
    return call(f"p-{number}", "m", "Claude", "add_layer", "refused", False, about)


def test_the_second_of_a_name_is_called_so_in_the_list_and_in_its_calls() -> None:
    seen = [
        Seen("b", "Claude", False, 10, 1),
        Seen("a", "Claude", True, 90, 1),
        Seen("c", "Ben", False, 5, 1),
    ]
    frame = told(seen, [{**CALL, "model": "b"}, {**CALL, "model": "gone"}])
    assert [(one["id"], one["name"], one["drawing"]) for one in frame["models"]] == [
        ("a", "Claude", True),
        ("b", "Claude 2", False),
        ("c", "Ben", False),
    ]
    assert [one["name"] for one in frame["calls"]] == ["Claude", "Claude 2"]


def test_a_reason_ends_where_a_sentence_does_and_stays_on_its_line() -> None:
    one = called(1, reason="layer_id: no layer is called “a”. " + "There are others. " * 40)
    assert one["reason"].endswith("others.") and len(one["reason"]) <= MAX_REASON
    assert called(1, reason="x" * 900)["reason"] == "x" * (MAX_REASON - 1) + "…"
    assert called(1, reason="first\nsecond")["reason"] == "first"
    assert called(1, title="a\u202eb\u200b\n c")["title"] == "ab c"
    assert called(1, title="") == called(1) and "layer_id" not in called(1)


def test_of_many_calls_the_newest_are_told_the_oldest_of_them_first() -> None:
    frame = told([], [called(number) for number in range(40, 0, -1)])
    assert [one["id"] for one in frame["calls"]] == [
        f"p-{40 - MAX_CALLS + n}" for n in range(1, MAX_CALLS + 1)
    ]


@given(st.lists(st.text(max_size=80), max_size=60), st.lists(st.text(max_size=400), max_size=40))
def test_a_frames_part_is_bounded_whatever_the_names_and_reasons_are(
    names: list[str], texts: list[str]
) -> None:
    seen = [Seen(f"{n:08x}", models.clean_text(name, 80), False, n, 1) for n, name in enumerate(names)]
    frame = told(seen, [called(n, reason=text, title=text, layer_id=text) for n, text in enumerate(texts)])
    assert len(frame["models"]) <= MAX_MODELS and len(frame["calls"]) <= MAX_CALLS
    assert len(codec.dumps(frame)) <= MAX_BODY + len('{"models":[],"calls":[]}')


def test_what_a_process_tells_is_read_as_it_was_told() -> None:
    seen = Seen("a", "Claude", True, 90, 1)
    assert models.read_models([seen.to_json()]) == [seen]
    one = called(1, reason="No.", layer_id="a")
    assert models.read_calls([one]) == [one]


@given(JSON)
def test_what_no_process_tells_is_left_out(value: Any) -> None:
    for kept in (models.read_models(value), models.read_models([value]), models.read_calls([value])):
        assert kept == []


def test_of_what_a_process_tells_wrongly_nothing_is_kept() -> None:
    right = Seen("a", "Claude", True, 90, 1).to_json()
    wrong = [{"id": "x" * 99}, {"since": -1}, {"last": 1e12}, {"since": "1"}, {"name": None}]
    assert models.read_models([{**right, **one} for one in wrong]) == []
    wrong = [{"state": "gone"}, {"tool": "x" * 99}, {"model": 1}, {"id": "x" * 99}]
    assert models.read_calls([{**CALL, **one} for one in wrong]) == []
    assert models.read_calls([{**CALL, "reason": 7, "reads": 1, "later": {}}]) == [{**CALL, "reads": False}]
    assert json.loads(codec.dumps(right)) == right
