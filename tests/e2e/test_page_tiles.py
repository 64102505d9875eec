"""What the browser itself fetches from elsewhere, PMTiles, tiles and GeoJSON by address, is drawn."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from pmtiles.tile import TileType

from tests.e2e.conftest import DRAWN, opened, rendered, where
from tests.e2e.kit.elsewhere import archive, picture, serving, vector_tile
from tests.e2e.kit.pixels import pixel
from tests.e2e.kit.server import Server, call, running, wait_until

RED, GREEN, BLUE = (255, 0, 0), (0, 255, 0), (0, 0, 255)
WORLD = (-180, -85, 180, 85)
EAST = (90, 0, 180, 66)  # the tile 2/3/1, in whole degrees
HACK = '<img src=x onerror="window.hacked=true">'
PLACES = {
    "type": "FeatureCollection",
    "features": [
        {"type": "Feature", "properties": {"n": n}, "geometry": {"type": "Point", "coordinates": [lng, 10]}}
        for n, lng in enumerate((0, 10))
    ],
}
SPOTS = [{"id": "spots", "type": "circle", "paint": {"circle-color": "#0000ff", "circle-radius": 20}}]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("tiles")) as server:
        yield server


def a_map(server: Server, page: Page, zoom: float = 2) -> str:
    session_id = server.new_map()
    server.command(session_id, "set_map_view", center=[0, 0], zoom=zoom)
    opened(page, f"{server.url}/?session={session_id}")
    return session_id


def colour_at(page: Page, lng: float, lat: float, colour: tuple[int, int, int]) -> None:
    wait_until(lambda: pixel(page, *where(page, lng, lat)) == colour, 30)


def middle_of(page: Page, what: str) -> tuple[int, int, int] | None:
    """Return the colour in the middle of an element; None: it is not there."""
    if not (box := page.locator(what).count() and page.locator(what).bounding_box()):
        return None
    return pixel(page, round(box["x"] + box["width"] / 2), round(box["y"] + box["height"] / 2))


def problems(server: Server, session_id: str) -> list[dict[str, Any]]:
    [state] = call(server, "http", ("get_map_state", {"session_id": session_id}))
    found: list[dict[str, Any]] = state["problems"]
    return found


def test_vector_tiles_of_a_pmtiles_archive_are_drawn(server: Server, page: Page) -> None:
    session_id = a_map(server, page)
    east = {(0, 0, 0): "world", (1, 1, 0): "east", (2, 3, 1): "east"}
    tiles = {tile: vector_tile("squares", name) for tile, name in east.items()}
    layers = [
        {"id": "fill", "type": "fill", "source-layer": "squares", "paint": {"fill-color": "#ff0000"}},
        {"id": "other", "type": "fill", "source-layer": "circles", "paint": {"fill-color": "#00ff00"}},
    ]
    file = archive(TileType.MVT, tiles, EAST, attribution=f"By Somebody {HACK}")
    with serving({"/x.pmtiles": file}) as elsewhere:
        source = f"{elsewhere.url}/x.pmtiles"
        server.command(session_id, "add_layer", id="squares", title="Squares", source=source, layers=layers)
        expect(page.locator("#layers .name")).to_have_text(["Squares"])
        page.wait_for_function("() => mapsrv.map.isSourceLoaded('squares')", timeout=DRAWN)
        page.get_by_role("button", name="More: Squares").click()
        page.get_by_role("button", name="Zoom to: Squares").click()
        there = "Math.abs(mapsrv.map.getCenter().lng - 135) < 1"
        page.wait_for_function(f"() => !mapsrv.map.isMoving() && {there}", timeout=DRAWN)
        page.wait_for_function(rendered("fill", 1), timeout=DRAWN)
        names = "mapsrv.map.queryRenderedFeatures({layers: ['fill']}).map(it => it.properties.name)"
        page.wait_for_function(f"() => new Set({names}).has('east')", timeout=DRAWN)
        colour_at(page, 135, 30, RED)
        assert all(asked for _, asked in elsewhere.asked), "the whole archive was fetched"
    expect(page.locator(".maplibregl-ctrl-attrib")).to_contain_text("By Somebody")
    missing = 'There is no source-layer "circles" in its tiles; there are: squares.'
    told = page.evaluate("[window.hacked, mapsrv.problems().map(it => [it.layer_id, it.text])]")
    assert told == [None, [["squares", missing]]]


def test_pictures_of_a_pmtiles_archive_are_drawn(server: Server, page: Page) -> None:
    session_id = a_map(server, page, zoom=0)
    tiles = {(0, 0, 0): picture(RED)} | {(1, x, y): picture(GREEN) for x in (0, 1) for y in (0, 1)}
    with serving({"/x.pmtiles": archive(TileType.PNG, tiles, WORLD)}) as elsewhere:
        source = f"{elsewhere.url}/x.pmtiles"
        server.command(session_id, "add_layer", id="pictures", type="raster", source=source)
        colour_at(page, 20, 20, GREEN)  # tiles of 256 pixels: at the map's zoom 0 those of zoom 1
        wait_until(lambda: middle_of(page, "#layers .thumb") == GREEN, 30)
        server.command(session_id, "set_map_view", center=[20, 20], zoom=3)
        colour_at(page, 20, 20, GREEN)  # beyond the archive's last zoom its last tiles are enlarged
        server.command(session_id, "remove_layer", layer_id="pictures")
        wait_until(lambda: pixel(page, *where(page, 20, 20)) != GREEN, 30)
        assert not [asked for _, asked in elsewhere.asked if not asked], "the whole archive was fetched"
    assert page.evaluate("mapsrv.problems()") == []


def test_an_archive_that_is_not_there_is_told(server: Server, page: Page) -> None:
    session_id = a_map(server, page)
    with serving({}) as elsewhere:
        source = f"{elsewhere.url}/x.pmtiles"
        server.command(session_id, "add_layer", id="none", title="None", type="raster", source=source)
        failed = page.locator("#layers li[data-layer=none] .problems")
        expect(failed).to_contain_text("Nothing is at that address (404)", timeout=DRAWN)
    [problem] = wait_until(lambda: problems(server, session_id))
    assert problem["layer_id"] == "none" and "404" in problem["text"]


def test_pictures_by_xyz_are_taken_as_256_pixels_wide(server: Server, page: Page) -> None:
    session_id = a_map(server, page, zoom=2)
    by_zoom = {2: RED, 3: BLUE}
    tiles = {zoom: picture(colour) for zoom, colour in by_zoom.items()}
    with serving(lambda path: tiles.get(int(path.split("/")[1]))) as elsewhere:
        source = elsewhere.url + "/{z}/{x}/{y}.png"
        server.command(session_id, "add_layer", id="pictures", source=source)
        colour_at(page, 20, 20, BLUE)  # 512 pixels wide they would be the red ones of zoom 2
        assert page.evaluate("mapsrv.map.getSource('pictures').tileSize") == 256
        server.command(session_id, "set_map_view", center=[0, 0], zoom=1)
        colour_at(page, 20, 20, RED)
    [layer] = server.state(session_id)["state"]["layers"]
    assert layer["type"] == "raster" and layer["source"]["tileSize"] == 256


def test_geojson_by_address_is_loaded_by_the_browser(server: Server, page: Page) -> None:
    session_id = a_map(server, page)
    with serving({"/x.geojson": json.dumps(PLACES).encode()}) as elsewhere:
        source = f"{elsewhere.url}/x.geojson"
        server.command(session_id, "add_layer", id="spots", source=source, layers=SPOTS)
        colour_at(page, 10, 10, BLUE)
        found = "mapsrv.map.queryRenderedFeatures({layers: ['spots']}).map(it => it.properties.n).sort()"
        assert page.evaluate(found) == [0, 1]
        page.get_by_role("button", name="More: spots").click()
        page.get_by_role("button", name="Zoom to: spots").click()
        page.wait_for_function("() => mapsrv.map.getZoom() > 4 && !mapsrv.map.isMoving()", timeout=DRAWN)
        colour_at(page, 10, 10, BLUE)
        # Only the page fetched it, from where it is.
        assert {path for path, _ in elsewhere.asked} == {"/x.geojson"}
    [layer] = server.state(session_id)["state"]["layers"]
    assert layer["source"]["data"] == source


def test_geojson_that_its_server_keeps_from_other_pages_is_told(server: Server, page: Page) -> None:
    session_id = a_map(server, page)
    with serving({"/x.geojson": json.dumps(PLACES).encode()}, cors=False) as elsewhere:
        source = f"{elsewhere.url}/x.geojson"
        server.command(session_id, "add_layer", id="spots", title="Spots", source=source, layers=SPOTS)
        expect(page.locator("#layers li[data-layer=spots] .problems")).to_contain_text(
            "other sites", timeout=DRAWN
        )
        assert elsewhere.asked
    [problem] = wait_until(lambda: problems(server, session_id))
    assert problem["layer_id"] == "spots" and source in problem["text"]


def test_of_a_tilejsons_attribution_text_and_links_are_shown_and_nothing_else(
    server: Server, page: Page
) -> None:
    session_id = a_map(server, page)
    files = {"/0/0/0.png": picture(GREEN), "/spy.png": picture(RED)}
    with serving(files) as elsewhere:
        attribution = (
            "By <a href='https://a.example/?x=1' class='spy' onclick='window.hacked=1'>Somebody</a>"
            " &amp; <b>you</b>"
            f"<img class='spy' width='4000' height='4000' src='{elsewhere.url}/spy.png'>{HACK}"
            "<a href='javascript:window.hacked=1'>press</a><form class='spy'><input name='secret'></form>"
        )
        tiles = [elsewhere.url + "/{z}/{x}/{y}.png"]
        about = {"tilejson": "3.0.0", "tiles": tiles, "maxzoom": 0, "attribution": attribution}
        files["/t.json"] = json.dumps(about).encode()
        server.command(session_id, "add_layer", id="t", type="raster", source=f"{elsewhere.url}/t.json")
        colour_at(page, 20, 20, GREEN)
        shown = page.locator(".maplibregl-ctrl-attrib-inner")
        expect(shown).to_contain_text("By Somebody & you")
        assert page.locator(".spy, .maplibregl-ctrl-attrib-inner :is(img, b, input, form)").count() == 0
        [link] = [one for one in shown.locator("a").all() if one.text_content() == "Somebody"]
        assert link.get_attribute("href") == "https://a.example/?x=1"
        links = shown.locator("a").evaluate_all("them => them.map(it => it.getAttribute('href'))")
        assert all(str(address).startswith("http") for address in links)
        assert {path for path, _ in elsewhere.asked} == {"/t.json", "/0/0/0.png"}, "no picture was fetched"
    assert page.evaluate("[window.hacked, mapsrv.problems()]") == [None, []]
