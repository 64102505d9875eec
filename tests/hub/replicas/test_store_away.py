"""A store that is away when it is needed most: what waits is refused, and the hub goes on."""

from __future__ import annotations

from typing import Any

import pytest
import trio

from mapsrv.core.commands import SetTitle
from mapsrv.core.log import Head, Origin
from mapsrv.errors import StoreUnavailable
from mapsrv.hub.hub import Hub
from mapsrv.store import Moved
from tests.hub.kit.stores import HeldStore

ANA = Origin("model", "ana", "Ana")


async def test_a_store_that_fails_while_a_map_is_read_anew_refuses_what_waits_and_ends_nothing(
    autojump_clock: object, hub: Hub, store: HeldStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    session_id = await hub.create_session()
    async with hub.open_session(session_id) as live:

        async def moved(batches: object) -> Any:
            await trio.lowlevel.checkpoint()
            return [Moved(Head.of_epoch("elsewhere"))]

        async def away(asked: str) -> Any:
            await trio.lowlevel.checkpoint()
            raise StoreUnavailable("The store is away: try again.")

        with monkeypatch.context() as patched:
            patched.setattr(store, "commit", moved)
            patched.setattr(store, "load", away)
            with pytest.raises(StoreUnavailable):
                await hub.execute(session_id, SetTitle("lost"), ANA)
        assert hub.committer.failing and not live.session.pending
        await hub.execute(session_id, SetTitle("kept"), ANA)
        assert live.state.title == "kept" and not hub.committer.failing
