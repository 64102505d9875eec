"""Each part of a map's state is known wherever it must be: one that is forgotten fails here."""

from __future__ import annotations

import re
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, get_args

import pytest

from mapsrv.core.apply import apply_all
from mapsrv.core.log import Head
from mapsrv.core.ops import Op, PartSet
from mapsrv.core.session import Session
from mapsrv.core.state import PARTS, Camera, MapLayer, MapState
from mapsrv.hub.replicas.reseed import seed_of
from mapsrv.wire import codec, parts

# Of each part a value that a new map has not: a new part needs one here.
OTHER: dict[str, Any] = {
    "title": "Another",
    "basemap": "none",
    "camera": Camera(None, None, 10.0, 20.0, (170.0, -1.0, -170.0, 1.0)),
}
OPS = {op.part: op for op in get_args(PartSet)}
LAYER = MapLayer("a", "A", "vector", True, "a0", {"type": "geojson", "data": "data/x"}, ())
STATE = replace(MapState(), **OTHER).with_layers([LAYER])
TYPES = Path(__file__).parents[3] / "static" / "src" / "state" / "types.ts"


def test_a_state_is_its_parts_and_its_layers() -> None:
    assert [field.name for field in fields(MapState)] == [*PARTS, "layers", "owners"]
    assert list(STATE.to_json()) == [*PARTS, "layers"]
    assert MapState.from_json(STATE.to_json()).to_json() == STATE.to_json()


def test_every_part_differs_in_what_is_tried() -> None:
    assert OTHER.keys() == PARTS.keys()
    assert all(getattr(MapState(), name) != value for name, value in OTHER.items())


@pytest.mark.parametrize("name", PARTS)
def test_every_part_has_an_op_that_sets_it_alone(name: str) -> None:
    op: Op = OPS[name](OTHER[name])
    after = apply_all(MapState(), [op])
    assert after.parts_to_json() == replace(MapState(), **{name: OTHER[name]}).parts_to_json()
    assert codec.op_from_json(codec.op_to_json(op)) == op
    ((part, (body, blobs)),) = codec.components(after, [op]).items()
    assert (part, blobs) == (name, ()) and body is not None
    assert getattr(parts.base_state({name: body}), name) == OTHER[name]


async def test_a_store_that_is_given_a_map_back_is_given_every_part(autojump_clock: object) -> None:
    session = Session(Head.of_epoch("old"), codec.encode_event, state=STATE)
    seed, begun = await seed_of("map", session, None, "new")
    bodies = {name: part.value for name, part in seed.components.items() if part.value is not None}
    layers = [parts.layer_from_bytes(*layer) for layer in parts.layer_components(bodies)]
    assert parts.base_state(bodies).with_layers(layers).to_json() == STATE.to_json() == begun.state.to_json()
    assert seed.components[f"{codec.LAYER}a"].blobs == ("x",)


def test_the_page_has_every_part() -> None:
    found = re.search(r"export interface MapState \{\n(.*?)\n\}", TYPES.read_text(), re.DOTALL)
    assert found is not None
    assert re.findall(r"^  (\w+)\??:", found[1], re.MULTILINE) == [*PARTS, "layers"]
