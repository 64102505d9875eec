"""When news of presence goes out: at ticks, whole, and only what changed since the last one.

That a model called a while ago is news too, and nobody says it: sessions with models are looked at now and
then.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from weakref import WeakSet

import trio

from mapsrv.hub.live_session import LiveSession

TICK = 0.5  # seconds: presence goes out at most twice a second
RATE = 2_000  # frames a second on average: news of who is here must not hold up news of the map
SWEEP = 15.0  # seconds: so much longer than its time a model or a call may be told of


class PresenceTicker:
    """The sessions whose presence changed since the last tick."""

    def __init__(self, tell: Callable[[LiveSession], Awaitable[None]]) -> None:
        self._tell = tell
        self._changed: dict[LiveSession, None] = {}
        self._with_models: WeakSet[LiveSession] = WeakSet()  # one that is dropped is not held for them
        self._due = trio.Event()

    def note(self, live: LiveSession) -> None:
        """Have the session's presence published at the next tick."""
        self._changed[live] = None
        self._due.set()

    async def run(self) -> None:
        """Publish for ever."""
        sweep_at = trio.current_time() + SWEEP
        while True:
            with trio.move_on_at(sweep_at):
                await self._due.wait()
            if trio.current_time() >= sweep_at:
                sweep_at = trio.current_time() + SWEEP
                self._sweep()
            self._due = trio.Event()
            changed, self._changed, told = self._changed, {}, 0
            for live in changed:
                if live.presence.models:
                    self._with_models.add(live)
                if live.presence.publish():
                    live.wake()
                    told += live.streams
                    await self._tell(live)
            await trio.sleep(max(TICK, told / RATE))

    def _sweep(self) -> None:
        for live in list(self._with_models):
            if live.presence.models.expire():
                self._changed[live] = None
            if not live.presence.models:
                self._with_models.discard(live)
