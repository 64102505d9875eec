"""GET /style.json opened by a page of another origin, with nothing but MapLibre: it looks as it does here."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.e2e.conftest import DRAWN, opened, where
from tests.e2e.kit.elsewhere import serving
from tests.e2e.kit.pixels import Picture, near, rgb
from tests.e2e.kit.server import Server
from tests.e2e.test_ground import LANDS, TOKENS, VIEW, WATERS, WINDOW, go, mostly, named

MAPLIBRE = Path(__file__).parents[2] / "static/node_modules/maplibre-gl/dist"
# What a page needs, and no more; `mapsrv.map` is where the helpers of tests look.
PAGE = """<!doctype html><body style="margin: 0"><div id="map" style="height: 100vh"></div>
<script type="module">
    import { Map, setWorkerUrl } from "/maplibre-gl.mjs";
    setWorkerUrl(location.origin + "/maplibre-gl-worker.mjs");
    window.problems = [];
    const map = new Map({ container: "map", style: STYLE, attributionControl: false });
    map.on("error", ({ error }) => window.problems.push(error.message));
    window.mapsrv = { map };
</script>"""
PAINTED = "#ff0000"
INSIDE = (-89.2, 40.1)  # Illinois
READY = "() => window.mapsrv?.map.loaded() || window.problems?.length"


@pytest.fixture
def foreign(browser: Browser) -> Iterator[Page]:
    window: Any = {"width": WINDOW["width"], "height": WINDOW["height"]}
    with browser.new_context(viewport=window, color_scheme="light") as context:
        yield context.new_page()


def test_a_page_of_another_origin_shows_the_map_as_it_is_seen_here(server: Server, foreign: Page) -> None:
    if not MAPLIBRE.exists():
        pytest.skip(f"no MapLibre at {MAPLIBRE}: run npm ci in static/")
    session = server.new_map()
    server.command(session, "add_layer", id="il", source="builtin:us-states?state=IL")
    paint = {"fill-color": PAINTED, "fill-opacity": 1}
    server.command(session, "set_layer_paint", layer_id="il", properties=paint)
    page = PAGE.replace("STYLE", json.dumps(f"{server.url}/style.json?session={session}")).encode()

    def found(path: str) -> bytes | None:
        file = MAPLIBRE / path.removeprefix("/")
        return page if path == "/index.html" else file.read_bytes() if file.is_file() else None

    with serving(found) as elsewhere:
        foreign.goto(f"{elsewhere.url}/index.html")
        foreign.wait_for_function(READY, timeout=DRAWN)
        there = seen(foreign)
        assert foreign.evaluate("window.problems") == []
    here = opened(foreign, f"{server.url}/?session={session}")
    here.click("#fold")
    assert there == seen(here)
    assert "United States of America" in there


def seen(page: Page) -> set[str]:
    """Look at what must be in the picture; return the countries that are named."""
    go(page, *VIEW)
    picture = Picture.of(page, WINDOW)
    for wanted, places in (("water", WATERS), ("land", LANDS)):
        for name, (lng, lat) in places.items():
            assert mostly(picture, where(page, lng, lat), TOKENS["light"][wanted]), name
    assert near(picture.at(*where(page, *INSIDE)), rgb(PAINTED))
    return named(page, "mapsrv:country-labels")
