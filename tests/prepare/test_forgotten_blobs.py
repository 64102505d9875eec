"""A document that the store forgot while what names it waited for the store: it comes back from memory."""

from __future__ import annotations

import json

import pytest
import trio

from mapsrv.core.commands import AddLayer, SetTitle
from mapsrv.core.log import Origin
from mapsrv.errors import UnknownData
from mapsrv.hub.lifecycle import open_hub
from mapsrv.store.memory import MemoryStore
from tests.hub.kit.line import Line
from tests.hub.kit.shared import SharedMemory

ANA = Origin("model", "ana", "Ana")
LARGE = json.dumps({"type": "Feature", "geometry": None, "properties": {"text": "t" * 20_000}}).encode()


def by_name(data: str) -> AddLayer:
    return AddLayer("a", {"type": "geojson", "data": data}, "vector")


async def test_a_layer_that_waited_for_hours_on_a_branch_has_its_document(autojump_clock: object) -> None:
    memory = MemoryStore()
    line = Line(SharedMemory(memory))
    async with open_hub(line, max_data=1 << 20, session_idle=1e6, warm=False) as hub:
        session_id = await hub.create_session()
        async with hub.open_session(session_id):
            data = (await hub.documents.put(LARGE)).data
            line.lost.append("before")  # the commit itself finds that the store is away
            async with trio.open_nursery() as nursery:
                receipts = []

                async def add() -> None:
                    receipts.append(await hub.execute(session_id, by_name(data), ANA, "k"))

                nursery.start_soon(add)
                await trio.sleep(0.1)
                line.cut = True
            assert receipts[0].durability == "memory"
            await trio.sleep(3 * 3600)
            memory.blobs.clear()  # as Redis does by itself
            line.mend()
            await trio.sleep(30)
            assert (await hub.execute(session_id, SetTitle("x"), ANA)).durability == "redis"
            assert "layer:a" in (await memory.load(session_id)).components
            assert await memory.get_blob(data.removeprefix("data/")) is not None


async def test_only_what_is_remembered_is_brought_back(autojump_clock: object) -> None:
    memory = MemoryStore()
    shared = SharedMemory(memory)
    async with open_hub(shared, max_data=1 << 20, session_idle=1e6, warm=False) as hub:
        session_id = await hub.create_session()
        data = (await hub.documents.put(LARGE)).data
        memory.blobs.clear()
        await hub.execute(session_id, by_name(data), ANA)
        assert await memory.get_blob(data.removeprefix("data/")) is not None
        memory.blobs.clear()
        hub.documents.bodies.clear()
        with pytest.raises(UnknownData, match="within an hour"):
            await hub.execute(session_id, by_name(data), ANA)
