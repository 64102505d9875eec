"""Who rests too long is ended, by one sweep a second for all, in exact virtual time."""

from __future__ import annotations

import math

import trio
from hypothesis import given
from hypothesis import strategies as st
from trio.testing import MockClock

from mapsrv.http_server.resting import SWEEP_SECONDS, Resting

LONG = 5.0


class One:
    """Something that rests, and when it was ended."""

    def __init__(self) -> None:
        self.ended_at: float | None = None

    def shut_down(self) -> None:
        assert self.ended_at is None
        self.ended_at = trio.current_time()


@given(st.lists(st.tuples(st.floats(0, 30), st.floats(0.1, 12)), max_size=12))
def test_each_is_ended_within_a_sweep_of_its_time_and_none_that_left_before(
    rests: list[tuple[float, float]],
) -> None:
    """Each pair: when one begins to rest, and for how long it would."""

    async def rest(resting: Resting, one: One, begins: float, lasts: float) -> None:
        await trio.sleep(begins)
        resting.add(one)
        await trio.sleep(lasts)
        resting.discard(one)

    async def main() -> list[One]:
        resting, ones = Resting(LONG), [One() for _ in rests]
        async with trio.open_nursery() as nursery:
            nursery.start_soon(resting.sweep)
            async with trio.open_nursery() as inner:
                for one, (begins, lasts) in zip(ones, rests, strict=True):
                    inner.start_soon(rest, resting, one, begins, lasts)
            assert not len(resting)
            nursery.cancel_scope.cancel()
        return ones

    for one, (begins, lasts) in zip(
        trio.run(main, clock=MockClock(autojump_threshold=0)), rests, strict=True
    ):
        if one.ended_at is None:
            assert lasts <= LONG + SWEEP_SECONDS + 1e-6
        else:
            assert LONG - 1e-6 <= one.ended_at - begins <= LONG + SWEEP_SECONDS + 1e-6


async def test_while_nobody_rests_nothing_wakes_up(autojump_clock: MockClock) -> None:
    resting = Resting(LONG)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(resting.sweep)
        await trio.testing.wait_all_tasks_blocked()
        assert trio.lowlevel.current_statistics().seconds_to_next_deadline == math.inf
        resting.add(one := One())
        await trio.sleep(2 * LONG)
        assert one.ended_at is not None and not len(resting)
        await trio.testing.wait_all_tasks_blocked()
        assert trio.lowlevel.current_statistics().seconds_to_next_deadline == math.inf
        nursery.cancel_scope.cancel()


async def test_all_that_rest_can_be_ended_at_once() -> None:
    await trio.lowlevel.checkpoint()
    resting, ones = Resting(math.inf), [One(), One()]
    for one in ones:
        resting.add(one)
    resting.discard(ones[1])
    resting.end_all()
    assert ones[0].ended_at is not None and ones[1].ended_at is None


async def test_those_that_rest_longest_can_be_ended_first() -> None:
    await trio.lowlevel.checkpoint()
    resting, ones = Resting(math.inf), [One() for _ in range(4)]
    for one in ones:
        resting.add(one)
    resting.discard(ones[0])
    resting.add(ones[0])  # anew, and so last
    resting.end_oldest(2)
    assert [one.ended_at is not None for one in ones] == [False, True, True, False] and len(resting) == 2
    resting.end_oldest(9)
    assert not len(resting)
