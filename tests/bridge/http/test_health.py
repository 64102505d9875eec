"""Health says what is true, and asks no more of a server than it must: in virtual time."""

from __future__ import annotations

import trio
from trio.testing import wait_all_tasks_blocked

from mapsrv.bridge.sessions.health import PROBE_SECONDS, Health
from mapsrv.bridge.sessions.per_session import OwnChildren
from mapsrv.bridge.sessions.probe import FAILED_SECONDS, KEPT_SECONDS
from mapsrv.bridge.sessions.shared_child import SharedChild
from tests.bridge.kit.fake import Client, FakeFactory, message
from tests.bridge.sessions.test_shared_child import initialize, join, sharing


async def test_with_no_session_a_child_that_initialises_is_the_proof_and_is_kept(autojump_clock):
    factory = FakeFactory()
    health = Health(factory, None)
    assert await health.why_not(deep=False) is None
    assert len(factory.born) == 1 and not factory.children
    await trio.sleep(KEPT_SECONDS - 1)
    assert await health.why_not(deep=False) is None
    assert len(factory.born) == 1
    assert await health.why_not(deep=True) is None, "nobody listed the tools yet"
    assert "tools/list" in factory.born[1].methods()
    await trio.sleep(KEPT_SECONDS + 1)
    assert await health.why_not(deep=False) is None
    assert len(factory.born) == 3


async def test_what_cannot_start_or_initialise_is_not_healthy_until_it_can(autojump_clock):
    factory = FakeFactory()
    health = Health(factory, None)
    factory.stillborn = True
    assert "has ended" in (await health.why_not(deep=False) or "")
    factory.stillborn = False
    factory.refuses.update({"initialize": "No key.", "server/discover": "No such method."})
    await trio.sleep(FAILED_SECONDS + 1)
    assert "No key." in (await health.why_not(deep=False) or "")
    factory.refuses.clear()
    factory.deaf = True
    await trio.sleep(FAILED_SECONDS + 1)
    assert "did not answer" in (await health.why_not(deep=False) or "")
    factory.deaf = False
    await trio.sleep(FAILED_SECONDS + 1)
    assert await health.why_not(deep=False) is None


async def test_a_server_of_newer_revisions_alone_is_healthy(autojump_clock):
    factory = FakeFactory()
    factory.refuses["initialize"] = "There is no such method."
    assert await Health(factory, None).why_not(deep=True) is None


async def test_sessions_that_are_initialised_prove_it_unless_the_newest_failed(autojump_clock, nursery):
    factory = FakeFactory()
    health, own = Health(factory, None), OwnChildren(factory, nursery)
    port = own.join(Client().deliver, print)
    await port.send(message("initialize", 1, {}))
    await wait_all_tasks_blocked()
    assert await health.why_not(deep=False) is None
    assert len(factory.born) == 1, "nothing had to be tried"
    await trio.sleep(1)
    factory.stillborn = True
    own.join(Client().deliver, lambda error: None)
    await wait_all_tasks_blocked()
    assert await health.why_not(deep=False) is not None


async def test_many_who_ask_at_once_have_one_child_tried(autojump_clock):
    factory = FakeFactory()
    health = Health(factory, None)
    async with trio.open_nursery() as nursery:
        for _ in range(20):
            nursery.start_soon(health.why_not, True)
    assert len(factory.born) == 1


async def test_a_shared_child_is_healthy_while_it_works_and_not_when_it_hangs(autojump_clock):
    async with sharing() as (shared, factory):
        health = Health(factory, shared)
        port, client = join(shared)
        await initialize(port, client)
        assert await health.why_not(deep=True) is None
        factory.born[0].deaf = True
        await port.send(message("tools/call", 1))
        began = trio.current_time()
        assert await health.why_not(deep=True) is None, "it works for somebody: busy, not dead"
        assert trio.current_time() - began >= PROBE_SECONDS
        await port.send(message("notifications/cancelled", params={"requestId": 1}))
        assert "did not list its tools" in (await health.why_not(deep=True) or "")
        assert await health.why_not(deep=False) is None


async def test_a_subscription_does_not_make_a_child_that_hangs_a_busy_one(autojump_clock):
    async with sharing() as (shared, factory):
        port, client = join(shared)
        await initialize(port, client)
        factory.born[0].deaf = True
        await port.send(message("subscriptions/listen", 1))
        assert "did not list its tools" in (await Health(factory, shared).why_not(deep=True) or "")


async def test_a_shared_child_that_is_given_up_is_not_healthy(autojump_clock):
    async with sharing() as (shared, factory):
        health = Health(factory, shared)
        await initialize(*join(shared))
        factory.stillborn = True
        factory.born[0].crash()
        await trio.sleep(20)
        assert shared.backoff.is_open
        assert "has ended" in (await health.why_not(deep=False) or "")
        factory.stillborn = False
        await trio.sleep(60)
        assert await health.why_not(deep=False) is None


async def test_a_shared_child_that_nobody_initialised_yet_is_shown_by_another(autojump_clock):
    async with sharing() as (shared, factory):
        assert await Health(factory, shared).why_not(deep=False) is None
        assert [bool(child.heard) for child in factory.born] == [False, True]
        assert isinstance(shared, SharedChild) and shared.answer is None
