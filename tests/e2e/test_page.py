"""What a person sees and does on the page, and that it never fights them."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import DRAWN, opened, rendered, where
from tests.e2e.kit.pixels import pixel
from tests.e2e.kit.server import Server, call, running, wait_until
from tests.kit.ports import free_port

XSS = '<img src=x onerror="window.hacked=true"><script>window.hacked=true</script>'
POINT = {"type": "Point", "coordinates": [0, 0]}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("page")) as server:
        yield server


def points(*names: str, lng: float = 0.0) -> dict[str, Any]:
    features = [
        {
            "type": "Feature",
            "properties": {"name": name, XSS: XSS},
            "geometry": {**POINT, "coordinates": [lng, n * 5]},
        }
        for n, name in enumerate(names)
    ]
    return {"type": "FeatureCollection", "features": features}


def circle(name: str, colour: str = "#ff0000") -> list[dict[str, Any]]:
    return [{"id": name, "type": "circle", "paint": {"circle-color": colour, "circle-radius": 20}}]


def at_zero(server: Server, session_id: str, zoom: float = 4) -> None:
    server.command(session_id, "set_map_view", center=[0, 0], zoom=zoom)


def a_map(server: Server, page: Page) -> str:
    session_id = server.new_map()
    at_zero(server, session_id)
    opened(page, f"{server.url}/?session={session_id}")
    return session_id


def is_at(page: Page, lng: float, lat: float, zoom: float) -> bool:
    at = page.evaluate(
        "() => { const m = mapsrv.map, c = m.getCenter(); return [c.lng, c.lat, m.getZoom()] }"
    )
    return all(abs(one - other) < 1e-6 for one, other in zip(at, (lng, lat, zoom), strict=True))


def test_every_text_from_a_tool_is_shown_as_text(server: Server, page: Page) -> None:
    session_id = a_map(server, page)
    server.command(session_id, "open_map", title=XSS)
    source = {"type": "geojson", "data": points("a"), "attribution": f"source {XSS}"}
    server.command(session_id, "add_layer", id=XSS[:40], title=XSS, source=source)
    page.wait_for_function("() => mapsrv.state().layers.length === 1")
    expect(page.locator("#title")).to_have_text(XSS)
    expect(page.locator("#layers .name")).to_have_text(XSS)
    page.wait_for_function("() => mapsrv.map.loaded()", timeout=DRAWN)
    page.mouse.click(*where(page, 0, 0))
    expect(page.locator(".maplibregl-popup h2")).to_have_text("a")
    expect(page.locator(".maplibregl-popup .of-layer")).to_have_text(XSS)
    expect(page.locator(".maplibregl-ctrl-attrib")).to_contain_text(f"source {XSS}")
    server.command(session_id, "set_layer_details", layer_id=XSS[:40], attribution=f"layer {XSS}")
    expect(page.locator(".maplibregl-ctrl-attrib")).to_contain_text(f"layer {XSS}")
    assert page.evaluate("window.hacked") is None
    assert page.locator("img[src=x]").count() == 0


def test_a_click_shows_properties_and_tells_models_what_the_person_points_at(
    server: Server, page: Page
) -> None:
    session_id = a_map(server, page)
    server.command(
        session_id, "add_layer", id="places", source=points("Here", "There"), layers=circle("places")
    )
    page.wait_for_function(rendered("places", 2), timeout=DRAWN)
    page.mouse.click(*where(page, 0, 5))
    expect(page.locator(".maplibregl-popup")).to_contain_text("There")

    def pointing() -> Any:
        [state] = call(server, "http", ("get_map_state", {"session_id": session_id}))
        return [person["pointing"] for person in state["people"] if "pointing" in person]

    [seen] = wait_until(pointing)
    assert seen["layer_id"] == "places" and seen["properties"]["name"] == "There"
    page.keyboard.press("Escape")
    expect(page.locator(".maplibregl-popup")).to_have_count(0)
    wait_until(lambda: not pointing())


def test_a_hand_on_the_map_is_never_fought(server: Server, page: Page) -> None:
    session_id = a_map(server, page)
    page.mouse.move(500, 300)
    page.mouse.down()
    page.mouse.move(560, 330, steps=4)
    server.command(session_id, "set_map_view", center=[30, 30], zoom=6)
    go_there = page.get_by_role("button", name="Go there")
    expect(go_there).to_be_visible()
    page.mouse.up()
    assert not is_at(page, 30, 30, 6)
    go_there.click()
    wait_until(lambda: is_at(page, 30, 30, 6))
    expect(go_there).to_be_hidden()


def test_a_persons_own_view_outlives_a_reconnect_and_small_moves_arrive(server: Server, page: Page) -> None:
    session_id = a_map(server, page)
    server.command(session_id, "set_map_view", center=[0.0001, 0], zoom=4)
    wait_until(lambda: is_at(page, 0.0001, 0, 4))
    page.evaluate("void mapsrv.map.jumpTo({center: [40, 40], zoom: 5})")
    server.stop(signal.SIGKILL)
    expect(page.locator("#connection")).to_have_text("Reconnecting …", timeout=DRAWN)
    server.start()
    expect(page.locator("#connection")).to_have_text("Connected", timeout=2 * DRAWN)
    server.command(session_id, "open_map", title="After")
    expect(page.locator("#title")).to_have_text("After", timeout=DRAWN)
    assert is_at(page, 40, 40, 5)


def test_what_one_page_cannot_draw_is_told_and_the_rest_is_drawn(server: Server, page: Page) -> None:
    session_id = a_map(server, page)
    gone = f"http://127.0.0.1:{free_port()}/gone.geojson"  # a wrong style would be refused
    server.command(session_id, "add_layer", id="bad", source=gone, layers=circle("bad"))
    server.command(session_id, "add_layer", id="good", source=points("a", "b"), layers=circle("good"))
    page.wait_for_function(rendered("good", 2), timeout=DRAWN)
    expect(page.locator("#layers li[data-layer=bad] .problems")).to_contain_text("does not answer")

    def problems() -> Any:
        return call(server, "http", ("get_map_state", {"session_id": session_id}))[0]["problems"]

    [problem] = wait_until(problems)
    assert problem["layer_id"] == "bad"
    server.command(session_id, "remove_layer", layer_id="bad")
    assert not problems()


def test_after_a_reset_every_browser_shows_the_layer_as_it_was_added(server: Server, page: Page) -> None:
    session_id = a_map(server, page)
    server.command(session_id, "add_layer", id="spot", source=points("a"), layers=circle("spot"))
    wait_until(lambda: pixel(page, *where(page, 0, 0)) == (255, 0, 0), 30)
    server.command(session_id, "set_layer_paint", layer_id="spot", properties={"circle-color": "#00ff00"})
    server.command(session_id, "filter_layer", layer_id="spot", filter=["has", "name"])
    wait_until(lambda: pixel(page, *where(page, 0, 0)) == (0, 255, 0), 30)
    server.command(session_id, "reset_layer_style", layer_id="spot")
    wait_until(lambda: pixel(page, *where(page, 0, 0)) == (255, 0, 0), 30)


def test_adding_a_layer_again_replaces_it_source_and_all(server: Server, page: Page) -> None:
    session_id = a_map(server, page)
    for source, count in ((points("a", "b"), 2), (points("c", lng=3.0), 1)):
        server.command(session_id, "add_layer", id="spot", source=source, layers=circle("spot"))
        page.wait_for_function(rendered("spot", count), timeout=DRAWN)
    found = page.evaluate("mapsrv.map.queryRenderedFeatures({layers: ['spot']})[0].properties.name")
    assert found == "c"


def test_layers_are_listed_hidden_and_moved_by_hand(server: Server, page: Page) -> None:
    session_id = a_map(server, page)
    for name, colour in (("red", "#ff0000"), ("blue", "#0000ff")):
        server.command(session_id, "add_layer", id=name, source=points("a"), layers=circle(name, colour))
    wait_until(lambda: pixel(page, *where(page, 0, 0)) == (0, 0, 255), 30)
    expect(page.locator("#layers .name")).to_have_text(["blue", "red"])
    page.get_by_role("button", name="More: blue").click()
    page.get_by_role("button", name="Move down: blue").click()
    wait_until(lambda: pixel(page, *where(page, 0, 0)) == (255, 0, 0), 30)
    page.get_by_label("red", exact=True).uncheck()
    wait_until(lambda: pixel(page, *where(page, 0, 0)) == (0, 0, 255), 30)
    assert [layer["visible"] for layer in server.state(session_id)["state"]["layers"]] == [True, False]


def test_a_picked_file_is_added_and_shown(server: Server, page: Page, tmp_path: Path) -> None:
    session_id = a_map(server, page)
    many = [{"type": "Feature", "properties": {"n": n}, "geometry": POINT} for n in range(2000)]
    file = tmp_path / "My places.geojson"
    file.write_text(json.dumps({"type": "FeatureCollection", "features": many}))
    page.locator("#file").set_input_files(file)
    expect(page.locator("#layers .name")).to_have_text(["My places.geojson"], timeout=DRAWN)
    [layer] = server.state(session_id)["state"]["layers"]
    assert layer["source"]["data"].startswith("data/")
    (tmp_path / "bad.json").write_text('{"type": "FeatureCollection", "features": [{"type": "Feature"}]}')
    page.locator("#file").set_input_files(tmp_path / "bad.json")
    expect(page.locator("#message")).to_contain_text("features[0]")


def test_features_change_where_they_are(server: Server, page: Page) -> None:
    session_id = a_map(server, page)
    named = points("a", "b")
    for feature, name in zip(named["features"], ("x1", "x1b"), strict=True):
        feature["id"] = name
    server.command(session_id, "add_layer", id="spot", source=named, layers=circle("spot"))
    page.wait_for_function(rendered("spot", 2), timeout=DRAWN)
    more = [{"type": "Feature", "id": "new", "properties": {}, "geometry": {**POINT, "coordinates": [5, 5]}}]
    server.command(session_id, "update_features", layer_id="spot", add=more, remove=["x1"])
    drawn = "mapsrv.map.queryRenderedFeatures({layers: ['spot']})"
    ids = f"() => {drawn}.map(feature => feature.id).sort().join() === 'new,x1b'"
    page.wait_for_function(ids, timeout=DRAWN)


def test_a_browser_that_comes_back_keeps_its_map(server: Server, page: Page) -> None:
    opened(page, f"{server.url}/")
    first = page.url
    server.command(first.partition("session=")[2], "open_map", title="Mine")
    opened(page, f"{server.url}/")
    assert page.url == first
    expect(page.locator("#title")).to_have_text("Mine")


def test_a_map_that_is_gone_is_said_plainly(server: Server, page: Page) -> None:
    page.goto(f"{server.url}/?session=never-issued")
    expect(page.get_by_text("no longer here")).to_be_visible(timeout=DRAWN)


def test_the_page_says_how_to_connect_an_assistant(server: Server, page: Page) -> None:
    session_id = a_map(server, page)
    page.get_by_role("region", name="Share").get_by_role("button", name="Connect your assistant").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text(f"--transport http mapsrv {server.url}/mcp")
    expect(dialog).to_contain_text("claude mcp add")
    expect(dialog).to_contain_text(f"on the map {server.url}/?session={session_id}")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
