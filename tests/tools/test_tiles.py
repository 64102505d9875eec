"""Vector tiles that are added without layers: what a page reads in them comes with a call that is ready."""

from __future__ import annotations

from typing import Any

import pytest

from mapsrv.errors import InvalidArgument
from mapsrv.hub.hub import Hub
from mapsrv.tools.results import error_result
from mapsrv.tools.run import Tools
from tests.hub.kit.page import LATE, open_page
from tests.tools.conftest import Desk

URL = "https://example.org/x.pmtiles"
TILES = {"type": "vector", "tiles": [f"https://{n}.example.org/{{z}}/{{x}}/{{y}}" for n in range(9)]}
ROADS = {"id": "roads", "fields": {"name": "String"}, "geometry": "LineString", "zooms": [4, 14]}
LAYERS = [ROADS, {"id": "water", "fields": {}, "geometry": "Polygon"}, {"id": "odd", "fields": {}}]


@pytest.fixture
def desk(hub: Hub) -> Desk:
    return Desk(hub, Tools(hub, wait_for_viewer=2.0))


async def refused(desk: Desk, session: str, source: Any = URL) -> dict[str, Any]:
    with pytest.raises(InvalidArgument) as error:
        await desk.call("add_layer", id="streets", source=source, session_id=session)
    return error_result(error.value).structured["error"]


async def test_the_answer_lists_the_source_layers_and_a_call_that_draws_them(
    desk: Desk, hub: Hub, autojump_clock: object
) -> None:
    session = await desk.new_map()
    async with open_page(hub, session) as page:
        page.read = {"kind": "vector", "layers": LAYERS}
        for source in (URL, TILES):
            told = await refused(desk, session, source)
            assert told["code"] == "invalid_argument" and told["source_layers"] == LAYERS
            ready = told["message"].partition("Call add_layer with: ")[2]
            await desk.call("add_layer", session_id=session, **_json(ready))
        types = [one["type"] for one in hub.held()[session].state.layers["streets"].style_layers]
        assert types == ["line", "fill", "line"]
        assert page.asked[0]["read"] == {"type": "vector", "url": f"pmtiles://{URL}"}
        [tiles] = [ask["read"]["tiles"] for ask in page.asked if "tiles" in ask.get("read", {})]
        assert tiles == TILES["tiles"][:1]


def _json(text: str) -> Any:
    import json

    return json.loads(text)


async def test_pictures_are_said_to_be_pictures(desk: Desk, hub: Hub, autojump_clock: object) -> None:
    session = await desk.new_map()
    async with open_page(hub, session) as page:
        page.read = {"kind": "raster", "layers": []}
        assert '"type": "raster"' in (await refused(desk, session))["message"]


async def test_without_a_page_or_an_answer_the_refusal_is_as_it_was(
    desk: Desk, hub: Hub, autojump_clock: object
) -> None:
    session = await desk.new_map()
    assert "browser" in (await refused(desk, session))["message"]
    async with open_page(hub, session) as page:
        told = await refused(desk, session)
        assert "source_layers" not in told and "found no vector tiles" in told["message"]
        page.delay = LATE
        assert "source_layers" not in await refused(desk, session)
    off = Desk(hub, Tools(hub))
    assert "browser" not in (await refused(off, session))["message"]


async def test_our_own_routes_are_read_by_no_page(desk: Desk, hub: Hub, autojump_clock: object) -> None:
    from mapsrv.asgi.origin_guard import OriginGuard
    from mapsrv.prepare.refused_addresses import OwnRoutes

    desk.tools = Tools(
        hub, own=OwnRoutes(OriginGuard("127.0.0.1", port=8081), ("/state",)), wait_for_viewer=2.0
    )
    session = await desk.new_map()
    async with open_page(hub, session) as page:
        source = {"type": "vector", "url": f"http://127.0.0.1:8081/state?session={session}"}
        await refused(desk, session, source)
        assert page.asked == []
