"""A map as a style document: sources, order, overrides, filters, visibility."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

import pytest

from mapsrv.core.state import Camera, MapLayer, MapState
from mapsrv.errors import UnknownLayer
from mapsrv.wire.ground import Look, basemap_names
from mapsrv.wire.style import drawn_from, effective_layers, to_style

BASE = "https://maps.example.org"
FILL = {"id": "lakes", "type": "fill", "paint": {"fill-color": "red", "fill-opacity": 0.5}}


def layer(**more: Any) -> MapLayer:
    values: dict[str, Any] = {
        "id": "lakes",
        "title": "Lakes",
        "type": "vector",
        "visible": True,
        "rank": "U",
        "source": {"type": "geojson", "data": "data/" + "0" * 64},
        "style_layers": (FILL,),
    }
    return MapLayer(**{**values, **more})


def drawn(**more: Any) -> dict[str, Any]:
    (only,) = effective_layers(layer(**more))
    return only


def test_a_new_map_is_its_basemap() -> None:
    style = to_style(MapState(), BASE)
    assert style["version"] == 8 and style["name"] == "Untitled map"
    assert (style["center"], style["zoom"], style["bearing"], style["pitch"]) == ([0.0, 20.0], 1.5, 0.0, 0.0)
    (source,) = style["sources"].values()
    assert source["tiles"] == [f"{BASE}/basemap/0/{{z}}/{{x}}/{{y}}.pbf"]
    assert all(item["id"].startswith("mapsrv:") for item in style["layers"])


def ids(*layers: MapLayer, basemap: str = "natural-earth") -> list[str]:
    state = MapState(basemap=basemap).with_layers(iter(layers))
    return [item["id"] for item in to_style(state, BASE)["layers"]]


def test_what_is_drawn_from_one_source_can_be_had_alone() -> None:
    style = to_style(MapState().with_layers(iter((layer(),))), BASE)
    for source in ("mapsrv:ground", "lakes"):
        alone = drawn_from(style, source)
        assert alone["sources"] == {source: style["sources"][source]}
        assert {one.get("source", "mapsrv:ground") for one in alone["layers"]} == {source}
    ids = [one["id"] for one in style["layers"]]
    assert [one["id"] for one in drawn_from(style, "mapsrv:ground")["layers"]] == [
        one for one in ids if one != "lakes"
    ]


def test_a_source_that_is_not_there_is_refused_with_those_that_are() -> None:
    with pytest.raises(UnknownLayer, match=r'no source "x"\. Its sources: "mapsrv:ground"\.'):
        drawn_from(to_style(MapState(), BASE), "x")
    with pytest.raises(UnknownLayer, match="Its sources: none"):
        drawn_from(to_style(MapState(basemap="none"), BASE), "mapsrv:ground")


def test_names_of_the_ground_stand_above_areas_and_those_of_a_map_above_all() -> None:
    drawn = [{"id": f"a-{kind}", "type": kind} for kind in ("line", "symbol", "fill", "circle")]
    order = ids(layer(style_layers=tuple(drawn)))
    ground, names = order.index("mapsrv:borders"), order.index("mapsrv:city-labels")
    assert ground < order.index("a-line") < order.index("a-fill") < names
    assert names < order.index("a-symbol") < order.index("a-circle") == len(order) - 1


def test_what_is_no_area_stands_above_the_names_of_the_ground() -> None:
    order = ids(layer(style_layers=({"id": "a", "type": "circle"},)))
    assert order[-2:] == ["mapsrv:country-labels", "a"]


def test_light_and_dark_are_one_style_in_two_tables_of_colours() -> None:
    light, dark = (json.dumps(to_style(MapState(), BASE, Look(scheme, "v"))) for scheme in ("light", "dark"))
    tokens = json.loads(files("mapsrv.wire").joinpath("basemaps.json").read_bytes())["tokens"]
    assert tokens["light"].keys() == tokens["dark"].keys() and "/basemap/v/" in light
    assert tokens["light"]["land"] in light and tokens["dark"]["land"] in dark and light != dark
    assert '"@' not in light + dark


def test_the_built_in_ground_lies_beneath_one_that_is_away() -> None:
    state = MapState(basemap="openstreetmap")
    style = to_style(state, BASE)
    assert set(style["sources"]) == {"mapsrv:ground", "mapsrv:away"}
    assert style["layers"][-1]["id"] == "mapsrv:away"
    assert "openstreetmap.org" in style["sources"]["mapsrv:away"]["tiles"][0]


def test_layers_lie_between_the_basemap_and_its_labels() -> None:
    state = MapState().with_layers(iter([layer(id="b", rank="k"), layer(id="a", rank="U")]))
    style = to_style(state, BASE)
    order = [item["id"] for item in style["layers"]]
    assert order[0] == "mapsrv:background" and order[-1] == "mapsrv:country-labels"
    assert [item["source"] for item in style["layers"] if not item["id"].startswith("mapsrv:")] == ["a", "b"]
    assert style["sources"]["a"] == {"type": "geojson", "data": f"{BASE}/data/" + "0" * 64}


def test_a_basemap_may_be_none_or_gone() -> None:
    catalog = json.loads(files("mapsrv.wire").joinpath("basemaps.json").read_bytes())
    assert basemap_names()[-1] == "none" and catalog["default"] == MapState().basemap
    none = to_style(MapState(basemap="none"), BASE)
    assert none == to_style(MapState(basemap="of a later release"), BASE)
    assert none["sources"] == {}


def test_bounds_are_not_in_a_style() -> None:
    camera = Camera(center=None, zoom=None, bounds=(1.0, 2.0, 3.0, 4.0))
    assert not to_style(MapState(camera=camera), BASE).keys() & {"center", "zoom", "bearing", "pitch"}


def test_an_attribution_of_the_layer_is_its_sources() -> None:
    source = {"type": "raster", "tiles": ["https://a.org/{z}"], "attribution": "old"}
    state = MapState().with_layers([layer(source=source, attribution="new")])
    assert to_style(state, BASE)["sources"]["lakes"] == {**source, "attribution": "new"}
    inline = {"type": "geojson", "data": {"type": "FeatureCollection", "features": []}}
    assert to_style(MapState().with_layers([layer(source=inline)]), BASE)["sources"]["lakes"] == inline


def test_a_style_layer_is_drawn_as_it_was_added() -> None:
    own = {
        "id": "a",
        "type": "line",
        "minzoom": 3,
        "paint": {},
        "layout": {"visibility": "visible"},
        "metadata": {"a": 1},
    }
    assert drawn(style_layers=(own,)) == {
        "id": "a",
        "type": "line",
        "minzoom": 3,
        "metadata": {"a": 1},
        "source": "lakes",
    }


def test_overrides_lie_over_it() -> None:
    override = {"paint": {"fill-color": "blue"}, "layout": {"fill-sort-key": 1}, "minzoom": 0, "maxzoom": 9}
    assert drawn(restyled={"lakes": override}) == {
        "id": "lakes",
        "type": "fill",
        "source": "lakes",
        "minzoom": 0,
        "maxzoom": 9,
        "paint": {"fill-color": "blue", "fill-opacity": 0.5},
        "layout": {"fill-sort-key": 1},
    }


@pytest.mark.parametrize(
    ("own", "override", "whole", "result"),
    [
        (None, None, None, None),
        (["has", "a"], None, None, ["has", "a"]),
        (None, ["has", "b"], None, ["has", "b"]),
        (None, None, ["has", "c"], ["has", "c"]),
        (["has", "a"], None, ["has", "c"], ["all", ["has", "a"], ["has", "c"]]),
        (["has", "a"], ["has", "b"], ["has", "c"], ["all", ["has", "a"], ["has", "b"], ["has", "c"]]),
    ],
)
def test_filters_are_joined_by_all(own: Any, override: Any, whole: Any, result: Any) -> None:
    style_layer = {**FILL, "filter": own} if own else FILL
    restyled = {"lakes": {"filter": override}} if override else {}
    assert drawn(style_layers=(style_layer,), restyled=restyled, filter=whole).get("filter") == result


@pytest.mark.parametrize("layer_visible", [True, False])
@pytest.mark.parametrize("override", [None, True, False])
@pytest.mark.parametrize("added", [None, "visible", "none"])
def test_visibility_is_settled(layer_visible: bool, override: bool | None, added: str | None) -> None:
    own = {**FILL, "layout": {"visibility": added} if added else {}}
    restyled = {} if override is None else {"lakes": {"visible": override}}
    shown = layer_visible and (override if override is not None else added != "none")
    layout = drawn(visible=layer_visible, style_layers=(own,), restyled=restyled).get("layout")
    assert layout == (None if shown else {"visibility": "none"})
