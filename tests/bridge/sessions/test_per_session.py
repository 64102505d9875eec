"""A child for each session, in virtual time; those of a pool are started ahead."""

from __future__ import annotations

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from mapsrv.bridge.children.exit_status import ChildEnded
from mapsrv.bridge.sessions.child_factory import Full
from mapsrv.bridge.sessions.per_session import OwnChildren
from tests.bridge.kit.fake import Client, FakeFactory, message


async def test_each_has_its_own_child_which_ends_with_it_and_it_with_the_child(autojump_clock, nursery):
    factory, gone = FakeFactory(), []
    own = OwnChildren(factory, nursery)
    first, second = (own.join(Client().deliver, gone.append) for _ in range(2))
    await wait_all_tasks_blocked()
    assert len(factory.children) == 2
    first.leave()
    await wait_all_tasks_blocked()
    assert len(factory.children) == 1 and factory.born[0].ended is not None
    factory.born[1].crash()
    await wait_all_tasks_blocked()
    assert len(gone) == 2 and not factory.children
    with pytest.raises(ChildEnded):
        await second.send(message("tools/list", 1))


async def test_no_more_children_run_than_may(nursery):
    factory = FakeFactory(most=2)
    own = OwnChildren(factory, nursery)
    for _ in range(2):
        own.join(Client().deliver, print)
    with pytest.raises(Full) as refused:
        own.join(Client().deliver, print)
    assert refused.value.status == 503 and refused.value.retry_after
    await wait_all_tasks_blocked()


async def test_a_pool_has_some_ready_and_replaces_what_is_taken_or_dies(autojump_clock, nursery):
    factory = FakeFactory()
    own = OwnChildren(factory, nursery, spare=2)
    nursery.start_soon(own.run)
    await wait_all_tasks_blocked()
    assert len(factory.born) == 2
    client = Client()
    port = own.join(client.deliver, print)
    await port.send(message("tools/call", 1))
    assert client.got[0]["result"]["child"] == 0, "the one that was started first"
    await wait_all_tasks_blocked()
    assert len(factory.born) == 3
    factory.born[1].crash()
    await trio.sleep(1)
    assert len(factory.born) == 4 and len(factory.children) == 3


async def test_a_pool_whose_children_die_at_once_does_not_start_them_in_a_hurry(autojump_clock, nursery):
    factory = FakeFactory()
    factory.stillborn = True
    nursery.start_soon(OwnChildren(factory, nursery, spare=2).run)
    await trio.sleep(600)
    assert len(factory.born) < 120
