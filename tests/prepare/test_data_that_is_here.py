"""add_layer with data that is here already: a built-in set, another layer's, the layer's own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from mapsrv.core import commands as c
from mapsrv.core.apply import apply_all
from mapsrv.core.decider import decide
from mapsrv.core.state import Camera, MapState
from mapsrv.errors import InvalidArgument, LimitReached, MapsrvError, UnknownLayer
from mapsrv.gazetteer.gazetteer import Gazetteer
from mapsrv.prepare.geojson_blobs import Documents
from mapsrv.prepare.layers import prepare
from mapsrv.prepare.style_layers import MAX_STYLE, MAX_STYLE_LAYERS
from mapsrv.store.memory import open_memory

PLACES = Gazetteer()
POINT = {"type": "Point", "coordinates": [7.4474, 46.975]}
URL = "https://example.org/lakes.geojson"
RASTER = {"type": "raster", "tiles": ["https://example.org/{z}/{x}/{y}.png"], "tileSize": 256}
TILES = {"type": "vector", "url": "https://example.org/a.json"}
ROADS = ({"id": "roads", "type": "line", "source-layer": "roads"},)
LABELS = {"type": "symbol", "layout": {"text-field": ["get", "name"]}}


@pytest.fixture
async def documents() -> AsyncIterator[Documents]:
    async with open_memory() as store:
        yield Documents(store, max_data=1 << 22, clock=lambda: 0.0)


def layer(layer_id: str, data: Any, **more: Any) -> c.AddLayer:
    return c.AddLayer(layer_id, {"type": "geojson", "data": data}, **more)


async def on_map(documents: Documents, *commands: c.Command) -> MapState:
    state = MapState()
    for command in commands:
        prepared = await prepare(command, state, documents, gazetteer=PLACES)
        state = apply_all(state, decide(state, prepared.command))
    return state


async def refusal(documents: Documents, command: c.Command, state: MapState | None = None) -> MapsrvError:
    with pytest.raises(MapsrvError) as caught:
        await prepare(command, state or MapState(), documents, gazetteer=PLACES)
    return caught.value


def style(state: MapState, layer_id: str) -> list[tuple[str, str]]:
    return [(drawn["id"], drawn["type"]) for drawn in state.layers[layer_id].style_layers]


# --- built-in sets ------------------------------------------------------------------------


async def test_a_built_in_set_is_stored_like_any_document(documents: Documents) -> None:
    wanted = layer("cities", "builtin:cities?country=CH&limit=10", fit=True)
    prepared = await prepare(wanted, MapState(), documents, gazetteer=PLACES)
    assert isinstance(prepared.command, c.AddLayer) and not prepared.relied and not prepared.warnings
    source = prepared.command.source
    assert source["data"].startswith("data/") and source["attribution"] == "GeoNames (CC BY 4.0)"
    summary = await documents.summary(source)
    assert summary is not None and summary.features == 10 and summary.geometry_types == ("Point",)
    assert style(apply_all(MapState(), decide(MapState(), prepared.command)), "cities") == [
        ("cities", "circle"),
        ("cities-labels", "symbol"),
    ]
    assert prepared.command.camera is not None and prepared.facts["camera_near"].endswith("Switzerland")
    again = await prepare(wanted, MapState(), documents, gazetteer=PLACES)
    assert isinstance(again.command, c.AddLayer) and again.command.source == source


@pytest.mark.parametrize("name", ["countries", "us-states"])
async def test_of_the_geometry_of_built_in_data_nobody_is_warned(documents: Documents, name: str) -> None:
    prepared = await prepare(layer("a", f"builtin:{name}"), MapState(), documents, gazetteer=PLACES)
    assert prepared.warnings == ()
    assert isinstance(prepared.command, c.AddLayer)
    summary = await documents.summary(prepared.command.source)
    assert summary is not None and bool(summary.faults) == (name == "countries"), "it is told by a look"


async def test_what_the_source_says_besides_stays(documents: Documents) -> None:
    source = {"type": "geojson", "data": "builtin:us-states", "attribution": "mine", "tolerance": 1}
    prepared = await prepare(c.AddLayer("a", source), MapState(), documents, gazetteer=PLACES)
    assert isinstance(prepared.command, c.AddLayer)
    kept = {key: item for key, item in prepared.command.source.items() if key != "data"}
    assert kept == {"type": "geojson", "attribution": "mine", "tolerance": 1}


async def test_a_set_without_features_or_a_server_without_places_refuses(documents: Documents) -> None:
    none = await refusal(documents, layer("a", "builtin:cities?min_population=90000000"))
    assert isinstance(none, InvalidArgument) and "has no features" in none.message
    assert "no country" in (await refusal(documents, layer("a", "builtin:cities?country=ZZ"))).message
    with pytest.raises(InvalidArgument, match="knows no places"):
        await prepare(layer("a", "builtin:countries"), MapState(), documents)


# --- another layer's ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("other", "drawn"),
    [
        (layer("lakes", POINT, attribution="© lakes"), [("a", "circle")]),
        (layer("lakes", "builtin:countries?country=CH"), [("a", "fill"), ("a-line", "line")]),
        (layer("lakes", URL), [("a", "fill"), ("a-line", "line"), ("a-points", "circle")]),
        (c.AddLayer("lakes", RASTER), [("a", "raster")]),
    ],
)
async def test_another_layers_data_is_drawn_as_it_is_now(
    documents: Documents, other: c.AddLayer, drawn: list[tuple[str, str]]
) -> None:
    state = await on_map(documents, other)
    prepared = await prepare(c.AddLayer("a", {c.OTHERS: "lakes"}), state, documents, gazetteer=PLACES)
    assert prepared.relied == {"lakes": state.layers["lakes"]}
    after = apply_all(state, decide(state, prepared.command))
    assert after.layers["a"].source == state.layers["lakes"].source and style(after, "a") == drawn
    assert after.layers["a"].attribution == state.layers["lakes"].attribution
    assert after.layers["a"].type == state.layers["lakes"].type


async def test_a_layers_look_may_be_made_anew_from_its_own_data(documents: Documents) -> None:
    wanted = c.AddLayer("lakes", {c.OTHERS: "lakes"}, None, ({"id": "lakes", **LABELS},))
    state = await on_map(documents, layer("lakes", POINT), wanted)
    assert style(state, "lakes") == [("lakes", "symbol")]


async def test_what_cannot_draw_another_layers_data_is_refused(documents: Documents) -> None:
    state = await on_map(
        documents, layer("lakes", POINT), c.AddLayer("sat", RASTER), c.AddLayer("tiles", TILES, None, ROADS)
    )

    async def refused(other: str, *style_layers: dict[str, Any], kind: str | None = None) -> str:
        wanted = c.AddLayer("a", {c.OTHERS: other}, kind, style_layers or None)
        return (await refusal(documents, wanted, state)).message

    assert 'Did you mean "lakes"' in await refused("laks")
    assert "cannot draw a raster source" in await refused("sat", {"id": "a", **LABELS})
    assert "cannot draw a geojson source" in await refused("lakes", {"id": "a", "type": "raster"})
    assert 'needs "source-layer"' in await refused("tiles", {"id": "a", **LABELS})
    assert "source-layer" in await refused("tiles")
    assert "leave it out" in await refused("lakes", {"id": "a", "type": "line", "source-layer": "x"})
    assert "leave type out" in await refused("sat", kind="vector")


# --- its own ------------------------------------------------------------------------------


async def test_labels_come_on_top_of_circles_without_the_data(documents: Documents) -> None:
    wanted = c.AddStyleLayers("cities", (LABELS,))
    state = await on_map(documents, layer("cities", POINT))
    prepared = await prepare(wanted, state, documents, gazetteer=PLACES)
    assert prepared.relied == {"cities": state.layers["cities"]} and "camera_near" not in prepared.facts
    after = apply_all(state, decide(state, prepared.command))
    assert style(after, "cities") == [("cities", "circle"), ("cities-symbol", "symbol")]
    assert after.layers["cities"].source == state.layers["cities"].source
    again = await prepare(wanted, after, documents)
    assert decide(after, again.command) == (), "the same again sets what is there"


async def test_one_without_an_id_sets_the_only_one_of_its_type(documents: Documents) -> None:
    state = await on_map(
        documents, layer("a", POINT), c.AddStyleLayers("a", ({"type": "circle", "minzoom": 3},))
    )
    assert state.layers["a"].style_layers == ({"id": "a", "type": "circle", "minzoom": 3},)
    halo = {"id": "halo", "type": "circle"}
    state = await on_map(documents, layer("a", POINT), c.AddStyleLayers("a", (halo, {**halo, "id": "a"})))
    assert style(state, "a") == [("a", "circle"), ("halo", "circle")]
    several = await refusal(documents, c.AddStyleLayers("a", ({"type": "circle"},)), state)
    assert "2 style layers of type circle (a, halo)" in several.message and "by id" in several.message
    two = await on_map(documents, layer("a", POINT), c.AddStyleLayers("a", (LABELS, LABELS)))
    assert style(two, "a") == [("a", "circle"), ("a-symbol", "symbol"), ("a-symbol-2", "symbol")]


async def test_tiles_are_told_apart_by_their_source_layer(documents: Documents) -> None:
    rivers = {"type": "line", "source-layer": "rivers"}
    state = await on_map(
        documents,
        c.AddLayer("a", TILES, None, ROADS),
        c.AddStyleLayers("a", (rivers, {**ROADS[0], "minzoom": 2})),
    )
    drawn = state.layers["a"].style_layers
    assert [item["id"] for item in drawn] == ["roads", "a-line"] and drawn[0]["minzoom"] == 2
    without = await refusal(documents, c.AddStyleLayers("a", ({"type": "line"},)), state)
    assert 'needs "source-layer"' in without.message


async def test_new_ids_avoid_what_the_map_has(documents: Documents) -> None:
    other = layer("b", POINT, style_layers=({"id": "a-symbol", "type": "circle"},))
    taken = layer("a-symbol-2", POINT)
    state = await on_map(documents, other, taken, layer("a", POINT), c.AddStyleLayers("a", (LABELS,)))
    assert style(state, "a")[1] == ("a-symbol-3", "symbol")


async def test_fit_looks_at_the_data_that_is_there(documents: Documents) -> None:
    state = await on_map(documents, layer("a", POINT), layer("b", URL))
    wanted = c.AddStyleLayers("a", (LABELS,), fit=True)
    prepared = await prepare(wanted, state, documents, gazetteer=PLACES)
    assert isinstance(prepared.command, c.AddStyleLayers)
    assert prepared.command.camera == Camera((7.4474, 46.975), 12)
    assert prepared.facts == {"camera_near": "3 km N of Bern, Switzerland"}
    away = await prepare(c.AddStyleLayers("b", (LABELS,), fit=True), state, documents)
    assert away.warnings and "not moved" in away.warnings[0]


async def test_what_has_no_layer_to_draw_is_refused(documents: Documents) -> None:
    state = await on_map(documents, layer("lakes", POINT, style_layers=({"id": "blue", "type": "circle"},)))

    async def refused(name: str, *style_layers: dict[str, Any]) -> str:
        return (await refusal(documents, c.AddStyleLayers(name, style_layers or (LABELS,)), state)).message

    assert 'no layer "laks" on this map' in await refused("laks")
    assert 'Did you mean "lakes"' in await refused("laks")
    assert '"blue" is a style layer of "lakes"' in await refused("blue")
    assert "cannot draw a geojson source" in await refused("lakes", {"type": "raster"})
    many = tuple({"id": f"s{number}", "type": "circle"} for number in range(MAX_STYLE_LAYERS))
    assert "style layers then" in await refused("lakes", *many)
    large = {"id": "x", "type": "circle", "metadata": {"text": "x" * MAX_STYLE}}
    assert isinstance(await refusal(documents, c.AddStyleLayers("lakes", (large,)), state), LimitReached)


# --- where the view went ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "near"),
    [
        (c.SetMapView(center=(7.4474, 46.975), zoom=9.0), "3 km N of Bern, Switzerland"),
        (c.SetMapView(bounds=(7.0, 46.5, 7.8948, 47.45)), "3 km N of Bern, Switzerland"),
        (c.SetMapView(bounds=(170.0, -20.0, -170.0, -13.0)), "Fiji"),
        (c.SetMapView(zoom=3.0), "Mali"),  # where a new map looks
        (c.SetMapView(layer_id="lakes"), "3 km N of Bern, Switzerland"),
        (c.SetMapView(center=(40.7, -74.0)), "far from any place known (over 1,000 km)"),
    ],
)
async def test_a_view_is_told_by_a_place(documents: Documents, command: c.SetMapView, near: str) -> None:
    state = await on_map(documents, layer("lakes", POINT))
    told = (await prepare(command, state, documents, gazetteer=PLACES)).facts["camera_near"]
    assert told.endswith(near)
    assert (await prepare(command, state, documents)).facts == {}, "nothing is said where nothing is known"


async def test_what_moves_no_camera_says_nothing_of_it(documents: Documents) -> None:
    for command in (layer("a", POINT), layer("a", {"type": "FeatureCollection", "features": []}, fit=True)):
        facts = (await prepare(command, MapState(), documents, gazetteer=PLACES)).facts
        assert "camera_near" not in facts


async def test_a_layer_that_is_not_there_cannot_be_looked_at(documents: Documents) -> None:
    assert isinstance(await refusal(documents, c.SetMapView(layer_id="x")), UnknownLayer)
