"""Several processes, one map: whatever happens to the news between them, they come to agree."""

from __future__ import annotations

import random
from collections import Counter
from contextlib import AsyncExitStack

import pytest
import trio

from mapsrv.core.commands import SetTitle
from mapsrv.core.log import Origin
from mapsrv.errors import MapsrvError
from mapsrv.hub.hub import Hub
from mapsrv.hub.lifecycle import open_hub
from mapsrv.hub.presence.other_pods import OTHERS_SECONDS
from mapsrv.hub.replicas.beside_events import BEAT_SECONDS
from mapsrv.hub.replicas.replication import CHECK_SECONDS
from mapsrv.store.memory import open_memory
from tests.hub.kit.shared import SharedMemory
from tests.hub.test_commands import layer
from tests.hub.test_readers import reading, taken

ANA, BELL = "a" * 16, "b" * 16


async def pods(
    stack: AsyncExitStack, count: int, rng: random.Random, faults: float
) -> tuple[SharedMemory, list[Hub]]:
    shared = SharedMemory(await stack.enter_async_context(open_memory()), rng, faults)
    opened = [
        await stack.enter_async_context(open_hub(shared, max_data=1 << 20, session_idle=1e6, warm=False))
        for _ in range(count)
    ]
    return shared, opened


async def test_a_change_on_any_pod_reaches_every_viewer_on_every_pod(autojump_clock: object) -> None:
    async with AsyncExitStack() as stack:
        _, hubs = await pods(stack, 3, random.Random(1), 0.0)
        session_id = await hubs[0].create_session()
        readers = [await stack.enter_async_context(reading(hub, session_id, viewer=f"{hub}")) for hub in hubs]
        for reader in readers:
            list(taken(reader))
        for number, hub in enumerate(hubs):
            receipt = await hub.execute(session_id, SetTitle(f"{number}"), Origin("model", "ana", "Ana"))
            await trio.sleep(0.2)
            for reader in readers:
                events = [(event, at) for name, event, at in taken(reader) if name == "event"]
                assert [at for _, at in events] == [str(receipt.position)]
                assert events[0][0]["ops"] == [{"op": "set_title", "title": f"{number}"}]


async def _write(
    hub: Hub, session_id: str, name: str, count: int, done: Counter[str], rng: random.Random
) -> None:
    """Ask until each command is acknowledged, with the same key, as a careful client does."""
    origin = Origin("model", name, name)
    for number in range(count):
        key = f"{name}-{number}"
        for _ in range(50):
            try:
                await hub.execute(session_id, layer(f"{key}"), origin, key)
            except MapsrvError as error:
                assert error.temporary, error
                await trio.sleep(0.05)
            else:
                done[f"{key} model:{name}"] += 1
                break
        await trio.sleep(rng.random() / 20)


@pytest.mark.parametrize("seed", range(12))
async def test_pods_agree_whatever_happens_to_the_news(autojump_clock: object, seed: int) -> None:
    rng = random.Random(seed)
    async with AsyncExitStack() as stack:
        shared, hubs = await pods(stack, 3, rng, rng.choice([0.0, 0.2, 0.8]))
        session_id = await hubs[0].create_session()
        lives = [await stack.enter_async_context(hub.open_session(session_id)) for hub in hubs]
        done: Counter[str] = Counter()
        async with trio.open_nursery() as nursery:
            for number, hub in enumerate(hubs * 2):
                nursery.start_soon(_write, hub, session_id, f"w{number}", 12, done, rng)
            for _ in range(5):
                await trio.sleep(0.2)
                shared.break_connections()
        shared.faults = 0.0
        await trio.sleep(2 * CHECK_SECONDS)
        keys = shared.accepted[session_id]
        assert len(keys) == len(set(keys)), "a key is done at most once"
        assert set(done) == set(keys) and len(keys) == 72, "what was acknowledged is there, and nothing else"
        stored = await shared.load(session_id)
        for live in lives:
            assert live.session.head == stored.head
            assert len(live.state.layers) == 72 and not live.session.has_pending


async def test_presence_counts_the_viewers_of_all_pods(autojump_clock: object) -> None:
    async with AsyncExitStack() as stack:
        shared, (one, other) = await pods(stack, 2, random.Random(1), 0.0)
        session_id = await one.create_session()
        async with reading(one, session_id, viewer="a") as reader, other.open_session(session_id) as there:
            async with reading(other, session_id, viewer="b"):
                await trio.sleep(2)
                frames = [frame for name, frame, _ in taken(reader) if name == "presence"]
                assert frames[-1]["count"] == 2 and len(frames[-1]["viewers"]) == 2
            await trio.sleep(2)
            frames = [frame for name, frame, _ in taken(reader) if name == "presence"]
            assert frames[-1]["count"] == 1 == there.presence.count
            shared.faults = 1.0
            there.presence.others_told("a silent pod", 5, [])
            assert there.presence.count == 6
            await trio.sleep(OTHERS_SECONDS + BEAT_SECONDS + 1)
            assert there.presence.count <= 1, "a pod that says nothing has no viewers"


async def test_a_pod_that_loads_a_map_knows_its_viewers_before_the_next_beat(autojump_clock: object) -> None:
    async with AsyncExitStack() as stack:
        _, (one, other, third) = await pods(stack, 3, random.Random(1), 0.0)
        session_id = await one.create_session()
        for hub, tab in ((one, ANA), (other, BELL)):
            await stack.enter_async_context(reading(hub, session_id, viewer=tab))
            hub.held()[session_id].presence.told(tab, {"drawn": {"at": "1"}})
        await trio.sleep(BEAT_SECONDS / 2)
        async with third.open_session(session_id) as live:
            await trio.sleep(BEAT_SECONDS / 10)
            assert live.presence.count == 2 and sorted(live.presence.reporting_elsewhere) == [ANA, BELL]


async def test_what_is_committed_while_a_map_is_loaded_is_not_missed(autojump_clock: object) -> None:
    async with AsyncExitStack() as stack:
        shared, (one, other) = await pods(stack, 2, random.Random(1), 0.0)
        session_id = await one.create_session()
        await one.execute(session_id, SetTitle("first"), Origin("model", "ana", "Ana"))
        load = shared.store.load

        async def slow(name: str) -> object:
            found = await load(name)
            await one.execute(session_id, SetTitle("second"), Origin("model", "ana", "Ana"))
            return found

        shared.store.load = slow  # type: ignore[method-assign]
        async with other.open_session(session_id) as live:
            await trio.sleep(0.5)
            assert live.state.title == "second" and live.position.revision == 2


async def test_a_map_that_never_was_is_not_watched(autojump_clock: object) -> None:
    async with AsyncExitStack() as stack:
        shared, (hub,) = await pods(stack, 1, random.Random(1), 0.0)
        with pytest.raises(MapsrvError):
            await hub.execute("never-issued", SetTitle("x"), Origin("model", "ana", "Ana"))
        assert not shared.feeds[0].watched
