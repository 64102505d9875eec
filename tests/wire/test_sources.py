"""Sources: objects of the Style Spec, GeoJSON itself, and what a text means."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mapsrv.errors import InvalidArgument, MapsrvError
from mapsrv.wire.source_text import Hints, local_data, read_source
from mapsrv.wire.sources import EXAMPLES, check_source
from tests.wire.kit.values import JSON

NONE = Hints(None, False, False)
TILES = Hints(None, False, True)
POINT = {"type": "Point", "coordinates": [7.5, 46.9]}
NAME = "data/" + "0a" * 32


def hint(kind: str) -> Hints:
    return Hints(kind, False, False)


def geojson(data: Any) -> dict[str, Any]:
    return {"type": "geojson", "data": data}


def raster(**more: Any) -> dict[str, Any]:
    return {"type": "raster", "tileSize": 256, **more}


MEANT: list[tuple[Any, Hints, dict[str, Any]]] = [
    ("https://a.org/x.geojson", NONE, geojson("https://a.org/x.geojson")),
    (" https://a.org/x.json?y=1 ", NONE, geojson("https://a.org/x.json?y=1")),
    ("https://a.org/x.json", hint("vector"), geojson("https://a.org/x.json")),
    ("https://a.org/api", hint("circle"), geojson("https://a.org/api")),
    (f"https://a.org/{NAME}", NONE, geojson(f"https://a.org/{NAME}")),
    ("https://a.org/x.json", hint("raster"), raster(url="https://a.org/x.json")),
    ("https://a.org/x.json", Hints(None, True, False), raster(url="https://a.org/x.json")),
    ("https://a.org/x.json", TILES, {"type": "vector", "url": "https://a.org/x.json"}),
    ("https://a.org/x.pmtiles", hint("raster"), raster(url="pmtiles://https://a.org/x.pmtiles")),
    ("https://a.org/x.pmtiles", TILES, {"type": "vector", "url": "pmtiles://https://a.org/x.pmtiles"}),
    ("pmtiles://https://a.org/x", hint("vector"), {"type": "vector", "url": "pmtiles://https://a.org/x"}),
    ("https://a.org/{z}/{x}/{y}.png", NONE, raster(tiles=["https://a.org/{z}/{x}/{y}.png"])),
    ("https://a.org/{z}/{x}/{y}.JPG?k=1", NONE, raster(tiles=["https://a.org/{z}/{x}/{y}.JPG?k=1"])),
    ("https://a.org/{z}/{x}/{y}", hint("raster"), raster(tiles=["https://a.org/{z}/{x}/{y}"])),
    ("https://a.org/?b={bbox-epsg-3857}", NONE, raster(tiles=["https://a.org/?b={bbox-epsg-3857}"])),
    ("https://a.org/{z}/{x}/{y}.pbf", NONE, {"type": "vector", "tiles": ["https://a.org/{z}/{x}/{y}.pbf"]}),
    ("https://a.org/{z}/{x}/{y}", TILES, {"type": "vector", "tiles": ["https://a.org/{z}/{x}/{y}"]}),
    (NAME, NONE, geojson(NAME)),
    (json.dumps(POINT), NONE, geojson(POINT)),
    (json.dumps(geojson(NAME)), NONE, geojson(NAME)),
    (POINT, NONE, geojson(POINT)),
    (geojson(POINT), NONE, geojson(POINT)),
    (geojson(json.dumps(POINT)), NONE, geojson(POINT)),
    (geojson("./x.geojson"), NONE, geojson("file:./x.geojson")),
    ("file:///tmp/a%20b.geojson", NONE, geojson("file:/tmp/a b.geojson")),
    (
        raster(url="https://a.org/t.json", tileSize=512),
        NONE,
        raster(url="https://a.org/t.json", tileSize=512),
    ),
]


@pytest.mark.parametrize(("value", "hints", "source"), MEANT, ids=lambda item: str(item)[:40])
def test_a_source_is_read_from_what_was_sent(value: Any, hints: Hints, source: dict[str, Any]) -> None:
    assert read_source(value, hints) == source


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ("", "neither"),
        ("lakes", "neither"),
        ("{nope", "begins like JSON"),
        (geojson("{nope"), "source.data begins like JSON"),
        ("data/x", "POST /data"),
        ("javascript:alert(1)", "http"),
        ("data:application/json,{}", "http"),
        ("blob:https://a.org/1", "http"),
        ("ftp://a.org/x.geojson", "http"),
        ("https:///x.geojson", "http"),
        ("http://[1/x.geojson", "http"),
        ("https://a.org/" + "x" * 3_000, "2,000"),
        ("pmtiles://./x.pmtiles", "http"),
        ("https://a.org/api", "cannot be told"),
        ("https://a.org/x.pmtiles", "source-layer"),
        ("https://a.org/{z}/{x}/{y}", "pictures or vectors"),
        ({}, "source.type"),
        ({"type": 5}, "source.type"),
        ({"type": "geojsn"}, 'Did you mean "geojson"'),
        ({"type": "image", "url": "https://a.org/x.png"}, "not supported"),
        ({"type": "geojson"}, "needs data"),
        ({"type": "geojson", "data": 5}, "http"),
        ({"type": "geojson", "data": {"type": "Featur"}}, 'Did you mean "Feature"'),
        ({"type": "geojson", "data": {}}, "no GeoJSON"),
        ({"type": "geojson", "data": "file:" + "x" * 5_000}, "http"),
        ({"type": "geojson", "data": "/tmp/a\0"}, "http"),
        ({"type": "geojson", "dat": 1}, 'Did you mean "data"'),
        ({"type": "geojson", "data": NAME, "cluster": 1}, "true or false"),
        ({"type": "geojson", "data": NAME, "buffer": 1_000}, "from 0 to 512"),
        ({"type": "geojson", "data": NAME, "promoteId": "mapsrv:id"}, "property"),
        ({"type": "geojson", "data": NAME, "clusterProperties": {"a": 1}}, "like"),
        ({"type": "geojson", "data": NAME, "filter": [["a"]]}, "must be an expression"),
        ({"type": "geojson", "data": NAME, "attribution": 1}, "attribution"),
        ({"type": "vector"}, "either url or tiles"),
        ({"type": "vector", "url": "https://a.org", "tiles": ["https://a.org/{z}"]}, "either url or tiles"),
        ({"type": "vector", "url": "file:///a"}, "http"),
        ({"type": "vector", "tiles": []}, "1 to 20"),
        ({"type": "vector", "tiles": "https://a.org/{z}"}, "1 to 20"),
        ({"type": "vector", "tiles": ["https://a.org/"]}, "{z}"),
        ({"type": "vector", "tiles": ["https://a.org/{z}"], "bounds": [1]}, "west"),
        ({"type": "vector", "tiles": ["https://a.org/{z}"], "bounds": [1, 2, 3, "4"]}, "from -360"),
        ({"type": "vector", "tiles": ["https://a.org/{z}"], "scheme": "zxy"}, "xyz or tms"),
        ({"type": "raster", "tiles": ["https://a.org/{z}"], "minzoom": 9, "maxzoom": 2}, "above"),
        ({"type": "raster", "tiles": ["https://a.org/{z}"], "tilesize": 256}, 'Did you mean "tileSize"'),
    ],
    ids=lambda item: str(item)[:60],
)
def test_what_is_no_source_says_what_to_send(value: Any, says: str) -> None:
    with pytest.raises(InvalidArgument) as caught:
        read_source(value, NONE)
    assert says in caught.value.message


@pytest.mark.parametrize("example", EXAMPLES.values())
def test_every_example_is_a_source(example: str) -> None:
    assert check_source(json.loads(example)).items() >= json.loads(example).items()


def test_the_options_of_a_source_are_kept() -> None:
    source = {
        "type": "geojson",
        "data": NAME,
        "cluster": True,
        "clusterProperties": {"sum": ["+", ["get", "size"]]},
        "clusterRadius": 30,
        "promoteId": "code",
        "attribution": "Data: swisstopo",
        "filter": ["has", "size"],
    }
    assert check_source(source) == source
    vector = {
        "type": "vector",
        "url": "https://a.org/t",
        "bounds": [5, 45, 11, 48],
        "promoteId": {"roads": "id"},
    }
    assert check_source(vector) == vector


def test_an_option_that_is_null_is_left_out() -> None:
    assert check_source({"type": "geojson", "data": NAME, "maxzoom": None}) == geojson(NAME)


def test_with_a_document_beside_it_a_source_needs_no_data() -> None:
    assert check_source({"type": "geojson"}, document=True) == {"type": "geojson"}


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("/tmp/x", "/tmp/x"),
        ("~/x.geojson", "~/x.geojson"),
        ("../x.gpx", "../x.gpx"),
        ("x.geojson", "x.geojson"),
        ("C:\\maps\\x.json", "C:\\maps\\x.json"),
        ("\\\\server\\x.json", "\\\\server\\x.json"),
        ("file:///C:/maps/x.json", "C:/maps/x.json"),
        ("file://localhost/tmp/x.json", "/tmp/x.json"),
    ],
)
def test_a_path_of_the_caller_is_marked(text: str, path: str) -> None:
    assert local_data(text) == "file:" + path


@pytest.mark.parametrize("text", ["https://a.org/x.geojson", NAME, "data/x.json", "lakes"])
def test_what_is_no_path_is_not_marked(text: str) -> None:
    assert local_data(text) == text


@settings(deadline=None)
@given(
    JSON | st.dictionaries(st.sampled_from(["type", "data", "url", "tiles", "filter", "bounds"]), JSON),
    st.booleans(),
)
def test_garbage_raises_only_our_error(value: Any, tiles: bool) -> None:
    if isinstance(value, (str, dict)):
        try:
            assert read_source(value, Hints(None, False, tiles))["type"] in EXAMPLES
        except MapsrvError:
            pass
