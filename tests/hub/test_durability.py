"""What a Receipt says that a command is worth: never more than is known."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from mapsrv.core.commands import SetTitle
from mapsrv.core.log import Origin
from mapsrv.hub.lifecycle import open_hub
from mapsrv.store import Batch, Ok, Outcome
from mapsrv.store.memory import MemoryStore
from tests.hub.kit.shared import SharedMemory

ANA = Origin("model", "ana", "Ana")


class Replicated(SharedMemory):
    """A shared store whose replica is there, or lags."""

    durability = "replicated"
    lags = False

    async def commit(self, batches: Sequence[Batch]) -> list[Outcome]:
        outcomes = await super().commit(batches)
        return [Ok("redis") if self.lags and isinstance(one, Ok) else one for one in outcomes]


@pytest.mark.parametrize("lags", [False, True])
async def test_one_that_is_asked_for_again_is_not_said_to_be_replicated(
    autojump_clock: object, lags: bool
) -> None:
    shared = Replicated(MemoryStore())
    shared.lags = lags
    async with open_hub(shared, max_data=1 << 20, session_idle=1e6, warm=False) as hub:
        session_id = await hub.create_session()
        async with hub.open_session(session_id):
            first = await hub.execute(session_id, SetTitle("Lakes"), ANA, "k")
            again = await hub.execute(session_id, SetTitle("Lakes"), ANA, "k")
            no_change = await hub.execute(session_id, SetTitle("Lakes"), ANA, "other")
    assert first.durability == ("redis" if lags else "replicated")
    assert (again.durability, no_change.durability) == ("redis", "redis")
