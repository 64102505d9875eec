"""The real engine, where it is built."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from mapsrv.style_spec import Engine, child
from mapsrv.style_spec import engine as module
from mapsrv.style_spec import open_engine
from tests.kit.style_engine import built


@pytest.fixture
async def engine(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Engine]:
    """The engine, with a patience that outlasts whatever else the machine does meanwhile."""
    built()
    for name in ("START_SECONDS", "PATIENCE_SECONDS"):
        monkeypatch.setattr(child, name, 60.0)
    monkeypatch.setattr(module, "PLACE_SECONDS", 60.0)
    async with open_engine() as engine:
        assert engine is not None
        yield engine
