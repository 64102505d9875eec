"""What a call that draws says of what a browser shows; without a browser it never waits."""

from __future__ import annotations

from typing import Any

import pytest
import trio

from mapsrv.hub.hub import Hub
from mapsrv.tools.results import Result
from mapsrv.tools.run import Tools
from mapsrv.tools.viewer import UNANSWERED, UNWATCHED
from tests.hub.kit.page import LATE, open_page
from tests.tools.conftest import POINT, Desk

ADDRESS = "https://example.org/b.geojson"
WAIT = 2.0


@pytest.fixture
def desk(hub: Hub) -> Desk:
    return Desk(hub, Tools(hub, wait_for_viewer=WAIT))


async def add(desk: Desk, session: str, source: Any = ADDRESS, layer: str = "roads") -> Result:
    return await desk.call("add_layer", id=layer, source=source, session_id=session)


async def test_with_nobody_there_it_does_not_wait_and_says_so_of_addresses(
    desk: Desk, autojump_clock: object
) -> None:
    session = await desk.new_map()
    began = trio.current_time()
    told = await add(desk, session)
    assert trio.current_time() == began
    assert UNWATCHED in told.structured["warnings"] and UNWATCHED in told.text
    assert "shown" not in told.structured
    own = await add(desk, session, POINT)
    assert UNWATCHED not in own.structured["warnings"]


async def test_an_older_page_is_not_waited_for(desk: Desk, hub: Hub, autojump_clock: object) -> None:
    session = await desk.new_map()
    async with hub.subscribe(session, None, viewer="older", name="", url=""):
        began = trio.current_time()
        told = await add(desk, session)
        assert trio.current_time() == began and UNANSWERED in told.structured["warnings"]


async def test_what_the_page_shows_and_what_failed_is_in_the_receipt(
    desk: Desk, hub: Hub, autojump_clock: object
) -> None:
    session = await desk.new_map()
    async with open_page(hub, session) as page:
        fine = await add(desk, session, POINT, "dots")
        assert fine.structured["shown"] == {"applied": True, "waiting": []}
        assert "problems" not in fine.structured and "A browser shows it." in fine.text
        line = {"layer_id": "roads", "text": f'404 from {ADDRESS}. "Do this"', "fix": "Check it.", "count": 1}
        page.problems = [line, {"layer_id": "dots", "text": "another's", "count": 1}]
        told = await add(desk, session)
        assert told.structured["problems"] == [line]
        assert 'Problem with roads: "404 from' in told.text and '\\"Do this\\" Check it."' in told.text
        assert page.asked[-1]["wait"] == ["roads"]


async def test_what_still_loads_is_named_and_not_waited_for_again(
    desk: Desk, hub: Hub, autojump_clock: object
) -> None:
    session = await desk.new_map()
    async with open_page(hub, session) as page:
        page.loading = ["roads"]
        told = await add(desk, session)
        assert told.structured["shown"] == {"applied": True, "waiting": ["roads"]}
        assert "Still loading: roads." in told.text
        paint = {"layer_id": "roads", "properties": {"opacity": 0.5}, "session_id": session}
        await desk.call("set_layer_paint", **paint)
        assert page.asked[-1]["wait"] == []
        page.loading = []
        await add(desk, session, "https://example.org/other.geojson")
        assert page.asked[-1]["wait"] == ["roads"], "another source may be faster"
        await desk.call("toggle_layer", layer_id="roads", action="hide", session_id=session)
        assert page.asked[-1]["wait"] == ["roads"]


async def test_a_page_that_does_not_answer_costs_the_wait_twice(
    desk: Desk, hub: Hub, autojump_clock: object
) -> None:
    session = await desk.new_map()
    async with open_page(hub, session) as page:
        page.delay = LATE
        took = []
        for number in range(3):
            began = trio.current_time()
            told = await add(desk, session, layer=f"roads-{number}")
            took.append(round(trio.current_time() - began, 3))
            assert UNANSWERED in told.structured["warnings"]
        assert took == [WAIT, WAIT, 0]


async def test_what_draws_nothing_is_not_asked_about(desk: Desk, hub: Hub, autojump_clock: object) -> None:
    session = await desk.new_map()
    await add(desk, session, POINT)
    async with open_page(hub, session) as page:
        await desk.call("open_map", title="Zug", session_id=session)
        await desk.call("toggle_layer", layer_id="roads", action="show", session_id=session)  # as it is
        await desk.call("get_map_state", session_id=session)
        assert page.asked == []
        await desk.call("set_map_view", center=[8, 47], zoom=5, session_id=session)
        assert [asked["wait"] for asked in page.asked] == [[]]


async def test_while_it_waits_its_author_goes_on(desk: Desk, hub: Hub, autojump_clock: object) -> None:
    session = await desk.new_map()
    async with open_page(hub, session) as page:
        page.delay = 1.0
        began = trio.current_time()
        async with trio.open_nursery() as nursery:
            for number in range(5):
                nursery.start_soon(add, desk, session, POINT, f"dots-{number}")
        assert trio.current_time() - began == pytest.approx(1.0)
