"""Reload law: what a page shows after any series of accepted calls, one that is opened then shows too.

test_page_styles.py has it of styles alone, with values of every kind; here it is of every call that changes a
map, one after the other, so that what a page does by small steps is held to what it makes of the whole state.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import httpx2
from playwright.sync_api import Browser, Page

from mapsrv.wire.calls import CALLS
from tests.e2e.conftest import DRAWN, opened
from tests.e2e.kit.server import NO_TLS, Server
from tests.e2e.test_page_styles import watched
from tests.kit.style_engine import built

IDS = ("a", "b", "c")
KINDS = ("lake", "bog", "moor")
SEED = 16
LOOKS = 2  # newcomers in a series
EACH = 40  # calls before each of them
MANY = 200  # points: over 16 KiB, which travel by reference
SIZE = ["coalesce", ["get", "size"], 0]  # which some have no more
TYPES = ("circle", "line", "fill", "symbol")
VALUES: Mapping[str, list[Any]] = {
    "circle-radius": [3, 12, ["interpolate", ["linear"], SIZE, 0, 2, 9, 20], None],
    "circle-color": ["#ff0000", ["match", ["get", "kind"], "lake", "blue", "gray"], None],
    "line-width": [1, 6, None],
    "fill-color": ["#00ff00", None],
    "text-field": [["get", "kind"], "{size}", None],
    "opacity": [0.4, 1, None],
    "minzoom": [1, None],
    "maxzoom": [8, 20, None],
}
FILTERS = [["==", ["get", "kind"], "lake"], [">", SIZE, 4], ["has", "nothing"], None]
Make = Callable[[random.Random], dict[str, Any]]

# All that it draws, but for the data of GeoJSON sources: of those the features, as tiles have them.
SHOWS = """() => {
  const map = mapsrv.map, { layers, sources } = map.getStyle();
  const feature = ({ layer, source, id, properties }) =>
    JSON.stringify([layer?.id ?? source, id, Object.entries(properties).sort()]);
  const different = (features) => [...new Set(features.map(feature))].sort();
  const drawn = map.queryRenderedFeatures().filter(({ source, layer }) =>
    IDS.includes(source) && layer.type !== "symbol"); // of labels it depends on which was placed first
  const loaded = IDS.filter((source) => map.getSource(source)).flatMap((source) =>
    map.querySourceFeatures(source).map(({ id, properties }) => ({ source, id, properties })));
  const rows = [...document.querySelectorAll("#layers li")];
  return {
    layers,
    sources: Object.fromEntries(Object.entries(sources).map(([id, { data, ...rest }]) => [id, rest])),
    loaded: different(loaded),
    drawn: different(drawn),
    view: [map.getZoom(), ...map.getCenter().toArray(), map.getBearing()].map((number) => number.toFixed(4)),
    list: rows.map((row) => [row.querySelector(".name").textContent, row.querySelector("input").checked]),
    title: document.querySelector("#title").textContent,
    credits: [...document.querySelectorAll(".maplibregl-ctrl-attrib-inner")]
      .filter((credits) => credits.checkVisibility()) // an empty one is hidden, and keeps its old words
      .map((credits) => credits.textContent),
    problems: mapsrv.problems(),
  };
}""".replace("IDS", str(list(IDS)))


def feature(draw: random.Random, number: int) -> dict[str, Any]:
    x, y = draw.randrange(-40, 40), draw.randrange(-25, 25)
    shapes: list[dict[str, Any]] = [
        {"type": "Point", "coordinates": [x, y]},
        {"type": "LineString", "coordinates": [[x, y], [x + 9, y + 9]]},
        {"type": "Polygon", "coordinates": [[[x, y], [x + 8, y], [x + 8, y + 8], [x, y]]]},
    ]
    told = {"kind": draw.choice(KINDS), "size": draw.randrange(10)}
    return {"type": "Feature", "id": number, "geometry": draw.choice(shapes), "properties": told}


def data(draw: random.Random) -> dict[str, Any]:
    count = draw.choice([1, 6, 6, MANY])
    return {
        "type": "FeatureCollection",
        "features": [feature(draw, number) for number in range(1, count + 1)],
    }


def added(draw: random.Random) -> dict[str, Any]:
    """Return a layer that is new, or replaces one, or draws another's data, or adds to what is there."""
    name = draw.choice(IDS)
    styles = [{"id": f"{name}-{kind}", "type": kind} for kind in draw.sample(TYPES, draw.randrange(1, 4))]
    calls: list[dict[str, Any]] = [
        {"source": data(draw)},
        {"source": data(draw), "layers": styles, "below": draw.choice(IDS)},
        {"source": data(draw), "layers": styles, "visible": False, "title": f"T{draw.randrange(9)}"},
        {"source": f"layer:{draw.choice(IDS)}", "layers": styles},
        {"layers": [{"type": draw.choice(TYPES)}]},
        {"layers": styles[:1]},
    ]
    return {"id": name, **draw.choice(calls)}


def changed(draw: random.Random) -> dict[str, Any]:
    ways: list[dict[str, Any]] = [
        {"add": [feature(draw, draw.randrange(7, 30))]},
        {"update": [{"id": 1, "properties": {"kind": draw.choice(KINDS), "size": None}}]},
        {"update": [{"id": 2, "geometry": feature(draw, 2)["geometry"]}]},
        {"remove": [draw.randrange(1, 7)]},
    ]
    return {"layer_id": draw.choice(IDS), **draw.choice(ways)}


def any_layer(draw: random.Random) -> str:
    name = draw.choice(IDS)
    return draw.choice([name, name, f"{name}-{draw.choice(TYPES)}"])


def painted(draw: random.Random) -> dict[str, Any]:
    name = draw.choice(list(VALUES))
    return {"layer_id": any_layer(draw), "property": name, "value": draw.choice(VALUES[name])}


def moved(draw: random.Random) -> dict[str, Any]:
    other = draw.choice(IDS)
    where = draw.choice([{"to": "top"}, {"to": "bottom"}, {"below": other}, {"above": other}])
    return {"layer_id": draw.choice(IDS), **where}


def viewed(draw: random.Random) -> dict[str, Any]:
    center = {"center": [draw.randrange(-20, 20), draw.randrange(-10, 10)], "zoom": draw.choice([2, 2.5, 3])}
    return draw.choice(
        [center, {"layer_id": draw.choice(IDS)}, {"bounds": [-40, -25, 40, 25]}, {"bearing": 30}]
    )


MAKERS: Mapping[str, Make] = {
    "add_layer": added,
    "update_features": changed,
    "set_layer_paint": painted,
    "move_layer": moved,
    "set_map_view": viewed,
    "filter_layer": lambda draw: {"layer_id": any_layer(draw), "filter": draw.choice(FILTERS)},
    "toggle_layer": lambda draw: {"layer_id": any_layer(draw)},
    "reset_layer_style": lambda draw: {"layer_id": any_layer(draw)},
    "remove_layer": lambda draw: {"layer_id": draw.choice(IDS)},
    "set_layer_details": lambda draw: {"layer_id": draw.choice(IDS), "title": f"N{draw.randrange(9)}"},
    "set_basemap": lambda draw: {"name": draw.choice(["none", "natural-earth"])},
    "open_map": lambda draw: {"title": f"Map {draw.randrange(9)}"},
}
OFTEN = {"add_layer": 5, "update_features": 4, "set_layer_paint": 4, "filter_layer": 2, "toggle_layer": 2}


def test_the_makers_know_every_call_that_changes_a_map() -> None:
    assert MAKERS.keys() == {name for name, call in CALLS.items() if call.changes}


def do(server: Server, session_id: str, draw: random.Random, done: Counter[str]) -> None:
    """Make one call at random, which may be refused."""
    names = list(MAKERS)
    [tool] = draw.choices(names, [OFTEN.get(name, 1) for name in names])
    body = {"command": tool, "arguments": MAKERS[tool](draw)}
    asked_for: dict[str, Any] = {"params": {"session": session_id}, "json": body, "verify": NO_TLS}
    answer = httpx2.post(f"{server.url}/commands", **asked_for)
    assert answer.status_code in (200, 404, 422), answer.text
    done[tool if answer.status_code == 200 else "refused"] += 1


def shows(page: Page, server: Server, session_id: str) -> dict[str, Any]:
    """Return what a page shows, once it has all that was done and is at rest."""
    reached = server.state(session_id)["position"]
    page.wait_for_function("(at) => mapsrv.position() === at", arg=reached, timeout=DRAWN)
    rests = "() => !mapsrv.map.isMoving() && mapsrv.map.areTilesLoaded() && mapsrv.map.loaded()"
    page.wait_for_function(rests, timeout=DRAWN)
    found: dict[str, Any] = page.evaluate(SHOWS)
    for layer in found["layers"]:  # what is set back stands there as the Style Spec's own value
        for name, usual in (("minzoom", 0), ("maxzoom", 24), ("paint", {}), ("layout", {})):
            layer.setdefault(name, usual)
    return found


def test_a_newcomer_shows_what_the_open_page_came_to_show(
    server: Server, browser: Browser, page: Page
) -> None:
    built()
    draw, errors, done = random.Random(SEED), watched(page), Counter[str]()
    session_id = server.new_map()
    server.command(session_id, "set_map_view", center=[0, 0], zoom=2)
    opened(page, f"{server.url}/?session={session_id}")
    for _ in range(LOOKS):
        for _ in range(EACH):
            do(server, session_id, draw, done)
        server.command(session_id, "set_map_view", center=[0, 0], zoom=2, bearing=0)
        with browser.new_context(viewport=page.viewport_size) as context:
            newcomer = context.new_page()
            errors_too = watched(newcomer)
            opened(newcomer, f"{server.url}/?session={session_id}")
            fresh, seen = shows(newcomer, server, session_id), shows(page, server, session_id)
            for part, told in seen.items():
                assert fresh[part] == told, part
            assert errors == errors_too == []
    assert done.keys() == {*MAKERS, "refused"}, done
    assert seen["drawn"] and seen["list"]
