"""The bound of a call leaves out the time in which the process itself was late."""

from __future__ import annotations

import time

import pytest
import trio

from mapsrv.store.redis.patience import Patience


async def test_a_call_that_takes_too_long_fails() -> None:
    patience = Patience()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(patience.run)
        with pytest.raises(trio.TooSlowError), trio.fail_after(5):
            with patience.fail_after(0.2):
                await trio.sleep_forever()
        nursery.cancel_scope.cancel()


async def test_a_call_that_waits_for_a_busy_process_does_not() -> None:
    patience = Patience()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(patience.run)
        with patience.fail_after(0.9):
            for _ in range(10):
                time.sleep(0.2)  # noqa: ASYNC251 (the loop is held, as by thousands that come at once)
                await trio.sleep(0.001)
        nursery.cancel_scope.cancel()
