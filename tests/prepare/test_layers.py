"""add_layer prepared: data made regular and kept, drawn by defaults, bounded; views found."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from mapsrv.core import commands as c
from mapsrv.core.apply import apply_all
from mapsrv.core.decider import decide
from mapsrv.core.prepared import Prepared
from mapsrv.core.state import PROMOTED, Camera, MapState
from mapsrv.errors import InvalidArgument, InvalidGeoJson, LimitReached, UnknownData, UnknownLayer
from mapsrv.prepare.default_style import PALETTE, RECENT
from mapsrv.prepare.geojson_blobs import Documents
from mapsrv.prepare.layers import prepare
from mapsrv.store.memory import open_memory

EMPTY = MapState()
POINT = {"type": "Point", "coordinates": [8.5, 47.4]}
LINE = {"type": "LineString", "coordinates": [[170, -10], [175, 10]]}
POLYGON = {"type": "MultiPolygon", "coordinates": [[[[-176, 0], [-170, 0], [-170, 5], [-176, 0]]]]}
RASTER = {"type": "raster", "tiles": ["https://example.org/{z}/{x}/{y}.png"], "tileSize": 256}
URL = "https://example.org/lakes.geojson"


@pytest.fixture
async def documents() -> AsyncIterator[Documents]:
    async with open_memory() as store:
        yield Documents(store, max_data=1 << 20, clock=lambda: 0.0)


def collection(*geometries: Any, **members: Any) -> dict[str, Any]:
    features = [{"type": "Feature", "geometry": geometry, **members} for geometry in geometries]
    return {"type": "FeatureCollection", "features": features}


def layer(data: Any, layer_id: str = "a", **members: Any) -> c.AddLayer:
    return c.AddLayer(layer_id, {"type": "geojson", "data": data}, **members)


async def added(documents: Documents, command: c.AddLayer, state: MapState = EMPTY) -> c.AddLayer:
    prepared = await prepare(command, state, documents)
    assert isinstance(prepared.command, c.AddLayer) and not prepared.relied
    return prepared.command


async def on_map(documents: Documents, *commands: c.AddLayer) -> MapState:
    state = EMPTY
    for command in commands:
        state = apply_all(state, decide(state, await added(documents, command, state)))
    return state


async def test_commands_that_need_nothing_pass_as_they_are(documents: Documents) -> None:
    for command in (c.SetTitle("x"), c.RemoveLayer("x"), c.SetMapView(zoom=3)):
        assert await prepare(command, EMPTY, documents) == Prepared(command)


async def test_small_data_stays_in_the_source_and_is_drawn(documents: Documents) -> None:
    command = await added(documents, layer(POINT))
    feature = {"type": "Feature", "id": 0, "geometry": POINT, "properties": {}}
    assert command.source == {"type": "geojson", "data": {"type": "FeatureCollection", "features": [feature]}}
    assert command.type == "vector"
    assert command.style_layers is not None
    assert [(drawn["id"], drawn["type"]) for drawn in command.style_layers] == [("a", "circle")]
    assert "filter" not in command.style_layers[0]


async def test_large_data_is_kept_apart_and_named(documents: Documents) -> None:
    data = collection(*[POINT] * 300)
    command = await added(documents, layer(data))
    address = command.source["data"]
    assert address.startswith("data/")
    as_text = c.AddLayer("a", {"type": "geojson"}, document=json.dumps(data).encode())
    again = await added(documents, as_text)
    assert again.source == command.source and again.document is None
    assert (await added(documents, layer(address))).style_layers == command.style_layers
    summary = await documents.summary(command.source)
    assert summary is not None and summary.features == 300


async def test_data_that_cannot_be_had_is_refused(documents: Documents) -> None:
    for data, error in (
        ("data/" + "0" * 64, UnknownData),
        ("data/x", UnknownData),
        ("file:/etc/passwd", InvalidArgument),
        (None, InvalidGeoJson),
        ({"type": "Point", "coordinates": [1, 95]}, InvalidGeoJson),
    ):
        with pytest.raises(error):
            await prepare(layer(data), EMPTY, documents)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (collection(POLYGON), [("a", "fill", None), ("a-line", "line", None)]),
        (collection(LINE), [("a", "line", None)]),
        (
            collection(POINT, LINE),
            [
                ("a", "line", ["LineString", "MultiLineString"]),
                ("a-points", "circle", ["Point", "MultiPoint"]),
            ],
        ),
        (
            {"type": "GeometryCollection", "geometries": [POINT, POLYGON]},
            [
                ("a", "fill", ["Polygon", "MultiPolygon"]),
                ("a-line", "line", ["Polygon", "MultiPolygon"]),
                ("a-points", "circle", ["Point", "MultiPoint"]),
            ],
        ),
        *(
            (
                data,
                [
                    ("a", "fill", ["Polygon", "MultiPolygon"]),
                    ("a-line", "line", ["Polygon", "MultiPolygon", "LineString", "MultiLineString"]),
                    ("a-points", "circle", ["Point", "MultiPoint"]),
                ],
            )
            for data in (URL, collection(), collection(POINT, LINE, POLYGON))
        ),
    ],
)
async def test_defaults_draw_what_the_data_has(documents: Documents, data: Any, expected: Any) -> None:
    command = await added(documents, layer(data))
    for drawn, (name, kind, types) in zip(command.style_layers or (), expected, strict=True):
        assert (drawn["id"], drawn["type"]) == (name, kind)
        wanted = None if types is None else ["in", ["geometry-type"], ["literal", types]]
        assert drawn.get("filter") == wanted


async def test_default_ids_avoid_what_the_map_has_and_colours_differ(documents: Documents) -> None:
    other = layer(POINT, "a-line", style_layers=({"id": "a-points", "type": "circle"},))
    state = await on_map(documents, other, *(layer(POINT, f"layer {place}") for place in range(len(PALETTE))))
    colours = {drawn.get("paint", {}).get("circle-color") for one in state for drawn in one.style_layers}
    assert colours == {None, *PALETTE}
    command = await added(documents, layer(collection(POINT, POLYGON)), state)
    assert [drawn["id"] for drawn in command.style_layers or ()] == ["a", "a-line-2", "a-points-2"]
    assert decide(state, command)
    replaced = await added(documents, layer(POINT, "layer 3"), state)
    assert replaced.style_layers == state.layers["layer 3"].style_layers
    assert RECENT > len(PALETTE)


async def test_tiles_are_drawn_where_that_is_known(documents: Documents) -> None:
    command = await added(documents, c.AddLayer("a", RASTER))
    assert (command.type, command.style_layers) == ("raster", ({"id": "a", "type": "raster"},))
    command = await added(documents, c.AddLayer("a", {**RASTER, "type": "raster-dem"}, type="raster"))
    assert command.style_layers == ({"id": "a", "type": "hillshade"},)
    with pytest.raises(InvalidArgument, match="source-layer"):
        await added(documents, c.AddLayer("a", {"type": "vector", "url": "https://example.org/a.json"}))


async def test_given_style_layers_stay_as_they_are(documents: Documents) -> None:
    given = ({"id": "x", "type": "line"},)
    prepared = await prepare(layer(collection(LINE, POINT), style_layers=given), EMPTY, documents)
    assert isinstance(prepared.command, c.AddLayer)
    assert prepared.command.style_layers == given
    assert prepared.warnings == ("None of the style layers is made to draw Point features.",)


async def test_ids_that_maplibre_would_mangle_are_promoted(documents: Documents) -> None:
    text_ids = collection(POINT, id="a")
    assert (await added(documents, layer(text_ids))).source["promoteId"] == PROMOTED
    mine = c.AddLayer("a", {"type": "geojson", "data": text_ids, "promoteId": "code"})
    assert (await added(documents, mine)).source["promoteId"] == "code"
    stale = c.AddLayer("a", {"type": "geojson", "data": collection(POINT, id=1), "promoteId": PROMOTED})
    assert "promoteId" not in (await added(documents, stale)).source
    away = c.AddLayer("a", {"type": "geojson", "data": URL, "promoteId": "code"})
    assert (await added(documents, away)).source == away.source


@pytest.mark.parametrize(
    ("command", "camera"),
    [
        (layer(collection(LINE, POLYGON)), Camera(None, None, bounds=(170, -10, -170, 10), padding=40)),
        (layer(POINT), Camera((8.5, 47.4), 12)),
        (layer(collection()), None),
        (layer(URL), None),
        (c.AddLayer("a", {**RASTER, "bounds": [5, 45, 11, 48]}), Camera(None, None, bounds=(5, 45, 11, 48))),
        (c.AddLayer("a", {**RASTER, "bounds": [5, 45, 11, 99]}), None),
        (c.AddLayer("a", {**RASTER, "bounds": [5, 45, 200, 48]}), None),
        (c.AddLayer("a", {**RASTER, "bounds": [5, 45]}), None),
    ],
)
async def test_fit_looks_at_the_data_where_it_is_known(
    documents: Documents, command: c.AddLayer, camera: Camera | None
) -> None:
    fitted = c.AddLayer(command.id, command.source, fit=True)
    prepared = await prepare(fitted, EMPTY, documents)
    assert isinstance(prepared.command, c.AddLayer)
    assert prepared.command.camera == camera
    assert bool(prepared.warnings) == (camera is None)
    assert (await added(documents, command)).camera is None


async def test_sources_and_styles_are_bounded(documents: Documents) -> None:
    long = "x" * (64 * 1024)
    for command, message in (
        (c.AddLayer("a", {**RASTER, "attribution": long}), "source: 65,"),
        (layer(POINT, style_layers=({"id": "a", "type": "line", "metadata": {"x": long}},)), "layers: 65,"),
        (layer(POINT, style_layers=({"id": "a", "type": "line"},) * 101), "layers: 101 style layers"),
    ):
        with pytest.raises(LimitReached, match=message):
            await prepare(command, EMPTY, documents)
    deep: Any = []
    for _ in range(100_000):
        deep = [deep]
    for value in (float("nan"), deep):
        with pytest.raises(InvalidArgument, match="source: this cannot be written as JSON"):
            await prepare(c.AddLayer("a", {**RASTER, "x": value}), EMPTY, documents)


async def test_a_source_and_a_type_that_do_not_fit_are_refused(documents: Documents) -> None:
    for source in ({"type": "image"}, {"type": ["x"]}, {}):
        with pytest.raises(InvalidArgument, match="source.type: expected one of geojson"):
            await prepare(c.AddLayer("a", source), EMPTY, documents)
    with pytest.raises(InvalidArgument, match="a raster source makes a raster layer"):
        await prepare(c.AddLayer("a", RASTER, type="vector"), EMPTY, documents)


# --- set_map_view ----------------------------------------------------------------


async def test_a_layer_or_some_of_its_features_can_be_looked_at(documents: Documents) -> None:
    state = await on_map(
        documents,
        layer(collection(LINE, POLYGON, POINT), "shapes"),
        layer(collection(*[LINE] * 300), "many"),
    )
    for command, expected in (
        (c.SetMapView(layer_id="many", pitch=30), {"bounds": (170, -10, 175, 10)}),
        (c.SetMapView(layer_id="shapes-line"), {"bounds": (8.5, -10, -170, 47.4)}),
        (c.SetMapView(layer_id="many", feature_ids=(7, "8")), {"bounds": (170, -10, 175, 10)}),
        (c.SetMapView(layer_id="shapes", feature_ids=(0, 1)), {"bounds": (170, -10, -170, 10)}),
        (c.SetMapView(layer_id="shapes", feature_ids=(2,)), {"center": (8.5, 47.4), "zoom": 12}),
        (c.SetMapView(layer_id="shapes", feature_ids=(2,), zoom=3), {"center": (8.5, 47.4), "zoom": 3}),
        (c.SetMapView(layer_id="many", zoom=0), {"center": (172.5, 0), "zoom": 0}),
    ):
        prepared = await prepare(command, state, documents)
        name = "shapes" if "shapes" in str(command.layer_id) else "many"
        assert prepared.relied == {name: state.layers[name]}
        found = prepared.command
        assert isinstance(found, c.SetMapView)
        assert found.bounds == expected.get("bounds") and found.center == expected.get("center")
        assert found.zoom == expected.get("zoom")
        assert found.pitch == command.pitch
        assert decide(state, found)


async def test_what_cannot_be_looked_at_is_refused_with_the_way_round(documents: Documents) -> None:
    layers = layer(URL, "away"), layer(collection(None), "nothing"), layer(POINT, "point")
    state = await on_map(documents, *layers)
    for command, error, message in (
        (c.SetMapView(layer_id="pont"), UnknownLayer, 'Did you mean "point"'),
        (c.SetMapView(layer_id="away"), InvalidArgument, "is loaded by the browser"),
        (c.SetMapView(layer_id="away", feature_ids=(1,)), InvalidArgument, "Give bounds"),
        (c.SetMapView(layer_id="nothing"), InvalidArgument, "There are no coordinates"),
        (c.SetMapView(layer_id="nothing", feature_ids=(0,)), InvalidArgument, "There are no coordinates"),
        (c.SetMapView(layer_id="point", feature_ids=(5,)), InvalidArgument, r"feature_ids\[0\]: the layer"),
        (c.SetMapView(feature_ids=(5,)), InvalidArgument, "give the layer_id"),
        (c.SetMapView(layer_id="point", center=(1, 2)), InvalidArgument, "Give one of"),
    ):
        with pytest.raises(error, match=message):
            await prepare(command, state, documents)
