"""The tool says of every kind of value what the package in Node says of the whole style layer."""

from __future__ import annotations

from typing import Any

from mapsrv.core.state import MapState
from mapsrv.core.style_names import LAYER_TYPES, is_paint, properties_for
from mapsrv.errors import InvalidArgument
from mapsrv.prepare.geojson_blobs import Documents
from mapsrv.prepare.layers import prepare
from mapsrv.prepare.style_check import StyleCheck
from mapsrv.store.memory import open_memory
from mapsrv.style_spec import Engine
from mapsrv.wire.calls import parse_call
from tests.style_spec.kit.package import faults_of

DATA = "https://example.org/lakes.geojson"
TILES = ["https://example.org/{z}/{x}/{y}.png"]
SOURCES = {
    "raster": {"type": "raster", "tiles": TILES},
    "hillshade": {"type": "raster-dem", "tiles": TILES},
    "color-relief": {"type": "raster-dem", "tiles": TILES},
}
GEOJSON = {"type": "geojson", "data": DATA, "lineMetrics": True}

RAMP = ["interpolate", ["linear"]]
VALUES: list[Any] = [
    # constants
    *("red", " #ABC ", "rgb(1 2 3 / 50%)", "hsl(120deg, 50%, 50%)", "reed", "", "{name}", "x {name}"),
    *("map", "viewport", "none", "visible", "auto", "center", "round", "linear", "igor", "multiply"),
    *(0, 1, -1, 0.5, 7, 400, True, False),
    *([], [1], [1, 2], [1, -2, 3, 4], ["a"], ["Noto Sans"], ["top", "left"], ["red", "#fff"]),
    *(["top", [0, 4]], ["top", 4], {}, {"duration": 3}),
    # expressions that fit somewhere
    *(["get", "x"], ["to-color", ["get", "x"]], ["to-string", ["id"]], ["zoom"], ["literal", [1, 2]]),
    *(["literal", ["a"]], ["image", "a"], ["format", ["get", "x"], {"font-scale": 2}]),
    *([*RAMP, ["zoom"], 0, 0, 9, 1], [*RAMP, ["zoom"], 0, "red", 9, "blue"]),
    *(["step", ["zoom"], "map", 5, "viewport"], ["step", ["zoom"], 0, 5, ["get", "x"]]),
    [*RAMP, ["heatmap-density"], 0, "rgba(0, 0, 0, 0)", 1, "red"],
    [*RAMP, ["line-progress"], 0, "red", 1, "blue"],
    [*RAMP, ["elevation"], 0, "red", 1, "blue"],
    ["match", ["get", "x"], ["a", "b"], "red", "blue"],
    ["case", ["boolean", ["feature-state", "on"], False], 1, 0],
    ["coalesce", ["get", "x"], 1],
    ["number-format", 1234.5, {"min-fraction-digits": 1}],
    # expressions that fit nowhere
    *(["gett", "x"], ["get"], ["match", ["get", "x"], "a", "red"], ["case", True, 1], ["+", ["zoom"], 1]),
    *([*RAMP, ["zoom"], 9, 0, 0, 1], ["interpolate", ["lineer"], ["zoom"], 0, 1], ["==", {"a": 1}, 1]),
    # functions
    *(
        {"stops": [[0, 0], [9, 1]]},
        {"stops": [[0, "red"], [9, "blue"]]},
        {"stops": []},
        {"stops": [[9, 1], [0, 1]]},
    ),
    *(
        {"type": "identity", "property": "x"},
        {"property": "x", "stops": [["a", "red"]], "type": "categorical"},
    ),
]
LEAST = 2_000


def layer(kind: str, name: str, value: Any) -> dict[str, Any]:
    return {"id": "a", "type": kind, "paint" if is_paint(kind, name) else "layout": {name: value}}


async def refusal(style: StyleCheck, documents: Documents, drawn: dict[str, Any]) -> str | None:
    source = SOURCES.get(drawn["type"], GEOJSON)
    command = parse_call("add_layer", {"id": "a", "source": source, "layers": [drawn]}).request
    try:
        await prepare(command, MapState(), documents, style)
    except InvalidArgument as error:
        return error.message
    return None


async def test_every_kind_of_value_has_the_packages_verdict(engine: Engine) -> None:
    cases = [
        layer(kind, name, value)
        for kind in LAYER_TYPES
        for name in (*properties_for(kind), f"{properties_for(kind)[0]}-transition")
        for value in VALUES
    ]
    assert len(cases) >= LEAST
    wanted: list[bool] = []
    for kind in LAYER_TYPES:
        mine = [{**case, "source": "source"} for case in cases if case["type"] == kind]
        wanted += [not faults for faults in faults_of(mine, SOURCES.get(kind, GEOJSON))]
    assert any(wanted) and not all(wanted)
    style = StyleCheck(engine)
    async with open_memory() as store:
        documents = Documents(store, max_data=1 << 20, clock=lambda: 0.0)
        for case, right in zip(cases, wanted, strict=True):
            told = await refusal(style, documents, case)
            assert (told is None) == right, (case, told)


async def test_null_is_a_property_left_out(engine: Engine) -> None:
    style = StyleCheck(engine)
    async with open_memory() as store:
        documents = Documents(store, max_data=1 << 20, clock=lambda: 0.0)
        for kind in LAYER_TYPES:
            for name in properties_for(kind):
                assert await refusal(style, documents, layer(kind, name, None)) is None
