"""What a frame costs the page, counted in what it draws, that it looks the same, and what measures that."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.bench import painting
from tests.e2e.conftest import opened, rendered, where
from tests.e2e.kit.calm import MOVING
from tests.e2e.kit.pixels import pixel, rgb
from tests.e2e.kit.server import Server, running, wait_until

# Masks go to the stencil buffer alone: while they are drawn, no colour is.
COUNT_MASKS = """() => {
    const gl = mapsrv.map.getCanvas().getContext("webgl2"), draw = gl.drawElements;
    window.masks = 0;
    gl.drawElements = (...told) => {
        if (!gl.getParameter(gl.COLOR_WRITEMASK)[0]) window.masks += 1;
        draw.apply(gl, told);
    };
}"""
MASKS_OF_A_FRAME = """() => new Promise((done) => mapsrv.map.once("idle", () => {
    window.masks = 0;
    mapsrv.map.once("render", () => done(window.masks));
    mapsrv.map.triggerRepaint();
}) && mapsrv.map.triggerRepaint())"""
# The colour of the square in the first frame after a change.
FIRST_FRAME = """(colour) => new Promise((done) => {
    const map = mapsrv.map, gl = map.getCanvas().getContext("webgl2"), pixel = new Uint8Array(4);
    map.once("render", () => {
        const { x, y } = map.project([0, 5]);
        gl.readPixels(x, gl.drawingBufferHeight - y, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, pixel);
        done([...pixel]);
    });
    map.setPaintProperty("square", "fill-color", colour);
})"""
COUNT_CHANNELS = """() => {
    const Own = MessageChannel;
    window.channels = 0;
    window.MessageChannel = class extends Own { constructor() { super(); channels += 1; } };
}"""
# Points are drawn by the ten thousand, and nothing else is.
COUNT_MANY = """() => {
    const gl = mapsrv.map.getCanvas().getContext("webgl2"), draw = gl.drawElements;
    window.drawn = 0;
    gl.drawElements = (mode, count, ...told) => {
        if (count > 5000) window.drawn += 1;
        draw.call(gl, mode, count, ...told);
    };
}"""
# What is on the screen after a step, and how often many points were drawn for it.
STEP = """([step, told]) => new Promise((done) => {
    const map = mapsrv.map, gl = map.getCanvas().getContext("webgl2");
    const { drawingBufferWidth: width, drawingBufferHeight: height } = gl;
    window.drawn = 0;
    map.once("render", () => {
        window.before = window.after;
        window.after = new Uint8Array(4 * width * height);
        gl.readPixels(0, 0, width, height, gl.RGBA, gl.UNSIGNED_BYTE, window.after);
        done(window.drawn);
    });
    if (step === "zoom") map.jumpTo({ zoom: map.getZoom() + told });
    if (step === "pan") map.panBy(told, { duration: 0 });
    map.triggerRepaint();
})"""
# Of the last two steps, in any channel of any pixel.
DIFFERENCE = """() =>
    window.after.reduce((most, value, at) => Math.max(most, Math.abs(value - window.before[at])), 0)"""
LOSE_CONTEXT = """() => new Promise((done) => {
    const map = mapsrv.map, lost = map.getCanvas().getContext("webgl2").getExtension("WEBGL_lose_context");
    map.once("webglcontextlost", () => setTimeout(() => lost.restoreContext()));
    map.once("webglcontextrestored", () => map.once("idle", () => done()));
    lost.loseContext();
})"""
NOTHING = "#f2f2f0"  # of the basemap `none`
COLOURS = ("#ff0000", "#00ff00", "#0000ff")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("painting")) as server:
        yield server


def square(west: float) -> dict[str, object]:
    """Return a layer's data that lies in four tiles of zoom 2, from 10 degrees south to 10 north."""
    ring = [[west, -10], [west + 20, -10], [west + 20, 10], [west, 10], [west, -10]]
    return {"type": "Feature", "properties": {}, "geometry": {"type": "Polygon", "coordinates": [ring]}}


def test_layers_with_the_same_tiles_are_clipped_by_the_same_masks(server: Server, page: Page) -> None:
    session_id = server.new_map()
    server.command(session_id, "set_map_view", center=[0, 0], zoom=2)
    server.command(session_id, "set_basemap", name="none")  # whose names would stand over the squares
    opened(page, f"{server.url}/?session={session_id}")
    page.evaluate(COUNT_MASKS)
    masks = []
    for number, colour in enumerate(COLOURS):
        fill = {"id": colour, "type": "fill", "paint": {"fill-color": colour}}
        line = {"id": f"{colour}-line", "type": "line", "paint": {"line-color": colour, "line-width": 2}}
        source = {"type": "geojson", "data": square(25.0 * number - 35)}
        server.command(session_id, "add_layer", id=f"square-{number}", source=source, layers=[fill, line])
        page.wait_for_function(f"() => mapsrv.map.getLayer('{colour}') && mapsrv.map.loaded()")
        masks.append(page.evaluate(MASKS_OF_A_FRAME))
    assert masks[0] > 0
    assert masks == [masks[0]] * 3
    for number, colour in enumerate(COLOURS):
        for lat in (-5, 5):
            assert pixel(page, *where(page, 25.0 * number - 30, lat)) == rgb(colour)


def test_the_bench_of_painting_leaves_the_page_to_itself(server: Server, page: Page) -> None:
    session_id = painting.made(server, 1, 0)
    opened(page, f"{server.url}/?session={session_id}")
    page.evaluate(COUNT_CHANNELS)
    assert painting.equip(page) is None
    assert page.evaluate("channels") == 0  # nothing runs before it is asked to
    assert page.evaluate("rested()") is None  # and not the event, which has the whole map in it


def test_a_change_is_seen_in_the_next_frame(server: Server, page: Page) -> None:
    session_id = server.new_map()
    server.command(session_id, "set_map_view", center=[0, 0], zoom=2)
    server.command(session_id, "set_basemap", name="none")
    fill = {"id": "square", "type": "fill", "paint": {"fill-color": COLOURS[0]}}
    server.command(
        session_id, "add_layer", id="square", source={"type": "geojson", "data": square(-10)}, layers=[fill]
    )
    opened(page, f"{server.url}/?session={session_id}")
    painting.equip(page)
    page.evaluate("rested()")
    assert page.evaluate(FIRST_FRAME, COLOURS[2]) == [0, 0, 255, 255]


def test_many_points_are_laid_out_once(server: Server, page: Page) -> None:
    session_id = server.new_map()
    server.command(session_id, "set_map_view", center=[0, 0], zoom=2)
    near_edges = [[-1, 15], [1, -15], [30, 1], [-30, -1], [0, 30]]  # of tiles of zoom 2, and one on an edge
    shapes = [{"type": "Point", "coordinates": place} for place in near_edges]
    circle = {"id": "dots", "type": "circle", "paint": {"circle-color": COLOURS[0], "circle-radius": 12}}
    painting._add(server, session_id, "dots", shapes, layers=[circle])
    opened(page, f"{server.url}/?session={session_id}")
    page.wait_for_function(rendered("dots", len(shapes)))
    assert page.evaluate("() => mapsrv.map.querySourceFeatures('dots').length") == len(shapes) + 1
    for lng, lat in near_edges:
        x, y = where(page, lng, lat)
        assert pixel(page, x - 5, y) == pixel(page, x + 5, y) == rgb(COLOURS[0])  # on either side of the edge


def many_points(server: Server) -> str:
    """Return a map with 30,000 points, of which a square covers some and some lie on another."""
    session_id = server.new_map()
    server.command(session_id, "set_map_view", center=[0, 0], zoom=4)
    server.command(session_id, "set_basemap", name="none")
    for name, west in (("under", 2), ("over", -12)):
        fill = {"id": name, "type": "fill", "paint": {"fill-color": COLOURS[0]}}
        source = {"type": "geojson", "data": square(west)}
        server.command(session_id, "add_layer", id=name, source=source, layers=[fill])
    points = [painting._spread(n) for n in range(30_000)]
    painting._add(server, session_id, "points", points, below="over")
    return session_id


def test_many_points_are_drawn_once_while_the_map_is_panned_and_look_the_same(
    server: Server, page: Page
) -> None:
    session_id = many_points(server)
    opened(page, f"{server.url}/?session={session_id}")
    painting.equip(page)
    page.evaluate("rested()")
    page.evaluate(COUNT_MANY)
    page.evaluate(STEP, ["rest", None])
    for move in ([7, 0], [0, -9], [-40, 30]):
        assert page.evaluate(STEP, ["pan", move]) == 0
    # A zoom that nobody sees is drawn as MapLibre does.
    assert page.evaluate(STEP, ["zoom", 1e-9]) > 0
    assert page.evaluate(DIFFERENCE) <= 3  # translucent upon translucent, rounded twice
    page.evaluate(STEP, ["rest", None])
    assert page.evaluate(STEP, ["rest", None]) == 0  # nor for what else changes
    assert page.evaluate(DIFFERENCE) == 0
    page.evaluate(STEP, ["pan", [page.evaluate("mapsrv.map.getCanvas().clientWidth"), 0]])
    assert page.evaluate(DIFFERENCE) > 100  # and so it would be seen


def test_many_points_follow_every_change(server: Server, page: Page) -> None:
    session_id = many_points(server)
    opened(page, f"{server.url}/?session={session_id}")
    place = [6, -11]  # covered by nothing
    at = where(page, *place)

    def becomes(colour: str) -> None:
        wait_until(lambda: pixel(page, *at) == rgb(colour), 10)

    def paint(colour: object) -> None:
        paints = {"circle-color": colour, "circle-opacity": 1, "circle-radius": 9}
        server.command(session_id, "set_layer_paint", layer_id="points", properties=paints)

    painting._add(server, session_id, "points", [{"type": "Point", "coordinates": place}] * 30_000)
    paint(COLOURS[1])
    becomes(COLOURS[1])
    paint(["case", ["has", "n"], COLOURS[2], COLOURS[1]])
    becomes(COLOURS[2])
    page.evaluate(LOSE_CONTEXT)  # as when a laptop wakes up
    becomes(COLOURS[2])
    server.command(session_id, "toggle_layer", layer_id="points", action="hide")
    becomes(NOTHING)
    server.command(session_id, "toggle_layer", layer_id="points", action="show")
    becomes(COLOURS[2])
    server.command(session_id, "filter_layer", layer_id="points", filter=["<", ["get", "n"], 0])
    becomes(NOTHING)


def test_names_fade_in_but_for_who_wants_no_motion(server: Server, page: Page, browser: Browser) -> None:
    url = f"{server.url}/?session={server.new_map()}"
    fading = "mapsrv.map._fadeDuration"  # MapLibre does not publish it
    assert opened(page, url).evaluate(fading) == 0
    with browser.new_context(**MOVING) as context:
        assert opened(context.new_page(), url).evaluate(fading) == 300
