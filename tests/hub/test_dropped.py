"""A map that nobody uses leaves memory when it is dropped, not when the collector looks at what is old."""

from __future__ import annotations

import gc
import random
import weakref
from collections.abc import Iterator
from contextlib import AsyncExitStack

import pytest
import trio

from mapsrv.core.commands import SetTitle
from mapsrv.core.log import Origin
from mapsrv.hub.hub import Hub
from mapsrv.hub.live_session import LiveSession
from mapsrv.wire.said import Said
from tests.hub.replicas.test_replication import pods
from tests.hub.test_readers import reading, taken

ANA = Origin("person", "ana", "Ana")


@pytest.fixture
def no_collector() -> Iterator[None]:
    gc.disable()
    yield
    gc.enable()


async def used(hub: Hub, session_id: str) -> weakref.ref[LiveSession]:
    """Have people and a model use a map, and leave it; return what is held of it."""
    async with reading(hub, session_id, viewer="tab") as reader, hub.open_session(session_id) as live:
        call = live.presence.models.begin("m", "Claude", "set_map_title", reads=False)
        await hub.execute(session_id, SetTitle("Lakes"), ANA, "key")
        live.presence.models.done(call)
        await hub.tab_says(live, Said("tab", 1, {"name": "Ana", "visible": True}))
        await trio.sleep(1)
        assert [name for name, _, _ in taken(reader)]
        return weakref.ref(live)


async def test_all_of_it_goes(autojump_clock: object, hub: Hub, no_collector: None) -> None:
    session_id = await hub.create_session()
    held = await used(hub, session_id)
    await used(hub, await hub.create_session())  # since what was done last is at hand
    assert held() is hub.held()[session_id]
    hub.cache.drop(hub.held()[session_id])
    assert held() is None


async def test_all_of_it_goes_on_every_pod(autojump_clock: object, no_collector: None) -> None:
    async with AsyncExitStack() as stack:
        _, hubs = await pods(stack, 2, random.Random(1), 0.0)
        session_id = await hubs[0].create_session()
        held = [await used(hub, session_id) for hub in hubs]
        for hub in hubs:
            await used(hub, await hub.create_session())
            hub.cache.drop(hub.held()[session_id])
        assert [one() for one in held] == [None, None]
