"""Real GeoJSON, of every kind and size: the browser draws it, or it is refused with a reason."""

from __future__ import annotations

import json
import random
from typing import Any

import httpx2
import pytest
from playwright.sync_api import Page

from tests.e2e.conftest import DRAWN, opened
from tests.e2e.kit.server import NO_TLS, Server

RING = [[-5.0, -5.0], [5.0, -5.0], [5.0, 5.0], [-5.0, 5.0], [-5.0, -5.0]]
POINT = {"type": "Point", "coordinates": [0.0, 0.0]}


def collection(*geometries: Any, **more: Any) -> dict[str, Any]:
    items = [{"type": "Feature", "properties": {}, "geometry": item, **more} for item in geometries]
    return {"type": "FeatureCollection", "features": items}


KINDS: dict[str, Any] = {
    "point": POINT,
    "multi-point": {"type": "MultiPoint", "coordinates": [[0, 0], [3, 3]]},
    "line": {"type": "LineString", "coordinates": [[-5, 0], [5, 0]]},
    "multi-line": {"type": "MultiLineString", "coordinates": [[[-5, 0], [5, 0]], [[0, -5], [0, 5]]]},
    "polygon": {"type": "Polygon", "coordinates": [RING]},
    "multi-polygon": {"type": "MultiPolygon", "coordinates": [[RING]]},
    "collection-of-geometries": {
        "type": "GeometryCollection",
        "geometries": [POINT, {"type": "Polygon", "coordinates": [RING]}],
    },
    "feature": {"type": "Feature", "properties": None, "geometry": POINT},
    "three-dimensions": {"type": "LineString", "coordinates": [[-5, 0, 100.5], [5, 0, 7]]},
    "antimeridian": {"type": "LineString", "coordinates": [[-4, 0], [179, 0], [181, 2]]},
    "poles": {
        "type": "Polygon",
        "coordinates": [[[-180, -90], [180, -90], [180, 90], [-180, 90], [-180, -90]]],
    },
    "with-a-null-geometry": collection(POINT, None),
    "text-ids": {
        "type": "FeatureCollection",
        "features": [
            {"type": "Feature", "id": "007", "properties": {}, "geometry": POINT},
            {"type": "Feature", "id": "7", "properties": {}, "geometry": {**POINT, "coordinates": [4, 4]}},
        ],
    },
}
NOTHING: dict[str, Any] = {
    "no-features": collection(),
    "null-geometry": collection(None),
    "no-coordinates": {"type": "MultiPolygon", "coordinates": []},
    "no-geometries": {"type": "GeometryCollection", "geometries": []},
}


def found(layer: str, least: int = 1) -> str:
    """Return the script that is true once that many features of a layer are drawn."""
    mine = f"mapsrv.map.getStyle().layers.filter(l => l.source === mapsrv.map.getLayer({layer!r}).source)"
    drawn = f"mapsrv.map.queryRenderedFeatures({{layers: {mine}.map(l => l.id)}}).length"
    return f"() => mapsrv.map.getLayer({layer!r}) && mapsrv.map.loaded() && {drawn} >= {least}"


@pytest.fixture
def session(server: Server, page: Page) -> str:
    session_id = server.new_map()
    server.command(session_id, "set_map_view", center=[0, 0], zoom=4)
    opened(page, f"{server.url}/?session={session_id}")
    return session_id


def test_geojson_of_every_kind_is_drawn(server: Server, page: Page, session: str) -> None:
    for name, source in KINDS.items():
        server.command(session, "add_layer", id=name, source=source)
        page.wait_for_function(found(name), timeout=DRAWN)
    for name, source in NOTHING.items():  # taken, and drawn as the nothing that it is
        server.command(session, "add_layer", id=name, source=source)
    last = server.command(session, "open_map", title="All of them")["position"]
    page.wait_for_function("p => document.documentElement.dataset.position === p", arg=last, timeout=DRAWN)
    page.wait_for_function(found("point"), timeout=DRAWN)
    assert page.locator("#problems:visible, .problems:visible").count() == 0
    [text_ids] = [layer for layer in server.state(session)["state"]["layers"] if layer["id"] == "text-ids"]
    assert text_ids["source"]["promoteId"]
    ids = page.evaluate("mapsrv.map.queryRenderedFeatures({layers: ['text-ids']}).map(f => f.id).sort()")
    assert ids == ["007", "7"]  # as they were sent, though MapLibre's worker would make both 7


def upload(server: Server, session: str, body: bytes) -> httpx2.Response:
    headers, on = {"content-type": "application/geo+json"}, {"session": session}
    url = f"{server.url}/data"
    return httpx2.post(url, params=on, content=body, headers=headers, timeout=60, verify=NO_TLS)


def points(count: int) -> bytes:
    chance = random.Random(1)
    shape = '{"type":"Feature","properties":{},"geometry":{"type":"Point","coordinates":[%.3f,%.3f]}}'
    features = ",".join(shape % (chance.uniform(-60, 60), chance.uniform(-60, 60)) for _ in range(count))
    return f'{{"type":"FeatureCollection","features":[{features}]}}'.encode()


def test_200_000_points_are_refused_with_a_reason_by_default_and_drawn_where_there_is_room(
    server: Server, page: Page
) -> None:
    body = points(200_000)
    refused = upload(server, server.new_map(), body)
    assert refused.status_code == 413 and "--max-data" in refused.json()["error"]["message"]
    server.stop()
    server.flags = ("--max-data", "32MiB")
    server.start()
    session_id = server.new_map()
    opened(page, f"{server.url}/?session={session_id}")
    answer = upload(server, session_id, body)
    assert answer.status_code == 201, answer.text
    told = answer.json()
    assert told["features"] == 200_000 and told["data"].startswith("data/")
    receipt = server.command(session_id, "add_layer", id="many", source=told["data"])
    assert receipt["changed"] == ["many"] and receipt["viewers"] == 1
    page.wait_for_function(found("many", 1000), timeout=3 * DRAWN)
    assert server.state(session_id)["state"]["layers"][0]["source"]["data"] == told["data"]


def test_geojson_of_900_kib_in_a_command_is_taken_out_of_it_and_drawn(
    server: Server, page: Page, session: str
) -> None:
    text = "x" * 940
    features = [
        {"type": "Feature", "properties": {"t": text}, "geometry": {**POINT, "coordinates": [n / 200, 1]}}
        for n in range(900)
    ]
    source = {"type": "FeatureCollection", "features": features}
    assert 900 * 1024 < len(json.dumps(source)) < 1024 * 1024
    server.command(session, "add_layer", id="wide", source=source)
    page.wait_for_function(found("wide", 500), timeout=DRAWN)
    assert server.state(session)["state"]["layers"][0]["source"]["data"].startswith("data/")
