"""How late this process comes to what is due: a timer that only looks at the clock."""

from __future__ import annotations

import trio

from mapsrv.metrics.maps import LOOP_LAG

TICK_SECONDS = 0.1


async def watch_the_loop() -> None:
    """Tell for ever how late a timer comes: for so long no task, no stream and no answer had its turn."""
    while True:
        due = trio.current_time() + TICK_SECONDS
        await trio.sleep_until(due)
        LOOP_LAG.observe(trio.current_time() - due)
