"""One default look: whoever names a type of style layer and no paint gets what one gets who names none."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from mapsrv.core import commands as c
from mapsrv.core.apply import apply_all
from mapsrv.core.decider import decide
from mapsrv.core.state import Json, MapState
from mapsrv.errors import InvalidArgument
from mapsrv.prepare.default_style import FEW, LOOKS, MANY, NAMES, PALETTE, SHADE
from mapsrv.prepare.geojson_blobs import Documents
from mapsrv.prepare.layers import prepare
from mapsrv.store.memory import open_memory
from mapsrv.wire.style_layers import check_style_layers
from mapsrv.wire.tools.add_layer import VECTOR_WORDS
from tests.wire.tools.kit.calling import request

EMPTY = MapState()
POINT = {"type": "Point", "coordinates": [8.5, 47.4]}
LINE = {"type": "LineString", "coordinates": [[8, 47], [9, 48]]}
POLYGON = {"type": "Polygon", "coordinates": [[[8, 47], [9, 47], [9, 48], [8, 47]]]}
NATURAL = [("circle", POINT), ("line", LINE), ("fill", POLYGON)]


def many(geometry: dict[str, Any]) -> dict[str, Any]:
    return {"type": f"Multi{geometry['type']}", "coordinates": [geometry["coordinates"]]}


@pytest.fixture
async def documents() -> AsyncIterator[Documents]:
    async with open_memory() as store:
        yield Documents(store, max_data=1 << 20, clock=lambda: 0.0)


async def added(documents: Documents, state: MapState = EMPTY, **arguments: Any) -> c.AddLayer:
    """Return what add_layer with these arguments becomes."""
    command = (await prepare(request("add_layer", id="a", **arguments), state, documents)).command
    assert isinstance(command, c.AddLayer)
    return command


@pytest.mark.parametrize(
    ("word", "geometry"), [*NATURAL, *((word, many(geometry)) for word, geometry in NATURAL)]
)
async def test_a_layer_looks_the_same_whether_its_type_is_named_or_not(
    documents: Documents, word: str, geometry: Json
) -> None:
    blue = await added(documents, source=geometry)
    assert await added(documents, source=geometry, type=word) == blue and blue.type == "vector"
    others = apply_all(EMPTY, decide(EMPTY, c.AddLayer("b", **_drawn_like(blue))))
    other = await added(documents, others, source=geometry)
    assert other.style_layers != blue.style_layers, "its colour is another than the first's"
    assert await added(documents, others, source=geometry, type=word) == other


def _drawn_like(command: c.AddLayer) -> dict[str, Any]:
    layers = tuple({**layer, "id": f"b-{layer['id']}"} for layer in command.style_layers or ())
    return {"source": command.source, "type": "vector", "style_layers": layers}


@pytest.mark.parametrize("word", LOOKS)
async def test_each_type_draws_all_the_data_by_its_look(documents: Documents, word: str) -> None:
    mixed = {"type": "GeometryCollection", "geometries": [POINT, LINE, POLYGON]}
    layers = (await added(documents, source=mixed, type=word)).style_layers or ()
    assert (layers[0]["id"], layers[0]["type"]) == ("a", word)
    assert not any("filter" in layer for layer in layers)
    assert check_style_layers("a", "geojson", list(layers)) == layers
    assert SHADE not in str(layers)


@pytest.mark.parametrize("word", LOOKS)
async def test_who_says_how_has_it_so(documents: Documents, word: str) -> None:
    own = [{"id": "a", "type": "circle", "paint": {"circle-radius": 9}}]
    assert (await added(documents, source=POINT, type=word, layers=own)).style_layers == tuple(own)
    bare = [{"id": "a", "type": "circle"}]
    assert (await added(documents, source=POINT, type=word, layers=bare)).style_layers == tuple(bare)


def test_each_word_that_a_call_may_say_has_a_look() -> None:
    assert set(LOOKS) == set(VECTOR_WORDS) - {"geojson"}
    assert all(shade.startswith("#") for shade in PALETTE)


async def test_what_is_no_geojson_is_not_drawn_by_such_a_type(documents: Documents) -> None:
    tiles = {"type": "raster", "tiles": ["https://example.org/{z}/{x}/{y}.png"], "tileSize": 256}
    for word in ("circle", "background"):
        with pytest.raises(InvalidArgument, match="leave type out"):
            await prepare(c.AddLayer("a", tiles, word), EMPTY, documents)
    with pytest.raises(InvalidArgument, match="leave type out"):
        await prepare(c.AddLayer("a", {"type": "geojson", "data": POINT}, "background"), EMPTY, documents)


def points(count: int, **properties: Json) -> dict[str, Any]:
    place = {"type": "Feature", "geometry": POINT, "properties": properties}
    return {"type": "FeatureCollection", "features": [place] * count}


@pytest.mark.parametrize("name", NAMES)
async def test_few_points_that_have_a_name_get_a_label(documents: Documents, name: str) -> None:
    circle, label = (await added(documents, source=points(FEW, **{name: "Zug"}))).style_layers or ()
    assert (circle["id"], circle["type"], label["id"], label["type"]) == ("a", "circle", "a-labels", "symbol")
    assert ["get", name] in label["layout"]["text-field"][1] and "filter" not in label
    assert label["layout"].items() >= LOOKS["symbol"]["layout"].items()
    assert check_style_layers("a", "geojson", [circle, label]) == (circle, label)


async def test_points_without_a_name_or_too_many_to_name_get_none(documents: Documents) -> None:
    for source in (points(FEW, kind="town"), points(FEW + 1, name="Zug"), points(1)):
        (only,) = (await added(documents, source=source)).style_layers or ()
        assert only["type"] == "circle" and only["paint"]["circle-stroke-width"] == 1


async def test_beside_areas_only_points_are_labelled(documents: Documents) -> None:
    named = [{"type": "Feature", "geometry": one, "properties": {"name": "x"}} for one in (POINT, POLYGON)]
    mixed = {"type": "FeatureCollection", "features": named}
    layers = (await added(documents, source=mixed)).style_layers or ()
    assert [layer["type"] for layer in layers] == ["fill", "line", "circle", "symbol"]
    assert (
        layers[2]["filter"]
        == layers[3]["filter"]
        == ["in", ["geometry-type"], ["literal", ["Point", "MultiPoint"]]]
    )
    areas = {"type": "FeatureCollection", "features": named[1:]}
    assert [layer["type"] for layer in (await added(documents, source=areas)).style_layers or ()] == [
        "fill",
        "line",
    ]


async def test_many_points_are_small_and_translucent_without_an_edge(documents: Documents) -> None:
    (usual,) = (await added(documents, source=points(MANY))).style_layers or ()
    (small,) = (await added(documents, source=points(MANY + 1, name="Zug"))).style_layers or ()
    assert usual["paint"]["circle-stroke-width"] == 1
    assert small["paint"]["circle-opacity"] < 1 and "circle-stroke-width" not in small["paint"]
    assert small["paint"]["circle-color"] == usual["paint"]["circle-color"]
    assert await added(documents, source=points(MANY + 1), type="circle") == await added(
        documents, source=points(MANY + 1)
    )
    assert check_style_layers("a", "geojson", [small]) == (small,)
