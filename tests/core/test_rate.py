"""The laws of GCRA: never more than burst and rate, never refused below the rate, nobody by another."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mapsrv.core.rate import MAX_CALLERS, SLACK, RateLimit

rates = st.floats(0.001, 1_000) | st.integers(1, 1_000)
bursts = st.integers(1, 50)
starts = st.floats(0, 1e6)  # a clock may begin anywhere
steps = st.lists(st.floats(0, 3), min_size=1, max_size=120)  # in times of a grant


def times(start: float, steps: list[float], each: float) -> list[float]:
    found = [start]
    for step in steps:
        found.append(found[-1] + step * each)
    return found


@given(rates, bursts, starts, steps)
def test_in_no_window_are_there_more_grants_than_the_burst_and_the_rate(
    rate: float, burst: int, start: float, steps: list[float]
) -> None:
    limit = RateLimit(rate, burst)
    granted = [now for now in times(start, steps, 1 / rate) if limit.take("a", now) == 0]
    for first in range(len(granted)):
        for last in range(first, len(granted)):
            window = granted[last] - granted[first]
            assert last - first + 1 <= burst + rate * (window + 2 * SLACK)


@given(rates, bursts, starts, st.lists(st.floats(1.0, 5.0), max_size=120))
def test_who_stays_below_the_rate_is_never_refused(
    rate: float, burst: int, start: float, steps: list[float]
) -> None:
    limit = RateLimit(rate, burst)
    assert all(limit.take("a", now) == 0 for now in times(start, steps, 1 / rate))


@given(rates, bursts, starts)
def test_a_whole_burst_is_granted_at_once_and_one_more_is_not(rate: float, burst: int, start: float) -> None:
    limit = RateLimit(rate, burst)
    for left in range(burst, 0, -1):
        assert limit.remaining("a", start) == left
        assert limit.take("a", start) == 0
    if 1 / rate > 100 * SLACK:
        assert limit.remaining("a", start) == 0
        assert limit.take("a", start) == pytest.approx(1 / rate, rel=1e-3)


@given(rates, bursts, starts, steps)
def test_who_waits_as_long_as_it_was_told_is_granted(
    rate: float, burst: int, start: float, steps: list[float]
) -> None:
    limit, now = RateLimit(rate, burst), start
    for step in steps:
        now += step / rate / 10
        if wait := limit.take("a", now):
            assert wait <= 1 / rate + SLACK and limit.take("a", now) == wait, "a refusal costs nothing"
            now += wait
            assert limit.take("a", now) == 0


@given(rates, bursts, starts, st.lists(st.tuples(st.sampled_from("abc"), st.floats(0, 1)), max_size=100))
def test_nobody_is_granted_more_or_less_for_what_another_does(
    rate: float, burst: int, start: float, asked: list[tuple[str, float]]
) -> None:
    together, alone = RateLimit(rate, burst), {key: RateLimit(rate, burst) for key in "abc"}
    now = start
    for key, step in asked:
        now += step / rate
        assert together.take(key, now) == alone[key].take(key, now)
        assert together.remaining(key, now) == alone[key].remaining(key, now)


def test_who_rests_has_the_whole_burst_again() -> None:
    limit = RateLimit(2, 4)
    assert [limit.take("a", 0) for _ in range(4)] == [0] * 4 and limit.take("a", 0) == 0.5
    assert [limit.remaining("a", now) for now in (0, 1, 2, 50)] == [0, 2, 4, 4]


def test_the_newest_callers_are_kept_and_the_one_that_asked_longest_ago_is_forgotten() -> None:
    limit = RateLimit(1, 1)
    for number in range(MAX_CALLERS):
        assert limit.take(str(number), 0) == 0
    assert limit.take("0", 0.5) > 0, "of as many as are kept none is forgotten"
    assert limit.take("0", 1) == 0 and limit.take("new", 1) == 0
    assert len(limit) == MAX_CALLERS
    assert limit.take("0", 1) > 0 and limit.take("2", 0.9) > 0
    assert limit.take("1", 0.9) == 0, "it was the one that had asked for nothing the longest"


def test_a_caller_unknown_has_all() -> None:
    limit = RateLimit(0.5, 3)
    assert (limit.remaining("a", 7), len(limit), limit.take("a", 7), len(limit)) == (3, 0, 0, 1)
