"""A hub on a memory store behind a gate; each test names autojump_clock itself, as pytest-trio asks."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from mapsrv.hub.hub import Hub
from mapsrv.hub.lifecycle import open_hub
from mapsrv.store.memory import open_memory
from tests.hub.kit.stores import HeldStore

IDLE = 3600.0


@pytest.fixture
async def store() -> AsyncIterator[HeldStore]:
    async with open_memory() as memory:
        yield HeldStore(memory)


@pytest.fixture
async def hub(store: HeldStore) -> AsyncIterator[Hub]:
    async with open_hub(store, max_data=1 << 20, session_idle=IDLE, warm=False) as hub:
        yield hub
