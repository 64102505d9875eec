"""What one page is asked: read from another process as it was written, and nothing else."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mapsrv.wire import codec, told
from mapsrv.wire.asked import MAX_READ, Ask, read_ask
from mapsrv.wire.said import public_id

TAB = public_id("tab")
READ = Ask("token", "e.1.x", read={"type": "vector", "url": "https://a.example/t.json"})
ASK = Ask("token", "e.1.x", ("roads",), 1700)


def test_an_ask_is_read_as_it_was_written_and_is_one_frame() -> None:
    for ask in (ASK, Ask("token", "e.1.x", picture="Ana"), READ):
        assert told.read_told(told.asked("pod", TAB, ask)) == told.Asked("pod", TAB, ask)
    data = ASK.frame().decode().removeprefix("event: ask\ndata: ")
    assert json.loads(data) == {"ask": "token", "position": "e.1.x", "wait": ["roads"], "ms": 1700}


def test_a_process_tells_which_of_its_tabs_may_be_asked() -> None:
    read = told.read_told(told.told("pod", 1, [b'{"id":"a"}'], [], TAB))
    assert isinstance(read, told.Told) and read.asks == TAB
    for wrong in ("x", 7):
        body = codec.dumps({"pod": "p", "count": 1, "viewers": [], "asks": wrong})
        again = told.read_told(body)
        assert isinstance(again, told.Told) and again.asks is None


@pytest.mark.parametrize(
    "more",
    [
        {"ask": 3},
        {"ask": ""},
        {"ask": "x" * 33},
        {"position": None},
        {"position": "x" * 300},
        {"wait": "roads"},
        {"wait": [3]},
        {"wait": ["x"] * 21},
        {"ms": -1},
        {"ms": 1.5},
        {"ms": 60_001},
    ],
    ids=lambda more: json.dumps(more)[:40],
)
def test_what_no_process_asks_is_refused(more: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        read_ask(ASK.to_json() | more)


def test_a_source_that_is_none_or_too_long_is_not_read() -> None:
    for wrong in ("roads", {"url": "x" * MAX_READ}):
        assert read_ask(ASK.to_json() | {"read": wrong}).read is None


def test_a_tab_that_is_none_is_not_asked() -> None:
    with pytest.raises(ValueError):
        told.read_told(told.asked("pod", "short", ASK))
