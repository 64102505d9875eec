"""update_features prepared: the change travels, or the document's new name, or the whole source."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from mapsrv.core import commands as c
from mapsrv.core.apply import apply_all
from mapsrv.core.decider import decide
from mapsrv.core.state import PROMOTED, MapState
from mapsrv.errors import IdTaken, InvalidArgument, InvalidGeoJson, TooLarge, UnknownLayer
from mapsrv.prepare.geojson_blobs import Documents
from mapsrv.prepare.layers import prepare
from mapsrv.store.memory import open_memory

POINT = {"type": "Point", "coordinates": [8.5, 47.4]}
MOVED = {"type": "Point", "coordinates": [9.5, 46.4]}
URL = "https://example.org/lakes.geojson"
RASTER = {"type": "raster", "tiles": ["https://example.org/{z}/{x}/{y}.png"]}


@pytest.fixture
async def documents() -> AsyncIterator[Documents]:
    async with open_memory() as store:
        yield Documents(store, max_data=100_000, clock=lambda: 0.0)


def feature(geometry: Any = POINT, **members: Any) -> dict[str, Any]:
    return {"type": "Feature", "geometry": geometry, "properties": {}, **members}


async def on_map(documents: Documents, count: int, **source: Any) -> MapState:
    data = {"type": "FeatureCollection", "features": [feature(properties={"n": n}) for n in range(count)]}
    command = c.AddLayer("a", {"type": "geojson", "data": data, **source})
    return await changed(documents, MapState(), command)


async def changed(documents: Documents, state: MapState, command: c.Command) -> MapState:
    prepared = await prepare(command, state, documents)
    return apply_all(state, decide(state, prepared.command))


async def completed(documents: Documents, state: MapState, command: c.UpdateFeatures) -> c.UpdateFeatures:
    prepared = await prepare(command, state, documents)
    assert prepared.relied == {"a": state.layers["a"]}
    assert isinstance(prepared.command, c.UpdateFeatures)
    assert prepared.command.layer_id == "a" and prepared.command.document is None
    return prepared.command


async def features_of(documents: Documents, state: MapState) -> list[Any]:
    body = await documents.body(state.layers["a"].source)
    assert body is not None
    return list(json.loads(body)["features"])


async def test_a_small_change_of_small_data_travels_alone(documents: Documents) -> None:
    state = await on_map(documents, 3)
    command = c.UpdateFeatures(
        "a", (feature(),), ({"id": "1", "geometry": MOVED, "properties": {"n": None, "x": 1}},), (0,)
    )
    done = await completed(documents, state, command)
    assert done == c.UpdateFeatures(
        "a",
        (feature(id=3),),
        ({"id": 1, "geometry": MOVED, "properties": {"n": None, "x": 1}},),
        (0,),
    )
    after = await features_of(documents, apply_all(state, decide(state, done)))
    assert [(one["id"], one["geometry"], one["properties"]) for one in after] == [
        (1, MOVED, {"x": 1}),
        (2, POINT, {"n": 2}),
        (3, POINT, {}),
    ]


async def test_large_data_gets_a_new_name_and_the_change_travels_too(documents: Documents) -> None:
    state = await on_map(documents, 500)
    before = state.layers["a"].source["data"]
    done = await completed(documents, state, c.UpdateFeatures("a", remove=(7, 7, 8)))
    assert done.data != before and str(done.data).startswith("data/")
    assert done.diff_travels and done.remove == (7, 8) and done.source is None
    state = apply_all(state, decide(state, done))
    assert len(await features_of(documents, state)) == 498
    summary = await documents.summary(state.layers["a"].source)
    assert summary is not None and summary.features == 498


async def test_a_large_change_stays_at_home(documents: Documents) -> None:
    state = await on_map(documents, 3)
    many = tuple(feature(properties={"name": "x" * 50}) for _ in range(200))
    as_text = json.dumps({"add": many, "remove": [0]}).encode()
    for command in (c.UpdateFeatures("a", many, remove=(0,)), c.UpdateFeatures("a", document=as_text)):
        done = await completed(documents, state, command)
        assert done.data is not None and not done.diff_travels
        assert (done.add, done.update, done.remove) == ((), (), ())
        assert len(await features_of(documents, apply_all(state, decide(state, done)))) == 202


async def test_a_large_change_that_leaves_little_sends_the_source(documents: Documents) -> None:
    state = await on_map(documents, 3)
    command = c.UpdateFeatures("a", update=tuple({"id": 0, "properties": {"n": "x" * n}} for n in range(300)))
    done = await completed(documents, state, command)
    assert done.data is None and done.update == () and not done.diff_travels
    assert done.source is not None
    [first, *_] = await features_of(documents, apply_all(state, decide(state, done)))
    assert first["properties"] == {"n": "x" * 299}


@pytest.mark.parametrize("count", [3, 500])
async def test_the_first_mangled_id_changes_the_source(documents: Documents, count: int) -> None:
    state = await on_map(documents, count)
    done = await completed(documents, state, c.UpdateFeatures("a", (feature(id="new"),)))
    assert done.source is not None and done.source["promoteId"] == PROMOTED
    assert isinstance(done.source["data"], dict) == (count == 3)
    assert done.data is None
    state = apply_all(state, decide(state, done))
    found = await features_of(documents, state)
    assert [one["properties"][PROMOTED] for one in found] == [*range(count), "new"]
    more = await completed(documents, state, c.UpdateFeatures("a", (feature(),), remove=("new",)))
    assert more.source is None and more.add[0]["properties"] == {PROMOTED: count}
    # The source goes on promoting, so what is added goes on bearing its id, even after all the rest is gone.
    state = apply_all(state, decide(state, more))
    state = await changed(documents, state, c.UpdateFeatures("a", remove=tuple(range(count + 1))))
    last = await completed(documents, state, c.UpdateFeatures("a", (feature(),)))
    assert last.add[0]["properties"] == {PROMOTED: 0}


async def test_what_the_user_promotes_stays(documents: Documents) -> None:
    state = await on_map(documents, 3, promoteId="n")
    done = await completed(documents, state, c.UpdateFeatures("a", (feature(id="new"),)))
    assert done.source is None and done.add[0]["id"] == "new"


async def test_a_style_layers_id_names_its_layer_and_undrawn_kinds_are_told(documents: Documents) -> None:
    data = {"type": "LineString", "coordinates": [[1, 2], [3, 4]]}
    drawn = ({"id": "a-casing", "type": "line"},)
    add = c.AddLayer("a", {"type": "geojson", "data": data}, style_layers=drawn)
    state = await changed(documents, MapState(), add)
    prepared = await prepare(c.UpdateFeatures("a-casing", (feature(),)), state, documents)
    assert isinstance(prepared.command, c.UpdateFeatures) and prepared.command.layer_id == "a"
    assert prepared.warnings == (
        'No style layer of "a" is made to draw Point features: add it again with layers that do.',
    )


async def test_a_change_that_cannot_be_made_is_refused(documents: Documents) -> None:
    state = await on_map(documents, 3)
    state = await changed(documents, state, c.AddLayer("away", {"type": "geojson", "data": URL}))
    state = await changed(documents, state, c.AddLayer("tiles", RASTER))
    for command, error, message in (
        (c.UpdateFeatures("b", remove=(1,)), UnknownLayer, 'There is no layer "b"'),
        (c.UpdateFeatures("away", remove=(1,)), InvalidArgument, "is loaded by the browser.*add_layer"),
        (c.UpdateFeatures("tiles", remove=(1,)), InvalidArgument, "comes as tiles.*add_layer"),
        (c.UpdateFeatures("a"), InvalidArgument, "Give the features to add, to update or to remove"),
        (c.UpdateFeatures("a", remove=(9,)), InvalidArgument, r"remove\[0\]: the layer has no feature 9"),
        (c.UpdateFeatures("a", (feature(id=1),)), IdTaken, r"add\[0\].id: the layer has a feature 1"),
        (c.UpdateFeatures("a", (feature(properties={"x": float("nan")}),)), InvalidGeoJson, "not JSON"),
        (c.UpdateFeatures("a", document=b"{"), InvalidGeoJson, "not JSON"),
        (c.UpdateFeatures("a", document=b"[]"), InvalidArgument, 'expected an object {"add"'),
        (c.UpdateFeatures("a", document=b'{"add": {"x": 1}}'), InvalidArgument, "add: expected an array"),
    ):
        with pytest.raises(error, match=message):
            await prepare(command, state, documents)


async def test_a_layer_does_not_grow_over_the_limit(documents: Documents) -> None:
    state = await on_map(documents, 700)
    with pytest.raises(TooLarge, match="--max-data"):
        await prepare(c.UpdateFeatures("a", tuple(feature() for _ in range(500))), state, documents)
    with pytest.raises(TooLarge, match="--max-data"):
        await prepare(c.UpdateFeatures("a", document=b" " * 100_001), state, documents)
