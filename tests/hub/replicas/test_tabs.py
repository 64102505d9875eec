"""People behind a proxy that spreads their requests: all pods come to say of each tab what it said last."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import pytest
import trio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from trio.testing import MockClock

from mapsrv.hub.hub import Hub
from mapsrv.hub.lifecycle import open_hub
from mapsrv.hub.presence.tabs import AWAY_SECONDS
from mapsrv.store.memory import open_memory
from mapsrv.store.shared import Live
from mapsrv.wire import told
from mapsrv.wire.drawn import Problem
from mapsrv.wire.said import Said, passed_on, public_id
from tests.hub.kit.shared import SharedMemory
from tests.hub.kit.tabs import Tab, shown

PODS = 3
SETTLED_SECONDS = 60.0  # lines that linger are noticed, and pods have told of their viewers some times
ANA, BELL = public_id("ana"), public_id("bell")

pods = st.integers(0, PODS - 1)
delays = st.sampled_from([0.0, 0.0, 0.01, 0.3, 1.0])
lingers = st.sampled_from([0.0, 0.0, 0.7, 25.0])
values = st.fixed_dictionaries(
    {},
    optional={
        "name": st.sampled_from(["Ana", "Bell", ""]),
        "viewport": st.sampled_from([{"zoom": 1}, {"zoom": 2}]),
        "pointing": st.sampled_from([{"layer_id": "a"}, {"layer_id": "b"}, None]),
    },
)
steps = st.one_of(
    st.tuples(st.just("say"), pods, delays, values),
    st.tuples(st.just("say"), pods, delays, values),
    st.tuples(st.just("open"), pods, pods, delays, lingers),
    st.tuples(st.just("hide"), pods, delays),
    st.tuples(st.just("leave"), pods, st.sampled_from([0.0, 0.02])),
    st.tuples(st.just("wait"), st.sampled_from([0.0, 0.02, 0.6, 15.0])),
)
scripts = st.lists(st.lists(steps, max_size=12), min_size=1, max_size=3)


@asynccontextmanager
async def opened(count: int = PODS) -> AsyncIterator[tuple[SharedMemory, list[Hub], str]]:
    """Yield a store, pods on it, and a map that all of them have in memory."""
    async with AsyncExitStack() as stack:
        shared = SharedMemory(await stack.enter_async_context(open_memory()), random.Random(1))
        hubs = [
            await stack.enter_async_context(open_hub(shared, max_data=1 << 20, session_idle=1e6, warm=False))
            for _ in range(count)
        ]
        session_id = await hubs[0].create_session()
        for hub in hubs:
            await stack.enter_async_context(hub.open_session(session_id))
        yield shared, hubs, session_id


async def play(tab: Tab, script: list[Any]) -> None:
    await tab.open(0, 1)
    for what, *rest in script:
        match what:
            case "say":
                tab.say(rest[0], rest[1], **rest[2])
            case "open":
                await tab.open(*rest)
            case "hide" if tab.present:
                await tab.hide(*rest)
            case "leave" if tab.present:
                await tab.leave(*rest)
            case "wait":
                await trio.sleep(rest[0])


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(scripts)
def test_whatever_pod_hears_it_all_pods_say_of_each_tab_what_it_said_last(plan: list[list[Any]]) -> None:
    async def main() -> None:
        async with opened() as (_, hubs, session_id), trio.open_nursery() as nursery:
            tabs = [Tab(public_id(f"tab {number}"), session_id, hubs, nursery) for number in range(len(plan))]
            async with trio.open_nursery() as playing:
                for tab, script in zip(tabs, plan, strict=True):
                    playing.start_soon(play, tab, script)
            await trio.sleep(SETTLED_SECONDS)
            expected = sorted((tab.element for tab in tabs if tab.present), key=lambda one: str(one["id"]))
            for number, hub in enumerate(hubs):
                assert await shown(hub, session_id) == (len(expected), expected), f"pod {number}"
            nursery.cancel_scope.cancel()

    trio.run(main, clock=MockClock(autojump_threshold=0))


async def test_what_a_tab_says_elsewhere_reaches_its_stream_and_nobody_else(autojump_clock: object) -> None:
    async with opened() as (shared, hubs, session_id):
        one, other, third = hubs
        async with one.subscribe(session_id, None, viewer=ANA, name="", url=""):
            problem = Problem("no tile", "stops", older=True)
            async with other.open_session(session_id) as there:
                await other.tab_says(there, Said(ANA, 1, {"name": "Ana"}, (problem,)))
                await other.tab_says(there, Said(ANA, 2, {"pointing": {"layer_id": "stops"}}))
                await other.tab_says(there, Said(BELL, 1, {"name": "Bell"}, (problem,)))
            await trio.sleep(2)
            ana = {"id": ANA, "name": "Ana", "kind": "person", "pointing": {"layer_id": "stops"}}
            for hub in hubs:
                assert await shown(hub, session_id) == (1, [ana])
            problems = [list(hub.held()[session_id].problems) for hub in hubs]
            assert problems == [[problem], [], []], "the pod that has the tab has its problems, once"
            shared.spread(Live(session_id, passed_on("pod", Said(ANA, 0, {"name": "Anna"}))))
            shared.spread(Live(session_id, passed_on("pod", Said(ANA, 1, {"name": "late"}, (problem,)))))
            await trio.sleep(2)
            assert await shown(third, session_id) == (1, [ana | {"name": "Anna"}])
            assert len(list(one.held()[session_id].problems)) == 1, "news that comes twice is one problem"


async def test_a_tab_that_is_away_is_heard_of_by_the_pod_that_counts_it(autojump_clock: object) -> None:
    async with opened(2) as (_, (one, other), session_id):
        async with other.open_session(session_id) as there:
            for tab in (ANA, BELL):
                async with one.subscribe(session_id, None, viewer=tab, name="", url=""):
                    await other.tab_says(there, Said(tab, 1, {"visible": False}))
                    await trio.sleep(1)
            await trio.sleep(1)
            assert (await shown(other, session_id))[0] == 2
            await other.tab_says(there, Said(ANA, 2, gone=True))
            await trio.sleep(1)
            assert [(await shown(hub, session_id))[0] for hub in (one, other)] == [1, 1]
            async with other.subscribe(session_id, None, viewer=BELL, name="", url=""):
                await trio.sleep(2)
                assert [(await shown(hub, session_id))[0] for hub in (one, other)] == [1, 1], "not twice"
            await trio.sleep(AWAY_SECONDS + 1)
            assert [(await shown(hub, session_id))[0] for hub in (one, other)] == [0, 0]


async def test_a_tab_whose_stream_is_here_is_told_to_nobody_but_its_end(autojump_clock: object) -> None:
    async with opened(2) as (shared, (one, _), session_id):
        async with one.subscribe(session_id, None, viewer=ANA, name="", url=""):
            await trio.sleep(1)
            heard: list[object] = []
            spread = shared.spread

            def listen(news: Any) -> None:
                heard.append(told.read_told(news.body))
                spread(news)

            shared.spread = listen  # type: ignore[method-assign]
            live = one.held()[session_id]
            await one.tab_says(live, Said(ANA, 1, {"pointing": {"layer_id": "a"}}))
            await trio.sleep(1)
            assert heard and not any(isinstance(one, told.PassedOn) for one in heard)
            await one.tab_says(live, Said(ANA, 2, gone=True))
            assert any(isinstance(one, told.PassedOn) and one.said.gone for one in heard)


@pytest.mark.parametrize(
    "body", [b"", b"{", b'{"pod":"p","tab":"' + ANA.encode() + b'","format":2,"later":1}']
)
async def test_what_a_pod_does_not_know_ends_nothing(autojump_clock: object, body: bytes) -> None:
    async with opened(2) as (shared, (one, other), session_id):
        async with one.subscribe(session_id, None, viewer=ANA, name="", url=""):
            shared.spread(Live(session_id, body))
            async with other.open_session(session_id) as there:
                await other.tab_says(there, Said(ANA, 1, {"name": "Ana"}))
            await trio.sleep(1)
            assert [viewer["name"] for viewer in (await shown(other, session_id))[1]] == ["Ana"]


async def test_a_tab_that_comes_again_before_its_old_line_ends_is_still_there(autojump_clock: object) -> None:
    async with opened(1) as (_, (hub,), session_id):
        async with AsyncExitStack() as old:
            await old.enter_async_context(hub.subscribe(session_id, None, viewer=ANA, name="", url=""))
            live = hub.held()[session_id]
            await hub.tab_says(live, Said(ANA, 1, gone=True))
            async with hub.subscribe(session_id, None, viewer=ANA, name="", url=""):
                await old.aclose()
                assert live.presence.count == 1
