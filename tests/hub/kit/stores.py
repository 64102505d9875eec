"""A store that tests hold up, make fail, or let answer as another process would have it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import trio

from mapsrv.store import Batch, Outcome, Store


class HeldStore:
    """A real store behind a gate: `open` lets commits through, `failures` are raised first, one a call."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.durability = store.durability
        self.trouble = store.trouble
        self.gate = trio.Event()
        self.gate.set()
        self.failures: list[Exception] = []
        self.commits: list[list[Batch]] = []
        self.loads = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self.store, name)

    def hold(self) -> None:
        self.gate = trio.Event()

    async def load(self, session_id: str) -> Any:
        self.loads += 1
        await trio.lowlevel.checkpoint()
        return await self.store.load(session_id)

    async def commit(self, batches: Sequence[Batch]) -> list[Outcome]:
        self.commits.append(list(batches))
        await self.gate.wait()
        if self.failures:
            raise self.failures.pop(0)
        return await self.store.commit(batches)
