"""One child for all, in virtual time: started again, initialised again, given up for a while."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from mapsrv.bridge.children.exit_status import ChildEnded
from mapsrv.bridge.multiplexer.serializer import TURN_SECONDS
from mapsrv.bridge.sessions.backoff import CRASH_SECONDS, CRASHES
from mapsrv.bridge.sessions.shared_child import WAIT_SECONDS, SharedChild
from mapsrv.bridge.sessions.shared_port import SharedPort
from tests.bridge.kit.fake import Client, FakeFactory, message

HELLO = {"protocolVersion": "2025-11-25", "capabilities": {"roots": {}}, "clientInfo": {"name": "first"}}


@asynccontextmanager
async def sharing() -> AsyncIterator[tuple[SharedChild, FakeFactory]]:
    factory = FakeFactory()
    async with trio.open_nursery() as nursery:
        shared = SharedChild(factory, nursery)
        nursery.start_soon(shared.run)
        await wait_all_tasks_blocked()
        yield shared, factory
        nursery.cancel_scope.cancel()


def join(shared: SharedChild) -> tuple[SharedPort, Client]:
    client = Client()
    return SharedPort(shared, client.deliver), client


async def initialize(port: SharedPort, client: Client, **params: Any) -> dict[str, Any]:
    await port.send(message("initialize", 0, {**HELLO, **params}))
    with trio.fail_after(100):
        while not any(got.get("id") == 0 for got in client.got):  # noqa: ASYNC110
            await trio.sleep(0.01)
    await port.send(message("notifications/initialized"))
    return next(got for got in client.got if got.get("id") == 0)


async def test_only_the_first_client_initialises_and_all_are_told_what_it_was(autojump_clock):
    async with sharing() as (shared, factory):
        clients = [join(shared) for _ in range(3)]
        answers = [await initialize(port, client) for port, client in clients]
        assert all(answer["result"]["serverInfo"] == {"name": "fake"} for answer in answers)
        [child] = factory.born
        assert child.methods() == ["initialize", "notifications/initialized"]


async def test_a_client_of_an_older_revision_is_answered_in_its_own(autojump_clock):
    async with sharing() as (shared, factory):
        for revision, told in (("2025-11-25",) * 2, ("2025-03-26",) * 2, ("2030-01-01", "2025-11-25")):
            answer = await initialize(*join(shared), protocolVersion=revision)
            assert answer["result"]["protocolVersion"] == told


async def test_after_a_crash_calls_in_flight_fail_and_the_next_child_knows_all_that_the_last_did(
    autojump_clock,
):
    async with sharing() as (shared, factory):
        port, client = join(shared)
        other, others = join(shared)
        await initialize(port, client)
        await initialize(other, others, clientInfo={"name": "second"})
        await port.send(message("resources/subscribe", 1, {"uri": "file:///a"}))
        await other.send(message("logging/setLevel", 1, {"level": "debug"}))
        factory.born[0].deaf = True
        await port.send(message("tools/call", 2))
        factory.born[0].crash()
        await wait_all_tasks_blocked()
        assert "has ended" in client.got[-1]["error"]["message"] and client.got[-1]["id"] == 2
        await other.send(message("tools/call", 3, {"n": 1}))  # it waits for the next child
        [_, child] = factory.born
        assert child.methods() == [
            "initialize",
            "notifications/initialized",
            "resources/subscribe",
            "logging/setLevel",
            "tools/call",
        ]
        assert child.heard[0]["params"] == HELLO and child.heard[2]["params"] == {"uri": "file:///a"}
        changed = {f"notifications/{what}/list_changed" for what in ("tools", "prompts", "resources")}
        assert changed <= {got.get("method") for got in client.got}
        assert others.got[-1]["result"] == {"child": 1, "params": {"n": 1}}


async def test_it_is_started_again_later_and_later_and_given_up_for_a_minute(autojump_clock):
    async with sharing() as (shared, factory):
        port, client = join(shared)
        await initialize(port, client)
        factory.stillborn = True
        began, born = trio.current_time(), []
        factory.born[0].crash()
        while not shared.backoff.is_open:  # noqa: ASYNC110
            if len(factory.born) > len(born) + 1:
                born.append(trio.current_time() - began)
            await trio.sleep(0.001)
        assert len(factory.born) == CRASHES
        pauses = [later - earlier for earlier, later in zip([0.0, *born], born)]
        for n, pause in enumerate(pauses):
            assert 0.05 * 2**n <= pause <= 0.16 * 2**n, pauses
        asked = trio.current_time()
        with pytest.raises(ChildEnded, match="has ended"):
            await port.send(message("tools/call", 1))
        assert trio.current_time() == asked, "nobody waits for what is not tried"
        factory.stillborn = False
        await trio.sleep(CRASH_SECONDS + 1)
        await port.send(message("tools/call", 2))
        assert client.got[-1]["id"] == 2 and "result" in client.got[-1]


async def test_who_calls_while_it_starts_waits_a_little_and_is_then_refused(autojump_clock):
    async with sharing() as (shared, factory):
        port, client = join(shared)
        await initialize(port, client)
        factory.deaf = True
        factory.born[0].crash()
        await wait_all_tasks_blocked()
        began = trio.current_time()
        with pytest.raises(ChildEnded):
            await port.send(message("tools/call", 1))
        assert trio.current_time() - began == pytest.approx(WAIT_SECONDS)


async def test_a_first_client_that_is_refused_does_not_spoil_it_for_the_next(autojump_clock):
    async with sharing() as (shared, factory):
        factory.born[0]._refuses["initialize"] = "Not this one."
        answer = await initialize(*join(shared))
        assert answer["error"]["message"] == "Not this one."
        del factory.born[0]._refuses["initialize"]
        assert "result" in await initialize(*join(shared))


async def test_a_child_that_asks_is_given_one_callers_calls_at_a_time(autojump_clock):
    async with sharing() as (shared, factory):
        ports = [join(shared) for _ in range(3)]
        for port, client in ports:
            await initialize(port, client)
        child = factory.born[0]
        child.deaf = True
        (one, first), (two, second), (three, _) = ports
        await one.send(message("tools/call", 1))
        child.say(id="q", method="roots/list")
        await one.send(message("tools/call", 2))
        await two.send(message("tools/call", 1))
        await two.send(message("tools/call", 2))
        await three.send(message("tools/call", 9))
        await two.send(message("notifications/cancelled", params={"requestId": 2}))
        await two.send(message("tools/list", 3))
        await wait_all_tasks_blocked()
        calls = child.calls()
        assert len(calls) == 2 and "tools/list" in child.methods(), "what cannot ask need not wait"
        child.say(id="r", method="roots/list")
        assert [got["id"] for got in first.got[1:]] == ["q", "r"]
        for call in calls:
            child.say(id=call["id"], result={})
        await wait_all_tasks_blocked()
        child.say(id="s", method="roots/list")
        assert second.got[-1]["id"] == "s"
        three.leave()
        child.say(id=child.calls()[-1]["id"], result={})
        await wait_all_tasks_blocked()
        assert child.methods().count("tools/call") == 3


async def test_nobody_waits_for_ever_for_anothers_call(autojump_clock):
    async with sharing() as (shared, factory):
        (one, first), (two, second) = join(shared), join(shared)
        await initialize(one, first)
        await initialize(two, second)
        child = factory.born[0]
        child.deaf = True
        await one.send(message("tools/call", 1))
        child.say(id="q", method="roots/list")
        child.deaf = False
        await two.send(message("tools/call", 2))
        began = trio.current_time()
        while second.got[-1]["id"] != 2:  # noqa: ASYNC110
            await trio.sleep(0.1)
        assert trio.current_time() - began == pytest.approx(TURN_SECONDS, abs=1)


async def test_who_left_is_told_nothing_more_and_the_child_lives_on(autojump_clock):
    async with sharing() as (shared, factory):
        port, client = join(shared)
        await port.send(message("initialize", 0, HELLO))
        port.leave()
        await wait_all_tasks_blocked()
        assert client.got == [] and factory.born[0].ended is None
