"""Whether the shared store answers, and whether it is still the one that it was.

While it is away it is asked again and again; nobody else need find out by waiting. A store that
comes back with another identity has lost what it had.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

import trio

from mapsrv.errors import StoreAway, StoreUnavailable
from mapsrv.metrics.maps import STORE_AWAY, STORE_ERRORS
from mapsrv.store.shared import SharedStore

PROBE_SECONDS = 0.5  # between two questions to a store that is away

log = logging.getLogger("mapsrv.link")


class StoreHealth:
    """`ended` is called, once each time, when the store answers again; `begun`, when it does not."""

    def __init__(
        self, store: SharedStore, ended: Callable[[], None], begun: Callable[[], None] = lambda: None
    ) -> None:
        self.away = False
        self._store = store
        self._ended, self._begun = ended, begun
        self._began = trio.Event()
        self.since = 0.0
        self._identity: str | None = None

    def begin(self, error: StoreAway) -> None:
        """Note that the store did not answer."""
        STORE_ERRORS.inc()
        if self.away:
            return
        self.away = True
        self.since = trio.current_time()
        STORE_AWAY.set(1)
        log.warning("store=away", extra={"reason": error.message})
        self._began.set()
        self._begun()

    async def run(self) -> None:
        """Ask a store that is away until it answers, for ever."""
        while True:
            await self._began.wait()
            self._began = trio.Event()
            while self.away:
                await trio.sleep(PROBE_SECONDS)
                await self._probe()

    async def _probe(self) -> None:
        try:
            await self.identify()
        except StoreUnavailable:
            return
        self.away = False
        STORE_AWAY.set(0)
        log.warning("store=back", extra={"seconds": round(trio.current_time() - self.since, 1)})
        self._ended()

    async def identify(self) -> bool:
        """Ask who the store is, and return whether it has lost what it had: then it is another than before.

        Raises StoreUnavailable.
        """
        known = self._identity  # as it was when asked: whoever else finds the loss meanwhile, we find it too
        identity = await self._store.identity()
        lost = known not in (None, identity)
        if lost:
            log.warning("store=lost", extra={"reason": "it is another, or was emptied"})
            await self._store.note_loss()
        self._identity = identity  # only now: a loss that could not be noted is found again
        return lost
