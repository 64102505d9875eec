"""What each call's arguments become, and what a wrong one is told."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mapsrv.core import commands as c
from mapsrv.errors import InvalidArgument
from mapsrv.wire.calls import GetLayerInfo, GetMapState, OpenMap, local_path, parse_call

POINT = {"type": "Point", "coordinates": [7.5, 46.9]}
GEOJSON = {"type": "geojson", "data": POINT}
TILES = "https://a.org/{z}/{x}/{y}"


def request(name: str, /, **arguments: Any) -> Any:
    return parse_call(name, arguments).request


def refusal(name: str, arguments: Any) -> str:
    with pytest.raises(InvalidArgument) as caught:
        parse_call(name, arguments)
    return caught.value.message


def test_queries_are_read() -> None:
    assert request("open_map") == OpenMap()
    assert request("open_map", title=" Lakes ", new=True) == OpenMap("Lakes", True)
    assert request("open_map", title="  ") == OpenMap()
    assert request("get_map_state") == GetMapState()
    assert request("get_layer_info", layer_id="a") == GetLayerInfo("a")


def test_commands_about_one_layer_are_read() -> None:
    assert request("remove_layer", layer_id="a") == c.RemoveLayer("a")
    assert request("toggle_layer", layer_id="a") == c.ToggleLayer("a", "toggle")
    assert request("toggle_layer", layer_id="a", action="hide") == c.ToggleLayer("a", "hide")
    assert request("reset_layer_style", layer_id="a") == c.ResetLayerStyle("a")
    assert request("set_basemap", name="none") == c.SetBasemap("none")
    assert request("set_layer_details", layer_id="a", title="T") == c.SetLayerDetails("a", "T")
    assert request("set_layer_details", layer_id="a", attribution="") == c.SetLayerDetails("a", None, "")
    assert "send title or attribution" in refusal("set_layer_details", {"layer_id": "a"})
    assert "title is empty" in refusal("set_layer_details", {"layer_id": "a", "title": " "})
    assert "one line" in refusal("set_layer_details", {"layer_id": "a", "title": "x" * 201})
    assert "one line" in refusal("set_layer_details", {"layer_id": "a", "attribution": "a\u2028b"})


def test_a_title_may_hold_any_visible_text() -> None:
    assert request("open_map", title="Zürich\u00a0湖 🗺 <b>").title == "Zürich\u00a0湖 🗺 <b>"


@pytest.mark.parametrize("bad", ["", " ", "x" * 129, "a\0b", "a\u2029b"])
def test_an_id_is_a_visible_line(bad: str) -> None:
    assert "layer_id" in refusal("remove_layer", {"layer_id": bad})


def test_move_layer_takes_one_place() -> None:
    assert request("move_layer", layer_id="a") == c.MoveLayer("a")
    assert request("move_layer", layer_id="a", below="b") == c.MoveLayer("a", below="b")
    assert request("move_layer", layer_id="a", above="b") == c.MoveLayer("a", above="b")
    assert request("move_layer", layer_id="a", to="bottom") == c.MoveLayer("a", to="bottom")
    assert "one of below" in refusal("move_layer", {"layer_id": "a", "below": "b", "to": "top"})
    assert "below is empty" in refusal("move_layer", {"layer_id": "a", "below": ""})


def test_filter_layer_takes_an_expression_or_nothing() -> None:
    assert request("filter_layer", layer_id="a", filter=["has", "b"]) == c.FilterLayer("a", ["has", "b"])
    assert request("filter_layer", layer_id="a") == request("filter_layer", layer_id="a", filter=None)
    assert '["==", ["get", "kind"], "a"]' in refusal(
        "filter_layer", {"layer_id": "a", "filter": ["==", "kind", "a"]}
    )


def test_set_layer_paint_takes_one_property_or_several() -> None:
    assert request("set_layer_paint", layer_id="a", property="line-width", value=2) == c.SetLayerPaint(
        "a", {"line-width": 2}
    )
    assert request("set_layer_paint", layer_id="a", property="line-width", value=None).properties == {
        "line-width": None
    }
    several = {"opacity": 0.5, "minzoom": 0, "maxzoom": None, "text-field": "x"}
    assert request("set_layer_paint", layer_id="a", properties=several).properties == several
    fade = {"opacity": ["interpolate", ["linear"], ["zoom"], 0, 0, 5, 1]}
    assert request("set_layer_paint", layer_id="a", properties=fade).properties == fade


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({}, "property and value"),
        ({"property": "line-width"}, "property and value"),
        ({"value": 2}, "property and value"),
        ({"property": "line-width", "value": 2, "properties": {}}, "property and value"),
        ({"properties": {}}, "empty"),
        ({"property": "visibility", "value": "none"}, "toggle_layer"),
        ({"property": "fillColor", "value": "red"}, 'Did you mean "fill-color"'),
        ({"property": "opacity", "value": 2}, "from 0 to 1"),
        ({"property": "minzoom", "value": [1]}, "from 0 to 24"),
        ({"properties": {"line-width": 2, "line-color": "reed"}}, "colour"),
    ],
)
def test_set_layer_paint_says_what_is_wrong(arguments: Any, says: str) -> None:
    assert says in refusal("set_layer_paint", {"layer_id": "a", **arguments})


def test_update_features_takes_lists() -> None:
    feature = {"type": "Feature", "geometry": POINT, "properties": {}}
    change = {"id": 1, "properties": {"a": None}}
    read = request("update_features", layer_id="a", add=[feature], update=[change], remove=[1, "b"])
    assert read == c.UpdateFeatures("a", (feature,), (change,), (1, "b"))
    collection = {"type": "FeatureCollection", "features": [feature]}
    assert request("update_features", layer_id="a", add=json.dumps(collection)).add == (feature,)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({}, "changes nothing"),
        ({"add": []}, "changes nothing"),
        ({"add": [5]}, "add[0] must be an object"),
        ({"update": ["x"]}, "update[0] must be an object"),
        ({"remove": [1, True]}, "remove[1] must be a feature id"),
        ({"remove": [None]}, "remove[0] must be a feature id"),
        ({"add": "x"}, "array"),
        ({"add": {"type": "FeatureCollection"}}, "changes nothing"),
    ],
)
def test_update_features_says_what_is_wrong(arguments: Any, says: str) -> None:
    assert says in refusal("update_features", {"layer_id": "a", **arguments})


# --- add_layer --------------------------------------------------------------------------


def test_add_layer_is_read_whole() -> None:
    read = request(
        "add_layer",
        id="a",
        source=POINT,
        title="A",
        visible=False,
        below="b",
        fit=True,
        layers=[{"type": "circle"}],
    )
    layer = ({"id": "a", "type": "circle"},)
    assert read == c.AddLayer("a", GEOJSON, "vector", layer, "A", False, "b", True)


@pytest.mark.parametrize("word", ["fill", "line", "circle", "symbol", "heatmap"])
def test_a_style_layer_type_as_type_draws_so(word: str) -> None:
    (layer,) = request("add_layer", id="a", source=POINT, type=word).style_layers
    assert (layer["id"], layer["type"]) == ("a", word)


def test_the_type_is_read_from_the_source() -> None:
    assert request("add_layer", id="a", source=POINT).type == "vector"
    assert request("add_layer", id="a", source=POINT, type="geojson").style_layers is None
    assert request("add_layer", id="a", source=TILES, type="raster").source["tileSize"] == 256
    dem = {"type": "raster-dem", "url": "https://a.org/t.json"}
    assert request("add_layer", id="a", source=dem, layers=[{"type": "hillshade"}]).type == "raster"
    pictures = request("add_layer", id="a", source=TILES, layers=[{"type": "raster"}])
    assert pictures.source == {"type": "raster", "tiles": [TILES], "tileSize": 256}
    roads = [{"type": "line", "source-layer": "roads"}]
    assert request("add_layer", id="a", source=TILES, layers=roads).source == {
        "type": "vector",
        "tiles": [TILES],
    }


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"source": POINT, "type": "raster"}, "Leave type out"),
        ({"source": {"type": "raster", "url": "https://a.org"}, "type": "vector"}, "Leave type out"),
        ({"source": TILES, "type": "vector"}, "source-layer"),
        ({"source": TILES, "type": "line"}, "source-layer"),
        ({"source": POINT, "layers": []}, "leave it out"),
        ({"source": POINT, "id": "mapsrv:a"}, "reserved"),
        ({"source": POINT, "id": "__proto__"}, "reserved"),
        ({"source": POINT, "id": ""}, "empty"),
        ({"source": POINT, "below": ""}, "below is empty"),
        ({"source": 5}, "object or string"),
        ({"source": POINT, "layers": "x"}, "array"),
    ],
)
def test_add_layer_says_what_is_wrong(arguments: Any, says: str) -> None:
    assert says in refusal("add_layer", {"id": "a", **arguments})


def test_a_file_of_the_caller_is_marked_for_the_transport_to_judge() -> None:
    assert local_path(request("add_layer", id="a", source="~/lakes.geojson")) == "~/lakes.geojson"
    assert local_path(request("add_layer", id="a", source=POINT)) is None
    assert local_path(GetMapState()) is None
