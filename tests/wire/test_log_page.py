"""Pages of a log: joined they are the log, and none is larger than it may be."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mapsrv.core import ops as o
from mapsrv.core.log import Event, EventLog, Head, Origin, Position, Record
from mapsrv.core.prepared import Answer
from mapsrv.core.state import MapLayer
from mapsrv.wire import codec
from mapsrv.wire.log_page import MAX_BYTES, MAX_EVENTS, log_page

CLAUDE = Origin("model", "Claude", "Claude", "a1")
POINT = {"type": "Point", "coordinates": [7.6, 45.9]}


def grown(bodies: list[tuple[o.Op, ...]], **bounds: int) -> EventLog:
    log = EventLog(Head.of_epoch("e"), **bounds)
    for ops in bodies:
        body = codec.encode_event("2026-11-23T12:00:00Z", CLAUDE, ops)
        head = log.head.next("k", body)
        log.append(Event(head, "k", body, ops, Record("", Answer(), head.position)))
    return log


def read(log: EventLog, before: str | None = None, *, whole: bool = True) -> dict[str, Any]:
    body = log_page(log, None if before is None else Position.parse(before), whole=whole)
    assert len(body) <= MAX_BYTES
    page: dict[str, Any] = json.loads(body)
    assert len(page["events"]) <= MAX_EVENTS
    return page


def every(log: EventLog) -> tuple[list[dict[str, Any]], str]:
    page = read(log)
    events = page["events"]
    while page["older"] == "more":
        page = read(log, events[-1]["position"])
        events += page["events"]
    return events, page["older"]


@given(st.lists(st.integers(0, 60_000), max_size=40), st.integers(0, 300))
def test_pages_joined_are_the_log_newest_first(sizes: list[int], small: int) -> None:
    log = grown([(o.TitleSet("x" * size),) for size in sizes] + [(o.BasemapSet("none"),)] * small)
    events, older = every(log)
    assert [one["position"] for one in events] == [str(one.head.position) for one in log.newest()]
    assert [one["ops"] for one in events] == [json.loads(one.body)["ops"] for one in log.newest()]
    assert older == "none" and all(one["agent"] == "a1" for one in events)


def test_what_fell_out_of_the_ring_is_said_to_be_forgotten() -> None:
    titles = [(o.TitleSet(f"{number}"),) for number in range(30)]
    first = read(grown(titles))["events"][-1]["position"]
    log = grown(titles, max_events=10)
    events, older = every(log)
    assert (len(events), older) == (10, "forgotten")
    assert read(log, first) == {"older": "forgotten", "events": []}
    assert read(log, str(log.base.position)) == {"older": "forgotten", "events": []}


@pytest.mark.parametrize("wrong", ["other.3.00000000", "e.3.ffffffff", "e.99.00000000"])
def test_before_a_place_of_another_history_nothing_is_known(wrong: str) -> None:
    log = grown([(o.TitleSet(f"{number}"),) for number in range(9)])
    assert read(log, wrong) == {"older": "forgotten", "events": []}


def test_an_empty_log_begins_with_its_map_unless_that_is_older() -> None:
    assert read(grown([])) == {"older": "none", "events": []}
    assert read(grown([]), whole=False) == {"older": "forgotten", "events": []}


def test_an_event_larger_than_a_page_comes_without_what_is_large_in_it() -> None:
    layers = [
        {"id": f"l{number}", "type": "fill", "paint": {"fill-color": "x" * 100}} for number in range(3000)
    ]
    source = {"type": "geojson", "data": POINT}
    layer = MapLayer.from_json(
        {
            "id": "a",
            "title": "Areas",
            "type": "vector",
            "visible": True,
            "rank": "a",
            "source": source,
            "style_layers": layers,
        }
    )
    log = grown(
        [(o.TitleSet("before"),), (o.LayerPut(layer),), (o.LayerRemoved("a"),) * 9000, (o.TitleSet("y"),)]
    )
    events, older = every(log)
    assert older == "none" and [one.get("cut") for one in events] == [None, True, True, None]
    assert len(events[1]["ops"]) == 20
    (put,) = events[2]["ops"]
    assert put["op"] == "put_layer" and put["layer"]["title"] == "Areas"
    assert "style_layers" not in put["layer"] and put["layer"]["source"] == source
