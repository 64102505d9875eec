"""What a page has read in tiles: as it is where it can be named, cleaned and bounded whatever a page says."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mapsrv.errors import InvalidArgument
from mapsrv.wire.source_layers import MAX_FIELDS, MAX_READ, MAX_SOURCE_LAYERS, read_tiles

ROADS = {"id": "roads", "fields": {"name": "String"}, "geometry": "LineString", "zooms": [4, 14]}


def layers(*items: Any) -> Any:
    return read_tiles({"kind": "vector", "layers": list(items)})["layers"]


def test_layers_are_read_as_they_are_told() -> None:
    assert layers(ROADS | {"mood": 1}) == [ROADS]
    assert layers({"id": "water"}) == [{"id": "water", "fields": {}}]
    assert read_tiles({"kind": "raster", "layers": []}) == {"kind": "raster", "layers": []}


@pytest.mark.parametrize("name", [None, 3, "", " roads", "ro\u202eads", "x" * 61])
def test_a_layer_that_could_not_be_named_in_a_call_is_left_out(name: Any) -> None:
    assert layers({"id": name}, "water", ROADS) == [ROADS]


@pytest.mark.parametrize(
    "more",
    [{"geometry": "Curve"}, {"zooms": [1]}, {"zooms": [-1, 3]}, {"zooms": "all"}, {"zooms": [0, "9"]}],
    ids=str,
)
def test_what_is_odd_of_a_layer_is_left_out(more: dict[str, Any]) -> None:
    assert layers({"id": "water", **more}) == [{"id": "water", "fields": {}}]


def test_fields_are_cleaned_and_bounded() -> None:
    [layer] = layers({"id": "a", "fields": {"na\nme": "Str\x00ing", "\u200b": "x"}})
    assert layer["fields"] == {"na me": "Str ing"}
    [layer] = layers({"id": "a", "fields": {f"f{n}": "Number" for n in range(99)}})
    assert len(layer["fields"]) == MAX_FIELDS
    assert layers({"id": "a", "fields": ["name"]}) == [{"id": "a", "fields": {}}]


def test_all_together_is_bounded() -> None:
    assert len(layers(*({"id": f"l{n}"} for n in range(99)))) == MAX_SOURCE_LAYERS
    wide = {"\U0001f5fa" * 50 + str(n): "String" for n in range(MAX_FIELDS)}
    many = read_tiles({"kind": "vector", "layers": [{"id": f"l{n}", "fields": wide} for n in range(30)]})
    assert len(json.dumps(many["layers"])) <= MAX_READ


@pytest.mark.parametrize("value", ["all", {}, {"kind": "map", "layers": []}, {"kind": "vector"}], ids=str)
def test_what_no_page_says_is_refused(value: Any) -> None:
    with pytest.raises(InvalidArgument, match="read: "):
        read_tiles(value)
