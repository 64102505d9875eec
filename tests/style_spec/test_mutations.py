"""Wrong calls made of right ones: each refused with a reason that names the argument, the map unchanged."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

from mapsrv.core.log import Origin
from mapsrv.errors import InvalidArgument
from mapsrv.hub.lifecycle import open_hub
from mapsrv.store.memory import open_memory
from mapsrv.style_spec import Engine
from mapsrv.wire.calls import parse_call
from tests.style_spec.kit.package import asked

MODEL = Origin("model", "m", "a model")
LEAST = 300

POINTS = [
    {
        "type": "Feature",
        "id": n,
        "geometry": {"type": "Point", "coordinates": [n, n]},
        "properties": {"kind": ("lake", "bog")[n % 2], "depth": n * 10, "name": f"n{n}", "big": n > 2},
    }
    for n in range(6)
]
DATA = {"type": "FeatureCollection", "features": POINTS}
KIND, DEPTH = ["get", "kind"], ["get", "depth"]

# (property or filter, a right value)
RIGHT: list[tuple[str, Any]] = [
    ("circle-color", ["match", KIND, "lake", "#2f6fde", "bog", "brown", "black"]),
    ("circle-color", ["case", ["==", KIND, "lake"], "blue", [">", DEPTH, 20], "green", "grey"]),
    ("circle-color", ["interpolate", ["linear"], DEPTH, 0, "#fee08b", 50, "#d73027"]),
    ("circle-color", ["interpolate-hcl", ["exponential", 1.5], DEPTH, 0, "white", 50, "red"]),
    ("circle-color", ["step", DEPTH, "#fff", 10, "#aaa", 30, "#000"]),
    ("circle-color", ["rgb", ["min", 255, ["*", DEPTH, 5]], 0, 80]),
    ("circle-color", ["let", "d", DEPTH, ["case", [">", ["var", "d"], 20], "red", "blue"]]),
    ("circle-radius", ["interpolate", ["linear"], ["zoom"], 3, 2, 9, ["/", DEPTH, 5], 14, 12]),
    ("circle-radius", ["+", 2, ["sqrt", ["max", 0, DEPTH]]]),
    ("circle-radius", ["coalesce", DEPTH, 4]),
    ("circle-radius", ["step", ["zoom"], 2, 6, ["match", KIND, "lake", 8, 4]]),
    ("circle-radius", ["case", ["get", "big"], 9, ["%", DEPTH, 7]]),
    ("circle-radius", {"stops": [[3, 2], [9, 12]]}),
    ("circle-opacity", ["interpolate", ["cubic-bezier", 0.4, 0, 0.6, 1], DEPTH, 0, 0.3, 50, 1]),
    ("circle-stroke-width", ["case", ["any", ["==", KIND, "lake"], ["has", "name"]], 2, 0]),
    ("circle-translate", ["step", ["zoom"], ["literal", [0, 0]], 5, ["literal", [2, 2]]]),
    ("circle-pitch-alignment", ["step", ["zoom"], "map", 9, "viewport"]),
    ("circle-sort-key", ["-", DEPTH]),
    ("filter", ["all", [">=", DEPTH, 10], ["!=", KIND, "bog"]]),
    ("filter", ["in", KIND, ["literal", ["lake", "bog"]]]),
    ("filter", ["any", ["==", ["geometry-type"], "Point"], ["!", ["has", "name"]]]),
    ("filter", ["match", KIND, ["lake"], True, False]),
    ("filter", ["==", ["slice", ["get", "name"], 0, 1], "n"]),
    ("filter", ["<", ["length", ["get", "name"]], 5]),
]


def mutations(value: Any) -> Iterator[Any]:
    """Yield the value with one thing wrong, at every place where that can be."""
    for path in places(value):
        node = at(value, path)
        for other in wrong(node):
            yield replaced(value, path, other)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    inner = enumerate(value) if isinstance(value, list) else value.items() if isinstance(value, dict) else ()
    for key, item in inner:
        yield from places(item, (*path, key))


def wrong(node: Any) -> Iterator[Any]:
    if isinstance(node, list) and node:
        yield node[:-1]
        yield [*node, "more"]
        yield [f"{node[0]}x", *node[1:]]
        yield []
        yield list(reversed(node))
    if isinstance(node, str):
        yield node + "x"
        yield 5
    if isinstance(node, (int, float)):
        yield "many"
        yield [node]
    yield {"a": 1}
    yield None


def at(value: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        value = value[key]
    return value


def replaced(value: Any, path: tuple[Any, ...], other: Any) -> Any:
    if not path:
        return other
    made = copy.deepcopy(value)
    at(made, path[:-1])[path[-1]] = other
    return made


def item(name: str, value: Any) -> dict[str, Any]:
    if name == "filter":
        return {"of": "filter", "key": "k", "value": value}
    group = "layout" if name == "circle-sort-key" else "paint"
    return {"of": "property", "key": "k", "group": group, "type": "circle", "name": name, "value": value}


def call(name: str, value: Any) -> tuple[str, dict[str, Any]]:
    if name == "filter":
        return "filter_layer", {"layer_id": "a", "filter": value}
    return "set_layer_paint", {"layer_id": "a", "property": name, "value": value}


async def test_wrong_calls_are_refused_and_right_ones_done_without_a_warning(engine: Engine) -> None:
    made = [(name, other) for name, value in RIGHT for other in mutations(value) if other is not None]
    judge = {"judge": [item(name, value) for name, value in made], "try": [], "count": None, "data": None}
    verdicts = asked(judge)[0]["verdicts"]
    cases = [case for case, faults in zip(made, verdicts, strict=True) if faults]
    assert len(cases) >= LEAST
    async with (
        open_memory() as store,
        open_hub(store, max_data=1 << 20, session_idle=1e6, warm=False, engine=engine) as hub,
    ):
        session_id = await hub.create_session()

        async def do(tool: str, arguments: dict[str, Any]) -> Any:
            return await hub.execute(session_id, parse_call(tool, arguments).request, MODEL)

        await do("add_layer", {"id": "a", "source": DATA, "layers": [{"type": "circle"}]})
        for name, value in RIGHT:
            assert (await do(*call(name, value))).warnings == (), (name, value)
            await do("reset_layer_style", {"layer_id": "a"})
        async with hub.open_session(session_id) as live:
            before = live.position
            for name, value in cases:
                try:
                    await do(*call(name, value))
                except InvalidArgument as error:
                    assert name in error.message, (name, value, error.message)
                else:
                    raise AssertionError((name, value))
            assert live.position == before
