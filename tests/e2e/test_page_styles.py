"""What is accepted is drawn: right values of each property without an error, and alike to who comes later."""

from __future__ import annotations

import json
import random
from typing import Any

import httpx2
from playwright.sync_api import Browser, Page

from mapsrv.core.style_names import LAYER_TYPES, is_paint, properties_for
from tests.e2e.conftest import DRAWN, opened
from tests.e2e.kit.server import NO_TLS, Server
from tests.kit.style_engine import built
from tests.style_spec.kit.package import asked
from tests.style_spec.test_mutations import RIGHT
from tests.style_spec.test_mutations import call as call_of
from tests.style_spec.test_mutations import mutations
from tests.style_spec.test_verdicts import VALUES

HOST = "https://tiles.example"
TILES = [HOST + "/{z}/{x}/{y}.png"]
DEM = {"type": "raster-dem", "tiles": TILES, "tileSize": 256}
SOURCES = {"raster": {"type": "raster", "tiles": TILES}, "hillshade": DEM, "color-relief": DEM}
PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c4944415408d763f8ffff"
    "3f0005fe02fedccc59e70000000049454e44ae426082"
)
AREA = [[[-5, -5], [5, -5], [5, 5], [-5, 5], [-5, -5]]]
SHAPES = [
    ({"type": "Polygon", "coordinates": AREA}, {"kind": "lake", "depth": 10, "name": "a", "big": True}),
    ({"type": "LineString", "coordinates": [[-6, 0], [6, 1]]}, {"kind": "bog", "depth": 40, "name": "b"}),
    ({"type": "Point", "coordinates": [0, 0]}, {"kind": "bog", "depth": 90, "name": "c", "big": False}),
]
DATA = {
    "type": "FeatureCollection",
    "features": [{"type": "Feature", "geometry": shape, "properties": told} for shape, told in SHAPES],
}
GEOJSON = {"type": "geojson", "data": DATA, "lineMetrics": True}
OURS = (
    "() => JSON.stringify(mapsrv.map.getStyle().layers.filter((layer) => layer.source?.startsWith('own-')))"
)
BESIDE = {"resampling", "raster-resampling"}  # one of the two at a time
SEVERAL = 3  # values of a property
SERIES = 120


def watched(page: Page) -> list[str]:
    """Return the list into which the page's errors come."""
    errors: list[str] = []
    page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.route(f"{HOST}/**", lambda route: route.fulfill(body=PIXEL, content_type="image/png"))
    return errors


def right_values() -> list[tuple[str, str, Any]]:
    """Return (type, property, value) for some right values of each property, of different kinds."""
    cases = [(kind, name, value) for kind in LAYER_TYPES for name in properties_for(kind) for value in VALUES]
    judge = [
        {
            "of": "property",
            "key": "k",
            "group": "paint" if is_paint(kind, name) else "layout",
            "type": kind,
            "name": name,
            "value": value,
        }
        for kind, name, value in cases
    ]
    verdicts = asked({"judge": judge, "try": [], "count": None, "data": None})[0]["verdicts"]
    found: dict[tuple[str, str], list[Any]] = {}
    for (kind, name, value), faults in zip(cases, verdicts, strict=True):
        mine = found.setdefault((kind, name), [])
        forms = {(type(one), str(one)[:2]) for one in mine}
        if not faults and len(mine) < SEVERAL and (type(value), str(value)[:2]) not in forms:
            mine.append(value)
    assert all(found.values())
    return [(kind, name, value) for (kind, name), values in found.items() for value in values]


def settled(page: Page, server: Server, session_id: str) -> Any:
    """Return the style layers that the page draws, once it has all that was done."""
    reached = server.state(session_id)["position"]
    page.wait_for_function("(at) => mapsrv.position() === at", arg=reached, timeout=DRAWN)
    page.wait_for_function("() => mapsrv.map.loaded()", timeout=DRAWN)
    return json.loads(page.evaluate(OURS))


def test_every_property_takes_its_right_values_and_a_newcomer_sees_the_same(
    server: Server, browser: Browser, page: Page
) -> None:
    built()
    errors = watched(page)
    session_id = server.new_map()
    for kind in LAYER_TYPES:
        source = SOURCES.get(kind, GEOJSON)
        server.command(session_id, "add_layer", id=f"own-{kind}", source=source, layers=[{"type": kind}])
    opened(page, f"{server.url}/?session={session_id}")
    for kind, name, value in right_values():
        change = {"layer_id": f"own-{kind}", "property": name}
        if name == "visibility":
            continue  # that is toggle_layer's
        server.command(session_id, "set_layer_paint", **change, value=value)
        if name in BESIDE:
            server.command(session_id, "set_layer_paint", **change, value=None)
    seen = settled(page, server, session_id)
    assert len(seen) == len(LAYER_TYPES) and errors == []
    with browser.new_context() as context:
        newcomer = context.new_page()
        errors = watched(newcomer)
        opened(newcomer, f"{server.url}/?session={session_id}")
        drawn = settled(newcomer, server, session_id)
        assert errors == [] and drawn == seen


def test_whatever_is_accepted_a_newcomer_sees_too(server: Server, browser: Browser, page: Page) -> None:
    built()
    draw = random.Random(16)
    errors = watched(page)
    session_id = server.new_map()
    server.command(
        session_id, "add_layer", id="own-a", source=DATA, layers=[{"id": "own-a", "type": "circle"}]
    )
    opened(page, f"{server.url}/?session={session_id}")
    accepted = 0
    for _ in range(SERIES):
        name, value = draw.choice(RIGHT)
        if draw.random() < 0.7:
            value = draw.choice(list(mutations(value)))
        tool, arguments = call_of(name, value)
        body = {"command": tool, "arguments": {**arguments, "layer_id": "own-a"}}
        asked_for = {"params": {"session": session_id}, "json": body, "verify": NO_TLS}
        accepted += httpx2.post(f"{server.url}/commands", **asked_for).status_code == 200
    assert 0 < accepted < SERIES
    seen = settled(page, server, session_id)
    assert [layer["id"] for layer in seen] == ["own-a"] and errors == []
    with browser.new_context() as context:
        newcomer = context.new_page()
        errors = watched(newcomer)
        opened(newcomer, f"{server.url}/?session={session_id}")
        drawn = settled(newcomer, server, session_id)
        assert errors == [] and drawn == seen
