"""The real engine, where it is built."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from mapsrv.style_spec import Engine, open_engine
from tests.kit.style_engine import built


@pytest.fixture
async def engine() -> AsyncIterator[Engine]:
    built()
    async with open_engine() as engine:
        assert engine is not None
        yield engine
