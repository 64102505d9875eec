"""A hub at work: its tasks, its link with other processes, its housekeeping, and its end."""

from __future__ import annotations

import logging
import time
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager, suppress

import trio

from mapsrv.errors import MapsrvError
from mapsrv.gazetteer.gazetteer import NOWHERE, Gazetteer
from mapsrv.hub.clock import Clock
from mapsrv.hub.hub import Hub
from mapsrv.prepare.geojson_blobs import Documents
from mapsrv.prepare.style_check import StyleCheck
from mapsrv.store import Store
from mapsrv.store.shared import Feed, SharedStore
from mapsrv.style_spec import Engine

RENEW_SECONDS = 3600.0  # between two signs to the store that maps are in use
SWEEP_SECONDS = 600.0  # so that what may lie for an hour lies no day
KEEP_UNUSED_SECONDS = 24 * 3600.0  # maps never changed, blobs never used
KEEP_CROWDED_SECONDS = 3600.0  # blobs never used, where many megabytes of them lie
FLUSH_SECONDS = 5.0  # what is proposed gets this long to reach the store at the end
BRANCH_SECONDS = 15.0  # and what was done while the store was away: it is nowhere else


log = logging.getLogger("mapsrv.link")


@asynccontextmanager
async def open_hub(
    store: Store,
    *,
    max_data: int,
    session_idle: float,
    clock: Clock | None = None,
    warm: bool = True,
    engine: Engine | None = None,
    gazetteer: Gazetteer = NOWHERE,
) -> AsyncIterator[Hub]:
    """Run a hub on an open store; at the end what is proposed gets FLUSH_SECONDS to be stored.

    max_data is bytes, session_idle seconds; warm starts the worker process ahead of its first use. Without an
    engine no style is judged, without a gazetteer no place is known.
    """
    clock = clock or Clock(time.time)
    documents = Documents(store, max_data=max_data, clock=clock.wall)
    async with _open_feed(store) as feed, trio.open_nursery() as nursery:
        hub = Hub(store, feed, documents, clock, session_idle, StyleCheck(engine), gazetteer)
        if warm:
            nursery.start_soon(documents.warm)
            if engine is not None:
                nursery.start_soon(engine.warm)
        nursery.start_soon(hub.run)
        nursery.start_soon(_keep_house, hub, session_idle)
        try:
            yield hub
        finally:
            with trio.move_on_after(FLUSH_SECONDS, shield=True):
                await hub.flushed()
            nursery.cancel_scope.cancel()
            if left := hub.left:
                log.warning("store=left", extra={"commands": left})  # done while it was away, and not in it


async def flush(hub: Hub) -> None:
    """Wait, within a bound, until the store has what is under way: longer for what is on a branch."""
    with trio.move_on_after(BRANCH_SECONDS if hub.left else FLUSH_SECONDS):
        await hub.flushed()


@asynccontextmanager
async def _open_feed(store: Store) -> AsyncIterator[Feed | None]:
    """Open what the processes of a shared store tell each other, where there may be some."""
    if not isinstance(store, SharedStore):
        yield None
        return
    async with store.open_feed() as feed:
        yield feed


async def _keep_house(hub: Hub, session_idle: float) -> None:
    """Drop idle sessions every minute or so, renew the others in the store, and sweep it."""
    renew_at = trio.current_time() + RENEW_SECONDS
    sweep_at = trio.current_time() + SWEEP_SECONDS
    while True:
        await trio.sleep(min(60.0, max(session_idle / 4, 0.1)))
        hub.cache.drop_idle()
        if trio.current_time() >= renew_at:
            renew_at = trio.current_time() + RENEW_SECONDS
            await _leave_off(hub.store.renew(tuple(hub.held()), now=hub.clock.wall()))
        if trio.current_time() >= sweep_at:
            sweep_at = trio.current_time() + SWEEP_SECONDS
            now = hub.clock.wall()
            await _leave_off(
                hub.store.sweep(before=now - KEEP_UNUSED_SECONDS, crowded=now - KEEP_CROWDED_SECONDS)
            )


async def _leave_off(work: Awaitable[object]) -> None:
    """Do it, or leave it for the next time when the store is away."""
    with suppress(MapsrvError):
        await work
