"""What is read of data is read once, and what an area holds is asked of its own bounds first."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from mapsrv.core.state import Json
from mapsrv.prepare import geojson_jobs, summaries
from mapsrv.prepare.geojson_blobs import Documents
from mapsrv.prepare.summaries import Summaries
from mapsrv.store.memory import open_memory

RING = [[0, 0], [10, 0], [10, 10], [0, 10], [0, 0]]
AREA = {"type": "Feature", "geometry": {"type": "Polygon", "coordinates": [RING]}, "properties": {}}


def area() -> dict[str, Any]:
    return {"type": "FeatureCollection", "features": [{**AREA, "id": 0}]}


@pytest.fixture
async def documents() -> AsyncIterator[Documents]:
    async with open_memory() as store:
        yield Documents(store, max_data=1 << 20, clock=lambda: 1.0)


def counting(monkeypatch: pytest.MonkeyPatch, name: str) -> list[Json]:
    """Note each call of a job."""
    calls: list[Json] = []
    job = getattr(geojson_jobs, name)
    monkeypatch.setattr(geojson_jobs, name, lambda *args: calls.append(args) or job(*args))
    return calls


def test_data_in_a_source_is_read_once_for_as_long_as_it_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = counting(monkeypatch, "summarised")
    known, data = Summaries(), area()
    assert known.inline(data) is known.inline(data) and len(calls) == 1
    known.inline(area())
    assert len(calls) == 2
    monkeypatch.setattr(summaries, "MAX_SUMMARIES", 1)
    known.inline(area())
    known.inline(area())
    known.inline(data)
    assert len(calls) == 5, "the oldest are forgotten"


async def test_how_many_features_there_are_is_told_where_it_is_known(documents: Documents) -> None:
    stored = await documents.put(geojson_jobs.dumped(area()))
    count = documents.summaries.count
    assert count({"type": "geojson", "data": stored.data}) == count({"type": "geojson", "data": area()}) == 1
    for data in ("data/" + "0" * 64, "https://example.org/b.geojson", {"type": "Topology"}, None):
        assert count({"type": "geojson", "data": data}) is None


async def test_a_large_area_is_read_once_for_a_box_and_never_for_one_outside_of_it(
    documents: Documents, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = counting(monkeypatch, "holds_box")
    stored = await documents.put(geojson_jobs.dumped(area()))
    source = {"type": "geojson", "data": stored.data}
    for _ in range(2):
        assert await documents.holds_box(source, (1, 1, 2, 2))
    assert len(calls) == 1
    assert not await documents.holds_box(source, (20, 1, 21, 2)) and len(calls) == 1
    assert await documents.holds_box({"type": "geojson", "data": area()}, (1, 1, 2, 2))
    assert not await documents.holds_box({"type": "geojson", "data": "https://example.org/b"}, (1, 1, 2, 2))
    monkeypatch.setattr(summaries, "MAX_HELD", 1)
    assert await documents.holds_box(source, (1, 1, 3, 3)) and await documents.holds_box(source, (1, 1, 2, 2))
    assert len(calls) == 4
