"""add_layer: what its source, type and layers become together."""

from __future__ import annotations

from typing import Any

import pytest

from mapsrv.core import commands as c
from mapsrv.errors import IdTaken
from mapsrv.wire.calls import local_path
from mapsrv.wire.tools.requests import GetMapState
from tests.wire.tools.kit.calling import POINT, refusal, request

GEOJSON = {"type": "geojson", "data": POINT}
TILES = "https://a.org/{z}/{x}/{y}"


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
def test_a_style_layer_type_as_type_asks_for_its_default_look(word: str) -> None:
    assert request("add_layer", id="a", source=POINT, type=word) == c.AddLayer("a", GEOJSON, word)
    paint = {"type": "line", "paint": {"line-width": 9}}
    told = request("add_layer", id="a", source=POINT, type=word, layers=[paint])
    assert told == c.AddLayer("a", GEOJSON, "vector", ({"id": "a", **paint},))


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


LABELS = {"type": "symbol", "layout": {"text-field": ["get", "name"]}}


def test_without_source_it_is_about_the_layer_that_is_there() -> None:
    read = request("add_layer", id="a", layers=[LABELS, {"id": "x", "type": "circle"}])
    assert read == c.AddStyleLayers("a", (LABELS, {"id": "x", "type": "circle"}))
    whole = request("add_layer", id="a", layers=[LABELS], title="A", visible=False, below="b", fit=True)
    assert whole == c.AddStyleLayers("a", (LABELS,), "A", False, "b", True)
    tiled = {"type": "line", "source-layer": "roads"}
    assert request("add_layer", id="a", layers=[tiled]).style_layers == (tiled,)


def test_another_layers_data_is_named_and_not_looked_at() -> None:
    read = request("add_layer", id="a", source=" layer:lakes ", layers=[LABELS])
    assert read == c.AddLayer("a", {c.OTHERS: "lakes"}, None, ({"id": "a", **LABELS},))
    plain = request("add_layer", id="a", source="layer:lakes", type="circle", title="A", visible=False)
    assert plain == c.AddLayer("a", {c.OTHERS: "lakes"}, "circle", title="A", visible=False)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({}, "source is missing: GeoJSON itself"),
        ({"title": "A"}, "send layers"),
        ({"layers": [LABELS], "type": "vector"}, "leave it out"),
        ({"layers": [{"type": "background"}]}, "set_basemap"),
        ({"layers": [{"type": "fil"}]}, 'Did you mean "fill"'),
        ({"layers": [{"type": "line", "source-layer": 5}]}, "source-layer"),
        ({"layers": [LABELS, {**LABELS, "id": "x"}, {**LABELS, "id": "x"}]}, "stands twice"),
        ({"source": "layer:"}, "is empty"),
        ({"source": {"layer": "lakes"}}, "source.type must be"),
    ],
)
def test_what_draws_no_data_that_is_there_is_refused(arguments: Any, says: str) -> None:
    if "stands twice" in says:
        with pytest.raises(IdTaken, match=says):
            request("add_layer", id="a", **arguments)
    else:
        assert says in refusal("add_layer", {"id": "a", **arguments})
