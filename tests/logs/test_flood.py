"""One event a hundred times in a second, however often it happens; and a count of the rest."""

from __future__ import annotations

import logging

import pytest

from mapsrv.logs.flood import LINES, MAX_EVENTS, OTHERS, SECONDS, Event, Flood
from tests.kit.clock import Clock

ONE: Event = ("mapsrv.http", logging.INFO, "request")
ANOTHER: Event = ("mapsrv.http", logging.WARNING, "request")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def flood(clock: Clock) -> Flood:
    flood = Flood(clock)
    assert flood.left_out() == []
    return flood


def test_the_first_hundred_of_a_second_are_written_and_the_rest_is_counted(
    flood: Flood, clock: Clock
) -> None:
    assert [flood.take(ONE) for _ in range(LINES + 50)] == [True] * LINES + [False] * 50
    assert flood.left_out() == [], "its second is not over"
    clock.now += SECONDS
    assert flood.left_out() == [(ONE, 50)] and flood.left_out() == []
    assert flood.take(ONE)


def test_what_is_asked_for_first_is_counted_as_what_is_tried(flood: Flood, clock: Clock) -> None:
    assert not flood.full(ONE) and all(flood.take(ONE) for _ in range(LINES))
    assert [flood.full(ONE) for _ in range(30)] == [True] * 30
    assert not flood.take(ONE)
    clock.now += SECONDS
    assert not flood.full(ONE), "a new second: the line that is made now tells of the last one"
    assert flood.left_out() == [(ONE, 31)]


def test_other_events_and_levels_have_a_count_of_their_own(flood: Flood) -> None:
    for _ in range(2 * LINES):
        flood.take(ONE)
    assert flood.full(ONE) and not flood.full(ANOTHER) and flood.take(ANOTHER)


def test_events_without_end_are_counted_together(flood: Flood, clock: Clock) -> None:
    for number in range(MAX_EVENTS):
        assert flood.take(("library", logging.INFO, f"said {number}"))
    taken = [flood.take(("library", logging.INFO, f"also said {number}")) for number in range(LINES + 7)]
    assert taken == [True] * LINES + [False] * 7
    assert flood.take(("library", logging.INFO, "said 5")), "those that are known stay so"
    clock.now += SECONDS
    assert flood.left_out() == [(OTHERS, 7)]


def test_at_the_end_nobody_waits_for_the_second(flood: Flood) -> None:
    for _ in range(LINES + 1):
        flood.take(ONE)
    assert flood.left_out(early=True) == [(ONE, 1)]
