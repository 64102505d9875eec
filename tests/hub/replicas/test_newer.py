"""A map that a newer release has written: this process lets go of it, whatever it was doing with it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest
import trio

from mapsrv.core.commands import SetTitle
from mapsrv.core.log import Head, Origin
from mapsrv.errors import NewerFormat, StoreAway
from mapsrv.hub.hub import Hub
from mapsrv.hub.lifecycle import open_hub
from mapsrv.hub.replicas.offline import Room
from mapsrv.hub.replicas.replication import CHECK_SECONDS
from mapsrv.store import Batch, Outcome, Refused
from mapsrv.store.memory import open_memory
from mapsrv.store.shared import Missed, Unread
from tests.hub.kit.shared import SharedMemory
from tests.hub.test_readers import reading, taken

ANA = Origin("model", "ana", "Ana")


class Marked(SharedMemory):
    """As Redis refuses what bears a newer format. `newer` are such sessions; `held` holds commits up.

    While `away` nothing answers.
    """

    def __init__(self, store: Any) -> None:
        super().__init__(store)
        self.newer: set[str] = set()
        self.held: trio.Event | None = None
        self.away = False

    def error(self, session_id: str) -> NewerFormat | None:
        return NewerFormat("A newer release wrote it.") if session_id in self.newer else None

    async def identity(self) -> str:
        if self.away:
            raise StoreAway("Away.")
        return await super().identity()

    async def load(self, session_id: str) -> Any:
        found = await super().load(session_id)
        if error := self.error(session_id):
            raise error
        return found

    async def heads(self, session_ids: Any) -> Any:
        found = await super().heads(session_ids)
        return {name: self.error(name) or head for name, head in found.items()}

    async def commit(self, batches: Sequence[Batch]) -> list[Outcome]:
        if self.held is not None:
            await self.held.wait()
        if self.away:
            raise StoreAway("Away.")
        errors = [self.error(batch.session_id) for batch in batches]
        good = [batch for batch, error in zip(batches, errors, strict=True) if error is None]
        done = iter(await super().commit(good))
        return [Refused(error) if error else next(done) for error in errors]


@asynccontextmanager
async def marked() -> AsyncIterator[tuple[Marked, Hub]]:
    async with open_memory() as memory:
        store = Marked(memory)
        async with open_hub(store, max_data=1 << 20, session_idle=1e6, warm=False) as hub:
            yield store, hub


async def refused(hub: Hub, session_id: str) -> None:
    with pytest.raises(NewerFormat):
        await hub.execute(session_id, SetTitle("never"), ANA)


@pytest.mark.parametrize("how", ["told", "broken", "checked", "asked"])
async def test_its_readers_are_sent_away_and_the_other_maps_live_on(autojump_clock: object, how: str) -> None:
    async with marked() as (store, hub):
        ours, theirs = await hub.create_session(), await hub.create_session()
        async with reading(hub, ours) as stays, reading(hub, theirs) as leaves:
            stored = await store.load(theirs)
            store.newer.add(theirs)
            match how:
                case "told":
                    store.feeds[0].send.send_nowait(Unread(theirs))
                case "broken":
                    store.feeds[0].send.send_nowait(Missed())
                case "checked":
                    await trio.sleep(CHECK_SECONDS)
                case "asked":
                    await refused(hub, theirs)
            await trio.sleep(0.5)
            assert leaves.gone and not stays.gone and list(hub.held()) == [ours]
            assert not hub.committer.failing, "the store is well"
            await refused(hub, theirs)
            assert (await hub.execute(ours, SetTitle("Ours"), ANA)).position.revision == 1
        store.newer.clear()
        assert await store.load(theirs) == stored
        await hub.execute(theirs, SetTitle("They went back"), ANA)


async def test_what_waits_when_it_is_let_go_is_refused_and_nothing_is_done_twice(
    autojump_clock: object,
) -> None:
    async with marked() as (store, hub):
        session_id = await hub.create_session()
        ends: list[str] = []

        async def execute(title: str) -> None:
            try:
                await hub.execute(session_id, SetTitle(title), ANA)
            except NewerFormat:
                ends.append(f"{title} refused")
            else:
                ends.append(f"{title} done")

        async with trio.open_nursery() as nursery, reading(hub, session_id) as reader:
            store.held = trio.Event()
            nursery.start_soon(execute, "one")
            await trio.sleep(0.1)
            nursery.start_soon(execute, "two")  # waits behind the batch that is in flight
            await trio.sleep(0.1)
            store.feeds[0].send.send_nowait(Unread(session_id))
            await trio.sleep(0.1)
            assert ends == [] and not reader.gone, "the reply that is on its way says more"
            commit, store.held = store.held, None
            commit.set()
            await trio.testing.wait_all_tasks_blocked()
            store.newer.add(session_id)
            await trio.sleep(1)
            assert ends == ["one done", "two refused"] and reader.gone
            await execute("three")
        assert ends[2:] == ["three refused"]
        assert len(store.accepted[session_id]) == 1


async def test_what_was_done_alone_on_a_map_that_is_newer_then_is_given_back_to_its_author(
    autojump_clock: object,
) -> None:
    async with marked() as (store, hub):
        ours, theirs = await hub.create_session(), await hub.create_session()
        author = (ANA.kind, ANA.id)
        anas = hub.subscribe(theirs, None, viewer="ana", name="", url="", author=author)
        async with reading(hub, ours), anas as leaves:
            store.away = True
            for session_id in (ours, theirs):
                assert (await hub.execute(session_id, SetTitle("Alone"), ANA, "k")).durability == "memory"
            store.newer.add(theirs)
            store.away = False
            await trio.sleep(2)
            statuses = [frame for name, frame, _ in taken(leaves) if name == "status"]
            assert [one["code"] for one in statuses[-1]["refused"]] == ["newer_format"] and leaves.gone
            assert statuses[-1]["pending"] == 0 and list(hub.held()) == [ours]
            assert hub.room.commands == Room().commands and hub.room.bytes == Room().bytes
            await refused(hub, theirs)
            assert (await store.load(ours)).head.revision == 1
        assert theirs not in store.accepted


async def test_news_of_a_map_that_nobody_holds_is_no_trouble(autojump_clock: object) -> None:
    async with marked() as (store, hub):
        store.feeds[0].send.send_nowait(Unread("s1"))
        await trio.sleep(1)
        session_id = await hub.create_session()
        await hub.execute(session_id, SetTitle("One"), ANA)
        head: Head = (await store.load(session_id)).head
        assert head.revision == 1
