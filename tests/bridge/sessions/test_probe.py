"""A child that is there to show that its server works is opened as all others are: real ones."""

from __future__ import annotations

import pytest
import trio

from mapsrv.bridge.sessions.child_factory import ChildFactory
from mapsrv.bridge.sessions.health import Health
from tests.bridge.kit.fake import FakeFactory
from tests.bridge.revisions.kit.joined import NEWER, OLDER, command


@pytest.mark.parametrize("program", [OLDER, NEWER])
async def test_a_server_of_either_era_is_healthy(program):
    factory = ChildFactory(command(program))
    with trio.fail_after(40):
        assert await Health(factory, None).why_not(deep=True) is None
    assert not factory.children


async def test_one_that_initialises_is_told_so_before_it_lists_its_tools(autojump_clock):
    factory = FakeFactory()
    assert await Health(factory, None).why_not(deep=True) is None
    assert factory.born[0].methods() == ["initialize", "notifications/initialized", "tools/list"]
