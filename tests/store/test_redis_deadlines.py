"""The bound of a call is silence, and leaves out the time in which the process itself was late."""

from __future__ import annotations

import time

import pytest
import trio

from mapsrv.store.redis.deadlines import Deadlines


async def test_a_call_that_takes_too_long_fails() -> None:
    deadlines = Deadlines()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(deadlines.run)
        with pytest.raises(trio.TooSlowError), trio.fail_after(5):
            with deadlines.fail_after(0.2):
                await trio.sleep_forever()
        nursery.cancel_scope.cancel()


async def test_a_call_that_waits_for_a_busy_process_does_not() -> None:
    deadlines = Deadlines()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(deadlines.run)
        with deadlines.fail_after(0.2):
            for _ in range(4):
                time.sleep(0.3)  # noqa: ASYNC251 (the loop is held, as by thousands that come at once)
                await trio.sleep(0.001)
        nursery.cancel_scope.cancel()


@pytest.mark.parametrize(("speaks", "waits"), [(0.0, 0.2), (0.5, 0.7), (5.0, 1.0)])
async def test_who_waits_gives_up_in_silence_and_in_the_end(
    autojump_clock: object, speaks: float, waits: float
) -> None:
    deadlines = Deadlines()

    async def speak() -> None:
        while trio.current_time() <= speaks:
            deadlines.heard()
            await trio.sleep(0.1)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(deadlines.run)
        nursery.start_soon(speak)
        with pytest.raises(trio.TooSlowError), deadlines.fail_after(0.2, most=1.0):
            await trio.sleep_forever()
        assert trio.current_time() == pytest.approx(waits, abs=0.05)
        nursery.cancel_scope.cancel()
