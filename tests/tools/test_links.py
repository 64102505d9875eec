"""A local caller's links have a token while nobody watches, and once more where no browser took it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
import trio

from mapsrv.hub.hub import Hub
from mapsrv.local.front import FRAGMENT, PATIENCE_SECONDS, Front, parted
from mapsrv.tools.run import Tools
from tests.tools.conftest import BASE, Desk

CALLS = (("open_map", {}), ("get_map_state", {}), ("set_map_view", {"zoom": 3}))


@pytest.fixture
def front() -> Front:
    return Front()


@pytest.fixture
def own(hub: Hub, front: Front) -> Desk:
    """A caller over stdio."""
    return Desk(hub, Tools(hub, front), local=True)


@asynccontextmanager
async def watching(hub: Hub, session_id: str) -> AsyncIterator[None]:
    """Have a tab that proves nothing show the map."""
    async with hub.subscribe(session_id, None, viewer="tab", name="", url=""):
        yield


@pytest.mark.parametrize(("tool", "arguments"), CALLS)
async def test_each_answer_has_a_token_of_its_own_while_nobody_watches(
    own: Desk, front: Front, tool: str, arguments: dict[str, object]
) -> None:
    session_id = await own.new_map()
    seen = set()
    for _ in range(2):
        result = await own.call(tool, session_id=session_id, **arguments)
        link, token = parted(result.structured["url"])
        assert link == f"{BASE}/?session={session_id}" and result.unseen == result.structured["url"]
        assert result.unseen in result.text + result.note
        assert front.trade(token) and token not in seen
        seen.add(token)


async def test_nobody_but_a_local_caller_is_given_a_token(own: Desk, desk: Desk, hub: Hub) -> None:
    session_id = await hub.create_session()
    for caller in (replace(own, local=False), replace(desk, local=True)):  # the latter's server gives none
        for tool, arguments in CALLS:
            result = await caller.call(tool, session_id=session_id, **arguments)
            assert FRAGMENT not in f"{result.structured}{result.text}{result.note}{result.unseen}"


async def test_a_link_with_a_token_names_its_map_to_a_tool(own: Desk) -> None:
    told = (await own.call("open_map", new=True)).structured
    named = await own.call("list_layers", session_id=told["url"])
    assert named.structured["session_id"] == told["session_id"]


@pytest.mark.parametrize(("tool", "arguments"), CALLS)
async def test_a_browser_that_took_no_token_is_told_of_once(
    own: Desk, hub: Hub, front: Front, tool: str, arguments: dict[str, object], autojump_clock: object
) -> None:
    session_id = await own.new_map()
    async with watching(hub, session_id):
        soon = await own.call(tool, session_id=session_id, **arguments)
        assert FRAGMENT not in soon.note + soon.text, "its page may still be on its way"
        await trio.sleep(PATIENCE_SECONDS)
        late = await own.call(tool, session_id=session_id, **arguments)
        assert "in no browser that is known" in late.note
        assert FRAGMENT not in str(late.structured) and late.unseen is None
        assert front.trade(parted(late.note)[1])
        assert (await own.call(tool, session_id=session_id, **arguments)).note == ""


async def test_a_map_that_its_user_shows_is_told_of_no_more(
    own: Desk, hub: Hub, front: Front, autojump_clock: object
) -> None:
    session_id = await own.new_map()
    async with watching(hub, session_id):
        front.shown(session_id)
        await trio.sleep(PATIENCE_SECONDS + 1)
        assert (await own.call("get_map_state", session_id=session_id)).note == ""
