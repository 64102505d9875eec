"""The built-in ground as a person sees it: its waters, its shores, its names, by day and night, offline."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib.resources import files
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page

from tests.e2e.conftest import DRAWN, opened, where
from tests.e2e.kit.pixels import Picture, near, rgb
from tests.e2e.kit.server import Server, running
from tests.kit.contrast import contrast

TOKENS = json.loads(files("mapsrv.wire").joinpath("basemaps.json").read_bytes())["tokens"]
# All in one view, at zoom 2; land without a border or a name within some pixels.
VIEW = (-20.0, 40.0, 2.0)
WATERS = {"Lake Michigan": (-87, 43.6), "the Caspian": (50.6, 42), "the Atlantic": (-42, 27)}
LANDS = {
    "Ontario": (-86, 50.8),
    "Quebec": (-74, 52.5),
    "the Ahaggar": (4.5, 23),
    "Arkhangelsk": (42, 63),
    "the Urals": (57, 60),
}
WINDOW = {"x": 0, "y": 0, "width": 900, "height": 600}
BOX = 3  # pixels to each side that are looked at: most of them must agree
PAINTED = "#ff0000"
EUROPE = (12.0, 47.0, 4.0)
PLACES = {
    "Iberia": (-4, 40),
    "France": (3, 47),
    "the Alps": (9, 46.5),
    "Poland": (19, 52),
    "Turkey": (31, 40),
}
AROUND = 70  # pixels to each side of a place
READABLE = 4.5  # contrast of text, by WCAG 2
VIVID = 100  # of 255: no colour of the ground is
SOME = 50  # pixels of text that a place has at least
# In place of the colours of texts, so that a letter tells whose it is: thin ones are never quite in theirs.
TEXTS = [name for name in TOKENS["light"] if name.endswith("_text")]
CODES = ("#ff0000", "#00ff00", "#0000ff", "#ff00ff", "#ffff00")
LIKE = 60  # of 255: so near a pixel is to its code
# Names in other colours, once MapLibre has faded them in, or in none: what is left is what they stand on.
COLOUR = """(to) => { window.letters ??= {};
    for (const { id, type } of mapsrv.map.getStyle().layers) if (type === 'symbol') {
        letters[id] ??= mapsrv.map.getPaintProperty(id, 'text-color');
        mapsrv.map.setPaintProperty(id, 'text-color', to ? to[letters[id]] : 'rgba(0, 0, 0, 0)');
    }
    const painted = (done) => { mapsrv.map.once('render', done); mapsrv.map.triggerRepaint(); };
    return new Promise((done) => setTimeout(() => painted(done), 450)); }"""


# No room beside the panel is kept: it is folded, which takes a moment.
JUMP = """([lng, lat, zoom]) => mapsrv.map.jumpTo(
    { center: [lng, lat], zoom, padding: { top: 0, right: 0, bottom: 0, left: 0 } })"""
# Only what is flat is left on the map.
BARE = """() => { for (const { id, type } of mapsrv.map.getStyle().layers)
    if (!['background', 'fill'].includes(type)) mapsrv.map.setLayoutProperty(id, 'visibility', 'none'); }"""


@pytest.fixture(scope="module")
def ground_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("ground")) as server:
        yield server


@pytest.fixture(scope="module")
def looked(browser: Browser, ground_server: Server) -> Iterator[Page]:
    """Give one page for all tests here, which notes what it asks for and what goes wrong."""
    look: Any = {
        "viewport": {"width": WINDOW["width"], "height": WINDOW["height"]},
        "color_scheme": "light",
    }
    with browser.new_context(**look) as context:
        page = context.new_page()
        page.on("request", lambda request: ASKED.append(request.url))
        page.on("console", lambda said: WRONG.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: WRONG.append(str(error)))
        opened(page, f"{ground_server.url}/?session={ground_server.new_map()}")
        page.click("#fold")  # the panel lies over the west
        yield page


ASKED: list[str] = []
WRONG: list[str] = []


def go(page: Page, lng: float, lat: float, zoom: float) -> None:
    page.evaluate(JUMP, [lng, lat, zoom])
    rest(page)


def rest(page: Page) -> None:
    """Wait until the map is drawn, labels faded in too."""
    page.evaluate(
        "() => new Promise((done) => { mapsrv.map.once('idle', done); mapsrv.map.triggerRepaint(); })"
    )


def turn(page: Page, scheme: Any) -> None:
    """Have the system be light or dark, and wait until the map follows."""
    page.emulate_media(color_scheme=scheme)
    page.wait_for_function(
        "(water) => mapsrv.map.getPaintProperty('mapsrv:background', 'background-color') === water",
        arg=TOKENS[scheme]["water"],
        timeout=DRAWN,
    )


def mostly(picture: Picture, at: tuple[int, int], colour: str) -> bool:
    """Return whether most pixels around a place have the colour."""
    reach = range(-BOX, BOX + 1)
    seen = [picture.at(at[0] + x, at[1] + y) for x in reach for y in reach]
    return sum(near(one, rgb(colour)) for one in seen) > len(seen) / 2


def named(page: Page, layer: str) -> set[str]:
    script = "(id) => mapsrv.map.queryRenderedFeatures({ layers: [id] }).map((one) => one.properties.name)"
    return set(page.evaluate(script, layer))


def test_lakes_are_seas_and_day_and_night_follow_the_system_without_a_reload(looked: Page) -> None:
    looked.evaluate("window.same = true")
    go(looked, *VIEW)
    for scheme in ("dark", "light"):
        turn(looked, scheme)
        rest(looked)
        picture = Picture.of(looked, WINDOW)
        for wanted, places in (("water", WATERS), ("land", LANDS)):
            for name, (lng, lat) in places.items():
                assert mostly(picture, where(looked, lng, lat), TOKENS[scheme][wanted]), (scheme, name)
    assert looked.evaluate("window.same")


def test_the_cities_of_the_swiss_example_are_named(looked: Page) -> None:
    go(looked, 8, 46.8, 7)
    cities = named(looked, "mapsrv:city-labels") | named(looked, "mapsrv:capital-labels")
    assert {"Geneva", "Zürich", "Lugano"} <= cities and len(cities) > 12
    assert named(looked, "mapsrv:lake-labels")  # which of them have room is the fonts' matter
    assert looked.evaluate("mapsrv.map.queryRenderedFeatures({ layers: ['mapsrv:lakes'] }).length") > 5
    assert looked.evaluate("mapsrv.map.queryRenderedFeatures({ layers: ['mapsrv:borders'] }).length")


def test_each_city_of_the_swiss_example_is_named_and_once(looked: Page, ground_server: Server) -> None:
    session = ground_server.new_map()
    source = "builtin:cities?country=CH&limit=10"  # whose data it is takes two lines on a phone
    ground_server.command(session, "add_layer", id="swiss", source=source, fit=True)
    for width, height in ((390, 844), (1280, 800)):
        page = looked.context.new_page()
        page.set_viewport_size({"width": width, "height": height})
        opened(page, f"{ground_server.url}/?session={session}")
        rest(page)
        told = named(page, "swiss-labels")
        assert len(told) == 10, width
        assert not told & (named(page, "mapsrv:city-labels") | named(page, "mapsrv:capital-labels")), width
        for part in (".maplibregl-ctrl-scale", ".maplibregl-ctrl-attrib"):
            box: Any = page.locator(part).bounding_box()
            assert box["x"] >= 0 and box["x"] + box["width"] <= width, part
        page.close()


def test_a_state_lies_on_the_grounds_own_shore(looked: Page, ground_server: Server) -> None:
    session = ground_server.new_map()
    ground_server.command(session, "add_layer", id="il", source="builtin:us-states?state=IL")
    properties = {"fill-color": PAINTED, "fill-opacity": 1, "fill-outline-color": PAINTED}
    ground_server.command(session, "set_layer_paint", layer_id="il", properties=properties)
    page = opened(looked.context.new_page(), f"{ground_server.url}/?session={session}")
    page.evaluate(BARE)
    go(page, -87.6, 42.1, 6)
    left, _ = where(page, -88.2, 42.1)
    right, _ = where(page, -87.1, 42.1)
    top = where(page, -87.6, 42.45)[1]
    bottom = where(page, -87.6, 41.8)[1]
    picture = Picture.of(page, {"x": left, "y": top, "width": right - left, "height": bottom - top})
    land, rows = rgb(TOKENS["light"]["land"]), range(picture.height)
    page.close()
    assert picture.height > 20 and picture.width > 15
    assert not [(x, y) for y in rows for x in range(picture.width) if near(picture.at(x, y), land, 20)]
    assert all(near(picture.at(0, y), rgb(PAINTED)) for y in rows)
    assert all(near(picture.at(picture.width - 1, y), rgb(TOKENS["light"]["water"])) for y in rows)


def test_nothing_is_asked_of_the_internet_and_nothing_goes_wrong(looked: Page) -> None:
    assert WRONG == []
    assert any("/basemap/" in url for url in ASKED)
    assert {urlsplit(url).hostname for url in ASKED if url.startswith("http")} == {"127.0.0.1"}


def test_a_ground_is_chosen_for_all_or_for_oneself_alone(looked: Page, ground_server: Server) -> None:
    session = ground_server.new_map()
    page = opened(looked.context.new_page(), f"{ground_server.url}/?session={session}")
    page.route("https://**", lambda route: route.abort())
    page.select_option("#ground", "openstreetmap")
    page.wait_for_function("() => mapsrv.map.getLayer('mapsrv:away')", timeout=DRAWN)
    assert ground_server.state(session)["state"]["basemap"] == "openstreetmap"
    page.wait_for_selector("#ground-said:has-text('built-in ground shows')", timeout=DRAWN)
    page.select_option("#ground", "own")
    page.fill("#ground-address", "https://tiles.example/{z}/{x}/{y}.png")
    page.press("#ground-address", "Enter")
    page.wait_for_function("() => mapsrv.map.getLayer('mapsrv:own')", timeout=DRAWN)
    assert ground_server.state(session)["state"]["basemap"] == "openstreetmap"
    page.check("#globe")
    page.wait_for_function("() => mapsrv.map.getProjection()?.type === 'globe'", timeout=DRAWN)
    page.reload()
    page.wait_for_function("() => window.mapsrv?.map.getLayer('mapsrv:own')", timeout=DRAWN)
    assert page.is_checked("#globe") and page.input_value("#ground") == "own"
    page.select_option("#ground", "natural-earth")
    page.wait_for_function("() => !mapsrv.map.getLayer('mapsrv:own')", timeout=DRAWN)
    page.wait_for_function("() => mapsrv.state().basemap === 'natural-earth'", timeout=DRAWN)
    page.evaluate("localStorage.clear()")
    page.close()


def test_names_can_be_read_where_they_stand(looked: Page) -> None:
    turn(looked, "light")
    go(looked, *EUROPE)
    looked.evaluate(COLOUR, dict(zip((TOKENS["light"][text] for text in TEXTS), CODES, strict=True)))
    letters = list(letters_on(Picture.of(looked, WINDOW)))
    for scheme in ("dark", "light"):  # the names stand in the same places
        turn(looked, scheme)
        looked.evaluate(COLOUR, None)
        ground = Picture.of(looked, WINDOW)
        for name, place in PLACES.items():
            at = where(looked, *place)
            here = [one for one in letters if max(abs(one[0] - at[0]), abs(one[1] - at[1])) < AROUND]
            colours = [(TOKENS[scheme][text], "#" + bytes(ground.at(x, y)).hex()) for x, y, text in here]
            contrasts = sorted(contrast(*one) for one in colours)
            assert len(contrasts) > SOME, name
            assert contrasts[len(contrasts) // 50] >= READABLE, (name, scheme)
    looked.evaluate(COLOUR, {TOKENS["light"][text]: TOKENS["light"][text] for text in TEXTS})
    assert {text for _, _, text in letters} >= {"country_text", "city_text", "water_text"}


def letters_on(told: Picture) -> Iterator[tuple[int, int, str]]:
    """Yield each pixel of a letter, and which text's it is."""
    codes = dict(zip(map(rgb, CODES), TEXTS, strict=True))
    for y in range(told.height):
        for x in range(told.width):
            colour = told.at(x, y)
            if max(colour) - min(colour) > VIVID:
                yield from ((x, y, text) for code, text in codes.items() if near(colour, code, LIKE))
