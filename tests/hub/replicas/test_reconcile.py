"""The way back from a branch, beside others who never rest: it ends, in turns, in order."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import pytest
import trio
import trio.abc

from mapsrv.core.commands import SetTitle
from mapsrv.core.log import Origin
from mapsrv.core.session import Session
from mapsrv.hub import live_session as live_module
from mapsrv.hub.hub import Hub
from mapsrv.hub.lifecycle import BRANCH_SECONDS, flush, open_hub
from mapsrv.hub.live_session import HOLD_SECONDS, LiveSession
from mapsrv.hub.replicas import reconcile
from mapsrv.metrics.maps import REGISTRY
from mapsrv.store import Batch, Ok, Outcome
from mapsrv.store.memory import MemoryStore
from tests.hub.kit.line import Line
from tests.hub.kit.shared import SharedMemory
from tests.hub.kit.world import many

ANA, BEN = Origin("model", "ana", "Ana"), Origin("model", "ben", "Ben")


class SlowLine(Line):
    """A line on which a commit is `late` by so many seconds: whoever is faster has moved the map by then."""

    late = 0.0

    def __init__(self, shared: SharedMemory) -> None:
        super().__init__(shared)
        self.sizes: list[tuple[int, bool]] = []  # of each batch of one session, and whether it was taken

    async def commit(self, batches: Sequence[Batch]) -> list[Outcome]:
        await trio.sleep(self.late)
        outcomes = await super().commit(batches)
        if len(batches) == 1:
            self.sizes.append((len(batches[0].entries), isinstance(outcomes[0], Ok)))
        return outcomes


class Pods:
    """One pod that was away with some commands, and one that goes on."""

    def __init__(self, shared: SharedMemory, line: SlowLine, away: Hub, other: Hub) -> None:
        self.shared, self.line, self.away, self.other = shared, line, away, other
        self.stop = trio.Event()
        self.written = 0

    async def write_without_rest(self, session_id: str) -> None:
        while not self.stop.is_set():
            self.written += 1
            await self.other.execute(session_id, SetTitle(f"other {self.written}"), BEN, f"b{self.written}")

    async def do_alone(self, session_id: str, count: int) -> LiveSession:
        """Have so many commands done on a branch, and then the line be good again."""
        self.line.cut = True
        for number in range(count):
            receipt = await self.away.execute(session_id, SetTitle(f"alone {number}"), ANA, f"a{number}")
            assert receipt.durability == "memory"
        self.line.mend()
        live = self.away.held()[session_id]
        assert live.branch is not None and len(live.branch) == count
        return live

    def order(self, session_id: str) -> list[str]:
        keys = self.shared.accepted[session_id]
        return [key.split()[0] for key in keys if key.startswith("a")]


@pytest.fixture
async def pods(autojump_clock: object) -> AsyncIterator[Pods]:
    async with running() as found:
        yield found


@asynccontextmanager
async def running() -> AsyncIterator[Pods]:
    shared = SharedMemory(MemoryStore())
    line = SlowLine(shared)
    async with AsyncExitStack() as stack:
        hubs = [
            await stack.enter_async_context(open_hub(one, max_data=1 << 20, session_idle=1e6, warm=False))
            for one in (line, Line(shared))
        ]
        await trio.sleep(0.1)
        yield Pods(shared, line, *hubs)


async def back(live: LiveSession) -> None:
    while live.branch is not None:  # noqa: ASYNC110
        await trio.sleep(0.01)


def attempts() -> float:
    return REGISTRY.get_sample_value("mapsrv_healing_attempts_total")


async def test_a_branch_ends_beside_a_writer_who_never_rests(autojump_clock, pods):
    session_id = await pods.away.create_session()
    before, count = attempts(), 60
    async with pods.away.open_session(session_id) as live, trio.open_nursery() as nursery:
        await pods.do_alone(session_id, count)
        pods.line.late = 0.02  # so that each of ours would be overtaken for ever
        nursery.start_soon(pods.write_without_rest, session_id)
        with trio.fail_after(600):
            await back(live)
        pods.stop.set()
        assert pods.order(session_id) == [f"a{number}" for number in range(count)], "in order, each once"
        assert attempts() - before <= 60 * count, "each command costs a bounded number of attempts"
        again = await pods.away.execute(session_id, SetTitle("alone 7"), ANA, "a7")
        assert again.durability == "redis" and not again.warnings
    assert REGISTRY.get_sample_value("mapsrv_healing_commands") == 0


async def test_a_share_halves_when_it_is_overtaken_and_grows_when_it_is_taken(pods, autojump_clock):
    session_id = await pods.away.create_session()
    async with pods.away.open_session(session_id) as live:
        await pods.do_alone(session_id, 500)
        overtaken = 3

        async def overtake(batches: Sequence[Batch]) -> list[Outcome]:
            nonlocal overtaken
            if len(batches[0].entries) and overtaken:
                overtaken -= 1
                await pods.other.execute(session_id, SetTitle(f"other {overtaken}"), BEN)
            return await SlowLine.commit(pods.line, batches)

        pods.line.commit = overtake
        await back(live)
    sizes = [size for size, _ok in pods.line.sizes if size > 1]
    assert sizes[:3] == [256, 128, 64] and sizes[3:] == [32, 64, 128, 256, 20]


async def test_the_news_that_overtook_us_come_with_the_answer(pods, autojump_clock):
    session_id = await pods.away.create_session()
    loads = 0

    async def load(asked: str) -> Any:
        nonlocal loads
        loads += 1
        return await pods.shared.load(asked)

    async with pods.away.open_session(session_id) as live, trio.open_nursery() as nursery:
        await pods.do_alone(session_id, 20)
        pods.line.load, pods.line.late = load, 0.02
        nursery.start_soon(pods.write_without_rest, session_id)
        await back(live)
        pods.stop.set()
    assert loads == 1, "the whole session is read once, when the line is good again"


async def test_a_pod_in_step_that_is_overtaken_does_not_read_the_whole_map(pods, autojump_clock):
    session_id = await pods.away.create_session()
    async with pods.away.open_session(session_id), trio.open_nursery() as nursery:
        await pods.away.execute(session_id, SetTitle("first"), ANA)
        pods.line.load = None  # would be called
        nursery.start_soon(pods.write_without_rest, session_id)
        for number in range(20):
            await pods.away.execute(session_id, SetTitle(f"mine {number}"), ANA, f"a{number}")
        pods.stop.set()
        assert pods.order(session_id) == [f"a{number}" for number in range(20)]


async def test_a_pod_that_is_asked_for_a_turn_holds_still_for_a_moment_once_a_second(pods, autojump_clock):
    session_id = await pods.other.create_session()
    async with pods.other.open_session(session_id) as live, pods.away.open_session(session_id):
        await pods.other.execute(session_id, SetTitle("first"), BEN)
        await trio.sleep(2)
        for asked, waits in ((0.0, True), (0.2, False), (1.1, True)):
            began = trio.current_time()
            await trio.sleep(asked)
            await many(pods.away).replication.beside.ask_for_a_turn(pods.away.held()[session_id])
            await trio.sleep(0.01)
            assert (live.held_until > trio.current_time()) == waits
            before = trio.current_time()
            await pods.other.execute(session_id, SetTitle(f"after {began}"), BEN)
            took = trio.current_time() - before
            assert took <= HOLD_SECONDS + 0.05 and (took > HOLD_SECONDS / 2) == waits


async def test_new_commands_wait_only_when_what_is_left_fits_one_share(pods, autojump_clock, monkeypatch):
    monkeypatch.setattr(reconcile, "SHARE", 4)
    session_id = await pods.away.create_session()
    async with pods.away.open_session(session_id) as live:
        await pods.do_alone(session_id, 9)
        seen = []

        async def look(batches: Sequence[Batch]) -> list[Outcome]:
            if len(batches[0].entries):
                seen.append((len(live.branch), live.branch.closed))
            return await SlowLine.commit(pods.line, batches)

        pods.line.commit = look
        await back(live)
    assert seen == [(9, False), (5, False), (1, True)]


class Turns(trio.abc.Instrument):
    """Counts the turns of the loop."""

    count = 0

    def before_io_wait(self, timeout: float) -> None:
        self.count += 1


async def test_deciding_again_gives_the_loop_a_turn_for_each_command(pods, autojump_clock, monkeypatch):
    session_id = await pods.away.create_session()
    turns, decided = Turns(), []
    propose = Session.propose

    def noted(self: Session, asked: Any) -> Any:
        decided.append(turns.count)
        return propose(self, asked)

    async with pods.away.open_session(session_id) as live:
        await pods.do_alone(session_id, 200)
        monkeypatch.setattr(Session, "propose", noted)
        trio.lowlevel.add_instrument(turns)
        await back(live)
        trio.lowlevel.remove_instrument(turns)
    assert len(decided) == 200 and len(set(decided)) == 200


async def test_a_large_map_is_decided_in_small_shares(pods, autojump_clock, monkeypatch):
    monkeypatch.setattr(reconcile, "SHARE_LAYERS", 10)
    session_id = await pods.away.create_session()
    async with pods.away.open_session(session_id) as live:
        await pods.do_alone(session_id, 25)
        await back(live)
    assert max(size for size, _ok in pods.line.sizes) == 10, "one index is kept for each"


async def test_a_pod_that_ends_brings_its_branch_home_first(autojump_clock, caplog):
    async with running() as pods:
        session_id = await pods.away.create_session()
        async with pods.away.open_session(session_id):
            pods.line.cut = True
            await pods.away.execute(session_id, SetTitle("alone"), ANA, "a0")
        async with trio.open_nursery() as nursery:
            nursery.start_soon(flush, pods.away)
            began = trio.current_time()
            await trio.sleep(BRANCH_SECONDS - 5)
            pods.line.mend()
        assert trio.current_time() - began < BRANCH_SECONDS
        assert pods.order(session_id) == ["a0"] and not pods.away.left
    assert "store=left" not in caplog.text


async def test_a_pod_that_ends_says_what_it_could_not_bring_home(autojump_clock, caplog):
    async with running() as pods:
        session_id = await pods.away.create_session()
        async with pods.away.open_session(session_id):
            pods.line.cut = True
            for number in range(3):
                await pods.away.execute(session_id, SetTitle(f"{number}"), ANA)
        began = trio.current_time()
        await flush(pods.away)
        assert trio.current_time() - began == BRANCH_SECONDS
    assert [said.commands for said in caplog.records if said.getMessage() == "store=left"] == [3]


def test_a_turn_is_shorter_than_the_time_between_two() -> None:
    assert live_module.HOLD_SECONDS < live_module.HELD_SECONDS <= reconcile.ASK_SECONDS
