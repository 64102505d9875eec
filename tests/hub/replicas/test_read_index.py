"""Nobody goes back in time: a reader who was at another pod is not shown an older map by this one."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from mapsrv.core.commands import AddLayer, Command, RemoveLayer, SetTitle, ToggleLayer
from mapsrv.core.log import Head, Origin, Position
from mapsrv.core.session import NOTHING_CHANGED
from mapsrv.errors import NewerFormat, StoreDamaged, UnknownLayer
from mapsrv.hub.hub import Hub
from mapsrv.hub.lifecycle import open_hub
from mapsrv.hub.replicas.read_index import HEADS_AT_ONCE, NEWS_SECONDS, SECONDS
from mapsrv.store import Outcome, Refused
from mapsrv.store.memory import open_memory
from mapsrv.store.shared import Missed
from tests.hub.kit.line import Line
from tests.hub.kit.shared import SharedMemory
from tests.hub.kit.world import many
from tests.hub.test_readers import reading, taken

ANA = Origin("model", "ana", "Ana")


def a_layer(name: str) -> AddLayer:
    return AddLayer(
        name, {"type": "geojson", "data": {"type": "FeatureCollection", "features": []}}, "vector"
    )


@dataclass
class Pods:
    """Two pods; the second hears nothing, and what it asks of the store is counted."""

    shared: SharedMemory
    lines: list[Line]
    hubs: list[Hub]
    asked: list[str] = field(default_factory=list)
    session_id: str = ""

    async def write(self, title: str) -> Position:
        return (await self.hubs[0].execute(self.session_id, SetTitle(title), ANA)).position

    def held(self) -> Any:
        return self.hubs[1].held()[self.session_id]


@pytest.fixture
async def pods(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Pods]:
    async with AsyncExitStack() as stack:
        shared = SharedMemory(await stack.enter_async_context(open_memory()))
        lines = [Line(shared), Line(shared)]
        options: Any = {"max_data": 1 << 20, "session_idle": 1e6, "warm": False}
        hubs = [await stack.enter_async_context(open_hub(line, **options)) for line in lines]
        pods = Pods(shared, lines, hubs)
        pods.session_id = await hubs[0].create_session()
        for hub in hubs:
            await stack.enter_async_context(hub.open_session(pods.session_id))
        await trio.sleep(1)  # each has looked who the store is
        monkeypatch.setattr(shared, "spread", lambda news: None)
        for name in ("heads", "load", "commit"):
            monkeypatch.setattr(lines[1], name, counted(pods, name, getattr(lines[1], name)))
        yield pods


def counted(pods: Pods, name: str, call: Any) -> Any:
    async def told(*args: Any) -> Any:
        pods.asked.append(name)
        return await call(*args)

    return told


async def test_a_stream_that_resumes_ahead_of_a_pod_goes_on_from_there(
    autojump_clock: object, pods: Pods
) -> None:
    await pods.write("One")
    position = await pods.write("Two")
    async with reading(pods.hubs[1], pods.session_id, position) as reader:
        frames = list(taken(reader))
        assert "snapshot" not in [name for name, _, _ in frames] and reader.cursor == position
        assert pods.held().state.title == "Two"


async def test_a_stream_that_a_pod_can_go_on_with_asks_the_store_nothing(
    autojump_clock: object, pods: Pods
) -> None:
    here = pods.held().position
    await pods.write("One")
    for cursor in (None, here):
        async with reading(pods.hubs[1], pods.session_id, cursor):
            assert pods.held().position == here
    assert pods.asked == []


async def test_a_thousand_streams_that_resume_at_once_cause_one_reading(
    autojump_clock: object, pods: Pods
) -> None:
    position = await pods.write("One")
    ends = trio.Event()
    cursors = []

    async def resume() -> None:
        async with reading(pods.hubs[1], pods.session_id, position) as reader:
            list(taken(reader))
            cursors.append(reader.cursor)
            await ends.wait()

    async with trio.open_nursery() as nursery:
        for _ in range(1000):
            nursery.start_soon(resume)
        await trio.sleep(SECONDS)
        assert cursors == [position] * 1000
        ends.set()
    # What came since is asked for by an empty batch.
    assert (pods.asked.count("commit"), pods.asked.count("load")) == (1, 0) and pods.asked.count("heads") <= 3


async def test_positions_that_are_invented_cause_no_reading_and_one_call_at_a_time(
    autojump_clock: object, pods: Pods
) -> None:
    here = pods.held().position
    for wrong in (Position(here.epoch, 10**17 - 1, "0" * 8), Position("another", 3, "0" * 8)):
        for _ in range(3):
            async with reading(pods.hubs[1], pods.session_id, wrong) as reader:
                [snapshot] = [at for name, _, at in taken(reader) if name == "snapshot"]
                assert snapshot == str(here)
    async with trio.open_nursery() as nursery:
        pods.asked.clear()
        for _ in range(1000):
            nursery.start_soon(_resume_once, pods, wrong)
    assert set(pods.asked) == {"heads"} and len(pods.asked) <= 2


async def _resume_once(pods: Pods, cursor: Position) -> None:
    async with reading(pods.hubs[1], pods.session_id, cursor):
        pass


async def test_a_reader_who_asks_one_pod_after_the_other_never_goes_back(
    autojump_clock: object, pods: Pods
) -> None:
    seen = []
    async with trio.open_nursery() as nursery:
        nursery.start_soon(_write_for_ever, pods)
        for number in range(100):
            async with pods.hubs[number % 2].open_current(pods.session_id) as live:
                seen.append(live.position.revision)
        nursery.cancel_scope.cancel()
    assert seen == sorted(seen) and seen[-1] > 20


async def _write_for_ever(pods: Pods) -> None:
    number = 0
    while True:
        number += 1
        await pods.write(f"{number}")


async def test_news_that_is_on_its_way_is_waited_for_and_nothing_is_read(
    autojump_clock: object, pods: Pods, monkeypatch: pytest.MonkeyPatch
) -> None:
    news: list[Any] = []
    monkeypatch.setattr(pods.shared, "spread", news.append)
    await pods.write("One")

    async def late() -> None:
        await trio.sleep(NEWS_SECONDS / 2)
        for feed in pods.shared.feeds:
            feed.deliver(news[0])

    async with trio.open_nursery() as nursery:
        nursery.start_soon(late)
        async with pods.hubs[1].open_current(pods.session_id) as live:
            assert live.state.title == "One"
    assert pods.asked == ["heads"]


async def test_who_asks_while_a_call_is_on_its_way_is_answered_by_the_next(
    autojump_clock: object, pods: Pods
) -> None:
    seen = []

    async def read() -> None:
        async with pods.hubs[1].open_current(pods.session_id) as live:
            seen.append(live.state.title)

    async with trio.open_nursery() as nursery:
        pods.lines[1].hangs = True  # the call has begun, and is not answered yet
        nursery.start_soon(read)
        await wait_all_tasks_blocked()
        pods.lines[1].hangs = False
        await pods.write("One")
        nursery.start_soon(read)
    assert "One" in seen


async def test_a_store_that_says_nothing_holds_nobody_up_and_the_status_says_so(
    autojump_clock: object, pods: Pods
) -> None:
    position = await pods.write("One")
    here = pods.held().position
    async with reading(pods.hubs[1], pods.session_id, viewer="there all the time") as other:
        list(taken(other))
        pods.lines[1].hangs = True
        began = trio.current_time()
        async with reading(pods.hubs[1], pods.session_id, position) as reader:
            assert trio.current_time() - began < SECONDS
            frames = {name: value for name, value, _ in taken(reader)}
            assert frames["snapshot"]["position"] == str(here)
            assert frames["status"] == {"durability": "memory", "pending": 0, "refused": []}
            asked = len(pods.asked)
            async with pods.hubs[1].open_current(pods.session_id) as live:
                assert live.position == here and len(pods.asked) == asked, "it is not asked while it is away"
            [(_, status, _)] = [frame for frame in taken(other) if frame[0] == "status"]
            assert status["durability"] == "memory", "everybody is told"
            pods.lines[1].mend()
            await trio.sleep(2)
            for one in (reader, other):
                frames = {name: value for name, value, _ in taken(one)}
                assert frames["status"]["durability"] == "redis" and one.cursor == position


async def test_a_store_that_takes_too_long_to_read_is_waited_for_so_long(
    autojump_clock: object, pods: Pods, monkeypatch: pytest.MonkeyPatch
) -> None:
    await pods.write("One")

    async def slow(asked: object) -> Any:
        await trio.sleep(60)

    monkeypatch.setattr(pods.lines[1], "commit", slow)
    began = trio.current_time()
    async with pods.hubs[1].open_current(pods.session_id) as live:
        assert live.state.title != "One" and trio.current_time() - began == pytest.approx(SECONDS)


async def test_a_map_that_cannot_be_read_is_shown_as_it_is_here_at_once(
    autojump_clock: object, pods: Pods, monkeypatch: pytest.MonkeyPatch
) -> None:
    await pods.write("One")

    async def damaged(asked: object) -> Any:
        await trio.lowlevel.checkpoint()
        raise StoreDamaged("The map's map_log is damaged.")

    monkeypatch.setattr(pods.lines[1], "commit", damaged)
    began = trio.current_time()
    async with pods.hubs[1].open_current(pods.session_id) as live:
        assert live.state.title != "One" and trio.current_time() - began < SECONDS / 4


async def test_a_map_of_a_newer_release_is_let_go(
    autojump_clock: object, pods: Pods, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def newer(asked: Any) -> Any:
        await trio.lowlevel.checkpoint()
        if isinstance(asked, list):
            return {asked[0]: NewerFormat("newer")}
        raise NewerFormat("newer")

    async def refused(batches: Any) -> list[Outcome]:
        await trio.lowlevel.checkpoint()
        return [Refused(NewerFormat("newer"))]

    monkeypatch.setattr(pods.lines[1], "heads", newer)
    monkeypatch.setattr(pods.lines[1], "load", newer)
    monkeypatch.setattr(pods.lines[1], "commit", refused)
    async with pods.hubs[1].open_current(pods.session_id) as live:
        assert live.gone is not None


async def test_a_map_that_the_store_has_lost_comes_back_and_is_shown_meanwhile(
    autojump_clock: object, pods: Pods
) -> None:
    position = await pods.write("One")
    pods.shared.lose_everything()
    async with pods.hubs[0].open_current(pods.session_id) as live:
        assert live.state.title == "One"
    for feed in pods.shared.feeds:
        feed.deliver(Missed())
    await trio.sleep(30)
    async with pods.hubs[1].open_current(pods.session_id) as live:
        assert live.state.title == "One" and live.position.epoch != position.epoch
        again = live.position
    async with reading(pods.hubs[0], pods.session_id, again) as reader:
        list(taken(reader))
        assert reader.cursor == again


async def test_many_maps_are_asked_for_in_calls_of_a_bounded_size(
    autojump_clock: object, pods: Pods, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes = []

    async def heads(ids: list[str]) -> dict[str, Head]:
        await trio.lowlevel.checkpoint()
        sizes.append(len(ids))
        return {}

    monkeypatch.setattr(pods.lines[1], "heads", heads)
    names = [f"map {number}" for number in range(2 * HEADS_AT_ONCE + 1)]
    assert await many(pods.hubs[1]).read_index.heads(names) == {}
    assert sizes == [HEADS_AT_ONCE, HEADS_AT_ONCE, 1]


async def test_what_was_done_on_another_pod_can_be_used_at_once(autojump_clock: object, pods: Pods) -> None:
    for number in range(20):
        await pods.hubs[0].execute(pods.session_id, a_layer(f"own {number}"), ANA)
        receipt = await pods.hubs[1].execute(pods.session_id, ToggleLayer(f"own {number}", "hide"), ANA)
        assert receipt.changed == (f"own {number}",)
        await pods.hubs[0].execute(pods.session_id, ToggleLayer(f"own {number}", "show"), ANA)
        again = await pods.hubs[1].execute(pods.session_id, ToggleLayer(f"own {number}", "hide"), ANA)
        assert NOTHING_CHANGED not in again.warnings, "here it was hidden, and on the map it was not"


async def test_what_is_refused_is_refused_of_the_map_as_the_store_has_it(
    autojump_clock: object, pods: Pods
) -> None:
    with pytest.raises(UnknownLayer):
        await pods.hubs[1].execute(pods.session_id, ToggleLayer("nowhere"), ANA)
    assert pods.asked == ["heads"]
    await pods.hubs[0].execute(pods.session_id, SetTitle("One"), ANA, "key")
    pods.asked.clear()
    again = await pods.hubs[1].execute(pods.session_id, SetTitle("One"), ANA, "key")
    assert NOTHING_CHANGED not in again.warnings, "it is the answer of the first time"


async def test_a_refusal_does_not_wait_for_a_store_that_is_away(autojump_clock: object, pods: Pods) -> None:
    pods.lines[1].cut = True
    await trio.sleep(20)
    pods.asked.clear()
    with pytest.raises(UnknownLayer):
        await pods.hubs[1].execute(pods.session_id, ToggleLayer("nowhere"), ANA)
    assert "commit" not in pods.asked


async def test_a_refusal_keeps_its_place_among_the_commands_of_its_author(
    autojump_clock: object, pods: Pods
) -> None:
    """It waits for the store; what its author asked after it waits for it."""
    answers = []

    async def ask(command: Command) -> None:
        try:
            answers.append((await pods.hubs[1].execute(pods.session_id, command, ANA)).changed)
        except UnknownLayer:
            answers.append(("refused",))

    await pods.hubs[0].execute(pods.session_id, a_layer("far"), ANA)
    async with trio.open_nursery() as nursery:
        for command in (RemoveLayer("far"), ToggleLayer("far"), a_layer("far")):
            nursery.start_soon(ask, command)
            await trio.lowlevel.checkpoint()
    assert sorted(answers) == [("far",), ("far",), ("refused",)]
    async with pods.hubs[1].open_session(pods.session_id) as live:
        assert list(live.state.layers) == ["far"]


async def test_a_store_of_one_process_is_never_asked(autojump_clock: object, hub: Hub) -> None:
    session_id = await hub.create_session()
    async with hub.open_current(session_id) as live:
        ahead = Position(live.position.epoch, 9, "0" * 8)
        began = trio.current_time()
        async with reading(hub, session_id, ahead) as reader:
            [status] = [value for name, value, _ in taken(reader) if name == "status"]
            assert json.dumps(status).count("memory") == 1 and trio.current_time() == began
