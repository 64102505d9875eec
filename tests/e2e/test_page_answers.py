"""What a call itself tells a model of what a real browser shows: problems by cause, waits, a picture."""

from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
import trio
from playwright.sync_api import Page, expect
from pmtiles.tile import TileType

from tests.e2e.conftest import DRAWN, opened, rendered
from tests.e2e.kit.elsewhere import archive, picture, serving, vector_tile
from tests.e2e.kit.pixels import Picture
from tests.e2e.kit.server import Server, call, client, running, wait_until
from tests.kit.ports import free_port

RED = (255, 0, 0)
WAIT_SECONDS = 2.0  # --wait-for-viewer
SLACK_SECONDS = 4.0  # that a busy machine may take besides
DOT = {"type": "Point", "coordinates": [0, 0]}
DOTS = {"type": "Feature", "geometry": DOT, "properties": {"name": "a", "people": "many"}}
WORLD = (-180, -85, 180, 85)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("answers")) as server:
        yield server


def do(server: Server, session_id: str, tool: str, **arguments: Any) -> dict[str, Any]:
    [told] = call(server, "http", (tool, {"session_id": session_id, **arguments}))
    return told


def a_watched_map(server: Server, page: Page, zoom: float = 2) -> str:
    """Return a map that a page shows which answers what it is asked."""
    session_id = server.new_map()
    server.command(session_id, "set_map_view", center=[0, 0], zoom=zoom)
    opened(page, f"{server.url}/?session={session_id}")
    wait_until(
        lambda: do(server, session_id, "set_basemap", name="none").get("shown") or _again(server, session_id)
    )
    return session_id


def _again(server: Server, session_id: str) -> None:
    do(server, session_id, "set_basemap", name="natural-earth")


def problem_of(server: Server, session_id: str, told: dict[str, Any], layer: str) -> dict[str, Any]:
    """Return what the call says could not be drawn; where it says that it waits still, what is said then."""

    def problems() -> list[dict[str, Any]]:
        state = do(server, session_id, "get_map_state")
        return [one for one in state["problems"] if one["layer_id"] == layer]

    assert told.get("shown", {}).get("applied"), told
    [problem] = wait_until(problems) if layer in told["shown"]["waiting"] else told["problems"]
    found: dict[str, Any] = problem
    return found


def test_a_call_waits_until_the_page_shows_it_and_no_longer(server: Server, page: Page) -> None:
    session_id = a_watched_map(server, page)
    told = do(server, session_id, "add_layer", id="dots", source=DOTS)
    assert told["shown"] == {"applied": True, "waiting": []} and "problems" not in told
    assert page.evaluate("mapsrv.map.getLayer('dots') !== undefined && mapsrv.map.isSourceLoaded('dots')")
    painted = do(server, session_id, "set_layer_paint", layer_id="dots", properties={"opacity": 0.5})
    assert painted["shown"]["applied"]


def test_a_broken_address_of_each_kind_is_told_by_the_call_that_named_it(server: Server, page: Page) -> None:
    session_id = a_watched_map(server, page)
    files = {
        "/page.geojson": b"<!doctype html><p>Log in",
        "/other.geojson": b'{"type": "Topology"}',
    }
    with serving(files) as elsewhere, serving({"/x.geojson": b"{}"}, cors=False) as closed:
        wrong: list[tuple[str, Any, str]] = [
            ("missing", f"{elsewhere.url}/none.geojson", "404"),
            ("page", f"{elsewhere.url}/page.geojson", "web page"),
            ("topology", f"{elsewhere.url}/other.geojson", "GeoJSON"),
            ("closed", f"{closed.url}/x.geojson", "CORS"),
            ("dead", f"http://127.0.0.1:{free_port()}/x.geojson", "cannot be reached"),
            ("archive", f"{elsewhere.url}/none.pmtiles", "404"),
            ("tiles", elsewhere.url + "/{z}/{x}/{y}.png", "404"),
        ]
        for layer, source, expected in wrong:
            more = {"type": "raster"} if layer == "archive" else {}
            told = do(server, session_id, "add_layer", id=layer, source=source, **more)
            problem = problem_of(server, session_id, told, layer)
            assert problem["layer_id"] == layer and expected in problem["text"], problem
            assert problem["fix"] and (layer == "archive" or source in problem["text"])
    state = do(server, session_id, "get_map_state")
    assert {one["layer_id"] for one in state["problems"]} == {layer for layer, _, _ in wrong}
    told = do(server, session_id, "add_layer", id="missing", source=DOTS)
    assert "problems" not in told
    wait_until(
        lambda: "missing"
        not in {one["layer_id"] for one in do(server, session_id, "get_map_state")["problems"]}
    )


@pytest.mark.parametrize("header", [True, False])
def test_an_unknown_source_layer_is_told_with_those_that_there_are(
    server: Server, page: Page, header: bool
) -> None:
    session_id = a_watched_map(server, page, zoom=0)
    tile = vector_tile("squares", "world")
    layers = [{"id": "fill", "type": "fill", "source-layer": "square", "paint": {"fill-color": "#ff0000"}}]
    about = {"vector_layers": [{"id": "squares", "fields": {"name": "String"}}]}
    files = {"/x.pmtiles": archive(TileType.MVT, {(0, 0, 0): tile}, WORLD, **about), "/0/0/0.pbf": tile}
    with serving(files) as elsewhere:
        tiles = {"type": "vector", "tiles": [elsewhere.url + "/{z}/{x}/{y}.pbf"], "maxzoom": 0}
        source = f"{elsewhere.url}/x.pmtiles" if header else tiles
        told = do(server, session_id, "add_layer", id="squares", source=source, layers=layers)
        problem = problem_of(server, session_id, told, "squares")
        assert problem["layer_id"] == "squares" and '"square"' in problem["text"]
        assert "squares" in problem["text"].partition("there are:")[2]
        layers[0]["source-layer"] = "squares"
        told = do(server, session_id, "add_layer", id="squares", source=source, layers=layers)
        assert "problems" not in told, told
        page.wait_for_function(rendered("fill", 1), timeout=DRAWN)


def test_an_answer_that_is_out_is_named_and_not_waited_for_again(server: Server, page: Page) -> None:
    session_id = a_watched_map(server, page)
    free = threading.Event()

    def late(path: str) -> bytes:
        free.wait(60)
        return json.dumps(DOTS).encode()

    with serving(late) as elsewhere:
        began = time.monotonic()
        told = do(server, session_id, "add_layer", id="slow", source=f"{elsewhere.url}/x.geojson")
        assert time.monotonic() - began < WAIT_SECONDS + SLACK_SECONDS
        assert told["shown"] == {"applied": True, "waiting": ["slow"]}
        again = do(server, session_id, "set_layer_paint", layer_id="slow", properties={"opacity": 0.5})
        assert again["shown"]["waiting"] == ["slow"]

        def problems() -> Any:
            return do(server, session_id, "get_map_state")["problems"]

        [problem] = wait_until(problems, 30)
        assert problem["layer_id"] == "slow" and "not answered" in problem["text"]
        free.set()
        wait_until(lambda: not problems(), 30)


def test_a_missing_image_and_an_expression_that_fails_are_told(server: Server, page: Page) -> None:
    session_id = a_watched_map(server, page)
    icon = [{"id": "icon", "type": "symbol", "layout": {"icon-image": "bus"}}]
    with serving({"/x.geojson": json.dumps(DOTS).encode()}) as elsewhere:
        source = f"{elsewhere.url}/x.geojson"
        do(server, session_id, "add_layer", id="icons", source=source, layers=icon)
        radius = ["number", ["get", "people"]]
        circles = [{"id": "circles", "type": "circle", "paint": {"circle-radius": radius}}]
        do(server, session_id, "add_layer", id="circles", source=source, layers=circles)

        def told() -> dict[str, str]:
            found = do(server, session_id, "get_map_state")["problems"]
            return {one["layer_id"]: one["text"] for one in found}

        wait_until(lambda: len(told()) == 2, 30)
    assert '"bus"' in told()["icons"]
    assert "circle-radius" in told()["circles"] and "number" in told()["circles"]


def test_with_nobody_watching_an_address_is_said_not_to_be_checked(server: Server) -> None:
    session_id = server.new_map()
    began = time.monotonic()
    told = do(server, session_id, "add_layer", id="a", source="http://127.0.0.1:9/x.geojson")
    assert time.monotonic() - began < WAIT_SECONDS + SLACK_SECONDS and "shown" not in told
    assert any("nobody is watching" in warning for warning in told["warnings"])


def seen(server: Server, session_id: str) -> tuple[dict[str, Any], bytes | None]:
    async def main() -> tuple[dict[str, Any], bytes | None]:
        with trio.fail_after(60):
            async with client(server, "http") as session:
                result = await session.call_tool("get_map_screenshot", {"session_id": session_id})
                images = [item for item in result.content if item.type == "image"]
                png = base64.b64decode(images[0].data) if images else None
                return result.structured_content or {}, png

    return trio.run(main)


def test_a_picture_shows_what_was_drawn_and_the_person_who_looked(server: Server, page: Page) -> None:
    session_id = a_watched_map(server, page)
    paint = {"circle-color": "#ff0000", "circle-radius": 60}
    layers = [{"id": "dots", "type": "circle", "paint": paint}]
    do(server, session_id, "add_layer", id="dots", source=DOTS, layers=layers)
    told, png = seen(server, session_id)
    assert png is not None and told["view"]["zoom"] == pytest.approx(2, abs=0.01)
    picture = Picture(png)
    assert RED in picture.colours() and max(picture.width, picture.height) <= 1200 and len(png) <= 512 * 1024
    expect(page.locator("#looked")).to_contain_text("looked at the map")
    page.close()
    wait_until(lambda: do(server, session_id, "get_map_state")["viewers"] == 0, 30)
    told, png = seen(server, session_id)
    assert png is None and "Nobody is watching" in told["picture"] and "dots" in str(told["in_words"])


def test_a_page_on_one_pod_is_asked_by_another(pods: list[Server], page: Page) -> None:
    home, other = pods
    session_id = a_watched_map(home, page)
    wait_until(lambda: do(other, session_id, "open_map")["viewers"], 30)
    told = do(other, session_id, "add_layer", id="dots", source=DOTS)
    assert told["shown"] == {"applied": True, "waiting": []}
    _told, png = seen(other, session_id)
    assert png is not None and png.startswith(picture(RED)[:8])


@pytest.mark.parametrize("kind", ["pmtiles", "tilejson", "template"])
def test_tiles_without_layers_are_answered_with_a_call_that_draws_them(
    server: Server, page: Page, kind: str
) -> None:
    session_id = a_watched_map(server, page, zoom=0)
    tile = vector_tile("squares", "world")
    about = {"vector_layers": [{"id": "squares", "fields": {"name": "String"}}]}
    files = {"/x.pmtiles": archive(TileType.MVT, {(0, 0, 0): tile}, WORLD, **about), "/0/0/0.pbf": tile}
    with serving(files) as elsewhere:
        template = elsewhere.url + "/{z}/{x}/{y}.pbf"
        header = {"tilejson": "3.0.0", "tiles": [template], "maxzoom": 0, **about}
        files["/t.json"] = json.dumps(header).encode()
        source = {
            "pmtiles": f"{elsewhere.url}/x.pmtiles",
            "tilejson": {"type": "vector", "url": f"{elsewhere.url}/t.json"},
            "template": {"type": "vector", "tiles": [template], "maxzoom": 0},
        }[kind]
        error = refused(server, session_id, "add_layer", id="squares", source=source)
        [layer] = error["source_layers"]
        assert layer["id"] == "squares" and layer["geometry"] == "Polygon"
        assert layer["fields"].keys() == {"name"}
        ready = json.loads(error["message"].partition("Call add_layer with: ")[2])
        told = do(server, session_id, **{"tool": "add_layer", **ready})
        assert told["shown"]["applied"] and "problems" not in told
        assert page.evaluate("mapsrv.map.getSource('mapsrv:read') === undefined")
        page.wait_for_function(rendered("squares", 1), timeout=DRAWN)
    assert page.evaluate("mapsrv.problems()") == []


def refused(server: Server, session_id: str, tool: str, **arguments: Any) -> dict[str, Any]:
    async def main() -> dict[str, Any]:
        with trio.fail_after(60):
            async with client(server, "http") as session:
                result = await session.call_tool(tool, {"session_id": session_id, **arguments})
                assert result.is_error
                found: dict[str, Any] = (result.structured_content or {})["error"]
                return found

    return trio.run(main)
