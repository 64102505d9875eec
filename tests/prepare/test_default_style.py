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
from mapsrv.prepare.default_style import LOOKS, PALETTE, SHADE
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
