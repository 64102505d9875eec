"""GET /state, GET /style.json, and GeoJSON in and out at /data."""

from __future__ import annotations

from typing import Any

import pytest

from tests.web.conftest import MAX_DATA
from tests.web.kit.asgi import Client

POINT = {"type": "Point", "coordinates": [8.5, 47.4]}


async def test_the_state_has_its_position_as_etag(client: Client, session: str) -> None:
    answer = await client.get(f"/state?session={session}")
    etag = answer.header("etag")
    assert answer.status == 200 and etag == f'"{answer.json["position"]}"'
    assert answer.json["format"] == 1 and answer.json["state"]["layers"] == []
    for said in (etag, f"W/{etag}", f'"x", {etag}', "*"):
        assert (await client.get(f"/state?session={session}", if_none_match=said)).status == 304
    body = {"command": "open_map", "arguments": {"title": "Rivers"}}
    assert (await client.post(f"/commands?session={session}", body)).status == 200
    assert (await client.get(f"/state?session={session}", if_none_match=etag)).status == 200
    assert answer.header("access-control-allow-origin") is None


async def test_the_style_opens_anywhere(client: Client, session: str) -> None:
    stored = (await client.post(f"/data?session={session}", POINT)).json["data"]
    body = {"command": "add_layer", "arguments": {"id": "stops", "source": stored}}
    assert (await client.post(f"/commands?session={session}", body)).status == 200
    answer = await client.get(f"/style.json?session={session}")
    assert answer.status == 200 and answer.header("access-control-allow-origin") == "*"
    assert answer.json["version"] == 8
    assert answer.json["sources"]["stops"]["data"] == f"http://localhost:8081/{stored}"
    assert (await client.get(f"/style.json?session={session}", host="evil.example")).status == 403


async def test_the_style_may_be_asked_for_what_is_of_one_source(client: Client, session: str) -> None:
    body = {"command": "add_layer", "arguments": {"id": "stops", "source": POINT}}
    assert (await client.post(f"/commands?session={session}", body)).status == 200
    answer = await client.get(f"/style.json?session={session}&only=mapsrv:ground")
    assert answer.status == 200 and {*answer.json["sources"]} == {"mapsrv:ground"}
    answer = await client.get(f"/style.json?session={session}&only=starts")
    assert (answer.status, answer.code) == (422, "unknown_layer")


async def test_geojson_in_and_out(client: Client, session: str) -> None:
    answer = await client.post(f"/data?session={session}", POINT, content_type="application/geo+json")
    assert answer.status == 201 and set(answer.json) == {"data", "bytes", "features", "bounds"}
    assert answer.json["features"] == 1 and answer.json["bounds"] == [8.5, 47.4, 8.5, 47.4]
    data = await client.get("/" + answer.json["data"])
    assert data.json["type"] == "FeatureCollection" and len(data.body) == answer.json["bytes"]
    assert data.header("content-type") == "application/geo+json"
    assert data.header("cache-control") == "public, max-age=31536000, immutable"
    assert data.header("access-control-allow-origin") == "*"
    again = await client.get("/" + answer.json["data"], if_none_match=data.header("etag") or "")
    assert again.status == 304 and again.header("access-control-allow-origin") == "*"


@pytest.mark.parametrize("name", ["0" * 64, "x", "..", "%2e%2e%2fmaps.sqlite", "0" * 63 + "Z"])
async def test_data_that_was_never_stored_is_not_found(client: Client, name: str) -> None:
    answer = await client.get(f"/data/{name}")
    assert answer.status == 404 and answer.code in ("unknown_data", "not_found")


@pytest.mark.parametrize("body", [{}, [], {"type": "Point"}, {"type": "Topology"}, 3])
async def test_what_is_not_geojson_is_422(client: Client, session: str, body: Any) -> None:
    answer = await client.post(f"/data?session={session}", body)
    assert (answer.status, answer.code) == (422, "invalid_geojson")


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"name,lat\nBern,46.9\n", "This is a table (CSV), no GeoJSON. Convert it"),
        (b"<?xml version='1.0'?><gpx version='1.1'>", "This is a GPX track, no GeoJSON. Convert it"),
        (b"\x1f\x8b\x08\xff\xff", "This is compressed by gzip, no GeoJSON. Convert it"),
        (b"\xff{", "byte 0 is not"),
        (b"{'type'}", "This is not JSON: "),
    ],
)
async def test_what_is_no_json_is_told_what_it_is(
    client: Client, session: str, body: bytes, says: str
) -> None:
    answer = await client.post(f"/data?session={session}", body)
    assert answer.status == 422 and says in answer.json["error"]["message"]


async def test_geojson_over_the_limit_is_413(client: Client, session: str) -> None:
    large = b'{"type":"FeatureCollection","features":[]}' + b" " * MAX_DATA
    answer = await client.post(f"/data?session={session}", large, content_length=str(len(large)))
    assert (answer.status, answer.code) == (413, "too_large") and "--max-data" in answer.json["error"][
        "message"
    ]
    assert (await client.post(f"/data?session={session}", large)).status == 413
