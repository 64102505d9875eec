"""One process's line to the model store: it can be cut, hang, or lose a commit before or after it is done."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any

import trio

from mapsrv.errors import StoreAway
from mapsrv.store import Batch, Outcome
from tests.hub.kit.shared import Feed, SharedMemory

HANG_SECONDS = 0.9  # before a call to a store that says nothing is given up, as store/redis does


def _through(name: str) -> Callable[..., Any]:
    async def call(self: Line, *args: Any, **kwargs: Any) -> Any:
        await self._pass()
        return await getattr(self.shared, name)(*args, **kwargs)

    return call


class Line:
    """A SharedStore. `cut`: calls fail at once; `hangs`: after a while; `lost`: how the next commits fail."""

    durability = "redis"
    trouble = None

    def __init__(self, shared: SharedMemory) -> None:
        self.shared = shared
        self.cut = self.hangs = False
        self.mended = 0.0  # when it last was, in seconds
        self.lost: list[str] = []  # "before" or "after" it is done, one a commit

    create = _through("create")
    load = _through("load")
    exists = _through("exists")
    put_blob = _through("put_blob")
    renew_blob = _through("renew_blob")
    get_blob = _through("get_blob")
    renew = _through("renew")
    sweep = _through("sweep")
    heads = _through("heads")
    identity = _through("identity")
    secret = _through("secret")
    note_loss = _through("note_loss")
    expect = _through("expect")
    admit = _through("admit")
    leave = _through("leave")
    collect = _through("collect")
    seed = _through("seed")

    async def commit(self, batches: Sequence[Batch]) -> list[Outcome]:
        await self._pass()
        how = self.lost.pop(0) if self.lost else ""
        if how != "before":
            outcomes = await self.shared.commit(batches)
        if how:
            await trio.sleep(HANG_SECONDS)
            raise StoreAway("It did not answer in time.")
        return outcomes

    def open_feed(self) -> AbstractAsyncContextManager[Feed]:
        return self.shared.open_feed()

    def mend(self) -> None:
        """Have all calls pass again."""
        if self.cut or self.hangs:
            self.cut = self.hangs = False
            self.mended = trio.current_time()

    async def _pass(self) -> None:
        await trio.lowlevel.checkpoint()
        if self.hangs:
            await trio.sleep(HANG_SECONDS)
        if self.cut or self.hangs:
            raise StoreAway("It cannot be reached.")
