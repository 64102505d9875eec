"""The tokens of the ground: every name on it can be read, in light and dark."""

from __future__ import annotations

import json
import re
from importlib.resources import files
from typing import Any

import pytest

from mapsrv.core.state import MapState
from mapsrv.wire.ground import ANY_VERSION, SCHEMES, Look, basemap_names, ground
from mapsrv.wire.style import to_style
from tests.kit.contrast import contrast

FILE = json.loads(files("mapsrv.wire").joinpath("basemaps.json").read_bytes())
READABLE = 4.5
# Where each name stands.
ON = {
    "country_text": ("land", "ice"),
    "city_text": ("land", "ice", "water"),
    "state_text": ("land",),
    "peak_text": ("land", "ice"),
    "water_text": ("water", "land"),
}


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize(("name", "on"), [(name, on) for name, places in ON.items() for on in places])
def test_a_name_can_be_read_where_it_stands(name: str, on: str, scheme: str) -> None:
    tokens = FILE["tokens"][scheme]
    assert contrast(tokens[name], tokens[on]) >= READABLE


def test_every_colour_of_text_is_judged_above() -> None:
    labels = [layer for layer in FILE["basemaps"]["natural-earth"]["labels"] if layer["type"] == "symbol"]
    assert {layer["paint"]["text-color"].removeprefix("@") for layer in labels} == ON.keys()


def used(value: Any) -> set[str]:
    if isinstance(value, str):
        return {value[1:]} if value.startswith("@") else set()
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return set().union(*map(used, items)) if items else set()


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_table_has_the_colours_that_are_used_and_no_other(scheme: str) -> None:
    names = used([[one["layers"], one["labels"]] for one in FILE["basemaps"].values()])
    assert names == FILE["tokens"][scheme].keys()


def test_lakes_have_the_colour_of_the_sea() -> None:
    paint = {layer["id"]: layer["paint"] for layer in ground("natural-earth", "", Look()).layers}
    assert paint["mapsrv:lakes"]["fill-color"] == paint["mapsrv:background"]["background-color"]


@pytest.mark.parametrize("name", basemap_names())
@pytest.mark.parametrize("scheme", SCHEMES)
def test_every_basemap_is_a_style_of_its_own(name: str, scheme: str) -> None:
    style = to_style(MapState(basemap=name), "https://maps.example", Look(scheme, ANY_VERSION))
    assert {layer["source"] for layer in style["layers"] if "source" in layer} == style["sources"].keys()
    ids = [layer["id"] for layer in style["layers"]]
    assert len(ids) == len(set(ids)) and all(one.startswith("mapsrv:") for one in ids)


BUILT_IN = ground("natural-earth", "", Look())
# Of filters, QGIS 3.40 converts these; `zoom` it knows on the right of a comparison alone (tests/in_qgis.py).
FILTERS = re.compile(r"all|!|has|get|<=?|zoom")
ZOOM_LEFT = re.compile(r'"[<>=!]+", \["zoom"\]')


@pytest.mark.parametrize("layer", [*BUILT_IN.layers, *BUILT_IN.labels], ids=lambda layer: layer["id"])
def test_the_ground_says_nothing_that_qgis_does_not_convert(layer: dict[str, Any]) -> None:
    told = layer.get("filter", [])
    assert all(FILTERS.fullmatch(one) for one in operators(told))
    assert not ZOOM_LEFT.search(json.dumps(told))
    values = {**layer.get("paint", {}), **layer.get("layout", {})}
    for name in values.keys() - {"symbol-sort-key"}:  # which it does not know at all
        assert not operators(values[name]) & {"+", "-", "*", "/", "case", "step"}, name
        if "interpolate" in operators(values[name]):
            assert values[name][:3] == ["interpolate", ["linear"], ["zoom"]], name
            assert all(plain_match(stop) for stop in values[name][4::2] if isinstance(stop, list)), name
    if "text-variable-anchor" in values and values["text-variable-anchor"][0] != "center":
        assert values["text-anchor"] == values["text-variable-anchor"][0]  # else a name covers its dot
        assert values["text-offset"] == [values["text-radial-offset"], 0]


def operators(value: Any) -> set[str]:
    if not isinstance(value, list) or not value:
        return set()
    head = {value[0]} if isinstance(value[0], str) else set()
    return head.union(*map(operators, value[1:]))


def plain_match(stop: list[Any]) -> bool:
    """Return whether it is a match whose labels stand one by one, and whose outputs are numbers."""
    return stop[0] == "match" and not any(isinstance(item, list) for item in stop[2:])
