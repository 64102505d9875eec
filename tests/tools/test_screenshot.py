"""get_map_screenshot: a picture as MCP has it, or the map in words."""

from __future__ import annotations

import base64
import json
from typing import Any

from mapsrv.hub.hub import Hub
from mapsrv.tools.publish import _to_mcp
from mapsrv.tools.screenshot import NOBODY, NONE_CAME
from tests.hub.kit.page import Page, open_page
from tests.hub.test_pictures import PNG, VIEW, gives
from tests.tools.conftest import POINT, Desk
from tests.transports.kit.serving import CLIENT_LEAKS, connected

pytestmark = CLIENT_LEAKS


async def a_map(desk: Desk) -> str:
    session = await desk.new_map(title="Zug")
    await desk.call("add_layer", id="dots", title="Dots", source=POINT, session_id=session)
    await desk.call("add_layer", id="roads", source=POINT, session_id=session)
    await desk.call("toggle_layer", layer_id="roads", action="hide", session_id=session)
    return session


async def test_nobody_watching_it_is_told_in_words(desk: Desk) -> None:
    session = await a_map(desk)
    told = await desk.call("get_map_screenshot", session_id=session)
    assert told.picture is None and told.structured["picture"] == NOBODY
    basemap, count, roads, dots = told.structured["in_words"]
    camera = (await desk.call("get_map_state", session_id=session)).structured["camera"]
    assert "natural-earth" in basemap and json.loads(basemap.partition("looking at ")[2]) == camera
    assert count.startswith("2 layers")
    assert "roads" in roads and "hidden" in roads, "the top one first"
    assert '"Dots" (dots: circle' in dots and "hidden" not in dots


async def test_the_picture_comes_with_the_view_it_shows_and_who_looked(desk: Desk, hub: Hub) -> None:
    session = await a_map(desk)
    async with open_page(hub, session) as page:
        gives(page, hub)
        told = await desk.call("get_map_screenshot", session_id=session)
        assert told.picture == PNG and told.structured["view"] == VIEW
        assert page.asked[0]["picture"] == "tester"
        [text, image] = _to_mcp(told).content
        assert image.type == "image" and image.mime_type == "image/png"
        assert base64.b64decode(image.data) == PNG and '"view"' in text.text


async def test_the_one_in_front_is_asked_by_its_own_user(
    hub: Hub, desk: Desk, autojump_clock: object
) -> None:
    session = await a_map(desk)
    async with open_page(hub, session, "a") as other, open_page(hub, session, "b") as front:
        for page in (other, front):
            gives(page, hub)
        async with hub.open_session(session) as live:
            live.presence.told(front.tab, {"visible": True}, number=9, own=True)
        await desk.call("get_map_screenshot", session_id=session)
        assert (len(other.asked), len(front.asked)) == (1, 0)
        desk.local = True
        await desk.call("get_map_screenshot", session_id=session)
        assert (len(other.asked), len(front.asked)) == (1, 1)


async def test_a_page_that_gives_none_is_told_so(desk: Desk, hub: Hub, autojump_clock: object) -> None:
    session = await a_map(desk)
    async with open_page(hub, session):
        told = await desk.call("get_map_screenshot", session_id=session)
        assert told.picture is None and told.structured["picture"] == NONE_CAME


async def test_a_client_gets_it_as_an_image(served: Any) -> None:
    session = await served.hub.create_session()
    async with open_page(served.hub, session) as page, connected(served.base, "http") as client:
        gives(page, served.hub)
        result = await client.call_tool("get_map_screenshot", {"session_id": session})
        assert [one.type for one in result.content] == ["text", "image"]
        assert isinstance(page, Page) and len(page.asked) == 1
