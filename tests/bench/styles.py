"""What MapLibre's validator adds to a command: the same ones at a hub without it and at one with it."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from typing import Any

import trio

from mapsrv.core.log import Origin
from mapsrv.hub.hub import Hub
from mapsrv.hub.lifecycle import open_hub
from mapsrv.store.memory import open_memory
from mapsrv.style_spec import Engine, open_engine
from mapsrv.wire.calls import parse_call
from tests.bench.options import Options
from tests.bench.peers.servers import Absent
from tests.bench.report import Table, percentile

FEATURES = 10_000
ROUNDS = 100
MODEL = Origin("model", "bench", "bench")
COLUMNS = ("a call", "without p50 ms", "with p50 ms", "its p99 ms")
NOTE = (
    "In one process, on a store in memory, one by one. The layer's data are 10,000 points of ours, on which"
    " expressions and filters are tried. A value that came before is known, and costs no call of the"
    " validator's process."
)


def calls() -> Mapping[str, list[tuple[str, dict[str, Any]]]]:
    """Return the calls of each row."""

    def paint(values: Iterable[Any]) -> list[tuple[str, dict[str, Any]]]:
        return [
            ("set_layer_paint", {"layer_id": "a", "property": "circle-radius", "value": v}) for v in values
        ]

    size = ["get", "size"]
    stops = [["interpolate", ["linear"], size, 0, 1, 500 + n, 9] for n in range(ROUNDS)]
    filters = [("filter_layer", {"layer_id": "a", "filter": [">", size, n]}) for n in range(ROUNDS)]
    layers = [{"type": "circle", "paint": {"circle-color": "red", "circle-radius": 5}}]
    address = "https://example.org/a.geojson"
    added = [("add_layer", {"id": f"b{n}", "source": address, "layers": layers}) for n in range(ROUNDS)]
    return {
        "set_layer_paint, a new constant": paint(range(ROUNDS)),
        "set_layer_paint, one that came before": paint(range(ROUNDS)),
        "set_layer_paint, an expression": paint(stops),
        "filter_layer": filters,
        "add_layer of an address": added,
    }


async def waits(hub: Hub) -> dict[str, list[float]]:
    """Return how long each call of each row took, in ms."""
    session_id = await hub.create_session()

    async def do(tool: str, arguments: dict[str, Any]) -> None:
        await hub.execute(session_id, parse_call(tool, arguments).request, MODEL)

    points = [
        {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [n % 360 - 180, n % 80]},
            "properties": {"size": n % 1_000},
        }
        for n in range(FEATURES)
    ]
    data = {"type": "FeatureCollection", "features": points}
    await do("add_layer", {"id": "a", "source": data, "layers": [{"type": "circle"}]})
    await do("filter_layer", {"layer_id": "a", "filter": ["has", "size"]})  # the data is looked at once
    found: dict[str, list[float]] = {}
    for row, made in calls().items():
        found[row] = []
        for tool, arguments in made:
            begun = time.perf_counter()
            await do(tool, arguments)
            found[row].append((time.perf_counter() - begun) * 1000)
    return found


async def _at(engine: Engine | None) -> dict[str, list[float]]:
    async with (
        open_memory() as store,
        open_hub(store, max_data=1 << 24, session_idle=1e6, engine=engine) as hub,
    ):
        return await waits(hub)


async def _both() -> tuple[dict[str, list[float]], dict[str, list[float]]]:
    async with open_engine() as engine:
        if engine is None:
            raise Absent("the validator is not built")
        await engine.warm()
        return await _at(None), await _at(engine)


def measure(given: Options) -> Table:
    """Return the table."""
    table = Table("What judging a style costs", COLUMNS, NOTE)
    without, judged = trio.run(_both)
    for row, times in judged.items():
        table.add(row, percentile(without[row], 0.5), percentile(times, 0.5), percentile(times, 0.99))
    return table
