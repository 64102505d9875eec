"""How long the event loop stands still while maps that went on alone come back to Redis.

Hub and loop are in this process, so that each step can be timed; Redis and its line are not on that loop.
"""

from __future__ import annotations

import os
import secrets
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

import trio

from mapsrv.core.commands import AddLayer, Command, SetTitle, ToggleLayer
from mapsrv.core.log import Head, Origin
from mapsrv.core.ops import LayerPut, TitleSet
from mapsrv.core.prepared import Answer
from mapsrv.core.rank import between
from mapsrv.core.state import MapLayer, MapState
from mapsrv.hub.hub import Hub
from mapsrv.hub.lifecycle import open_hub
from mapsrv.server.memory import spare_the_collector
from mapsrv.store import Batch, Component, Entry, KeyRecord, Store
from mapsrv.store.redis import open_redis
from mapsrv.wire import answers, codec
from tests.bench.machine import memory
from tests.bench.options import Options
from tests.bench.report import Table
from tests.bench.stall import Watch
from tests.failures.line import GOOD, REFUSES, Line, running_line
from tests.store.kit import valkey

LAYERS = 2_000
PLANS = ((1, 700), (50, 190))  # maps, and commands of each: a process remembers 10,000 in all
AWAY_SECONDS = 2.0  # until it is known that Redis is away

AUTHOR = Origin("person", "ana", "Ana")
COLUMNS = ("maps, commands of each", "back after s", "longest step ms", "the step's task", "grown MiB")
NOTE = (
    f"Each map has {LAYERS:,} layers. Redis refuses connections, the commands (half of them add a layer, half"
    " toggle one) are done on branches, and then it is there again. Timed is from then until the last branch"
    " is home; a step is what one task does between two turns of the loop."
)


def _layer(name: str, rank: str) -> MapLayer:
    return MapLayer(name, name, "vector", True, rank, SOURCE, ({"id": f"{name}-0", "type": "circle"},))


POINT = {"type": "Feature", "properties": {}, "geometry": {"type": "Point", "coordinates": [7, 46]}}
SOURCE = {"type": "geojson", "data": {"type": "FeatureCollection", "features": [POINT]}}


async def _new_map(store: Store) -> str:
    """Return a map with its layers, written as one event that says less."""
    rank, layers = None, []
    for number in range(LAYERS):
        rank = between(rank, None)
        layers.append(_layer(f"l{number}", rank))
    session, head = secrets.token_urlsafe(16), Head.of_epoch(secrets.token_hex(8))
    await store.create(session, head, now=0)
    body = codec.encode_event("", AUTHOR, (TitleSet("A large map"),))
    record = KeyRecord("first", "", answers.to_bytes(Answer()), head.next("first", body))
    parts = codec.components(MapState().with_layers(layers), map(LayerPut, layers))
    components = {name: Component(*part) for name, part in parts.items()}
    await store.commit([Batch(session, head, (Entry(body, record),), components)])
    return session


def _command(number: int) -> Command:
    if number % 2:
        return ToggleLayer(f"l{number % LAYERS}")
    return AddLayer(f"new-{number}", SOURCE, "vector", ({"id": f"new-{number}-0", "type": "circle"},))


async def _healed(watch: Watch, url: str, line: Line, table: Table, maps: int, count: int) -> None:
    async with open_redis(url) as store, open_hub(store, max_data=1 << 24, session_idle=1e6) as hub:
        sessions = [await _new_map(store) for _ in range(maps)]
        for session in sessions:
            await hub.execute(session, SetTitle("Held in memory"), AUTHOR)
        await trio.to_thread.run_sync(line.turn, REFUSES)
        await trio.sleep(AWAY_SECONDS)
        for number in range(count):
            for session in sessions:
                await hub.execute(session, _command(number), AUTHOR)
        spare_the_collector()  # as the server does
        left, before = hub.left, memory(os.getpid())
        await trio.to_thread.run_sync(line.turn, GOOD)
        most = await _until_home(watch, hub, before)
        _latest, longest, task = watch.seen
        name = f"{maps}, {left // maps}"
        table.add(name, watch.took, longest * 1000, task, (most - before) / 2**20)


async def _until_home(watch: Watch, hub: Hub, most: int) -> int:
    watch.begin()
    begun = time.perf_counter()
    while hub.left:
        await trio.sleep(0.05)
        most = max(most, memory(os.getpid()))
        assert time.perf_counter() - begun < 600
    watch.end()
    return most


def measure(options: Options) -> Table:
    """Return the part's table."""
    table = Table("The longest stall while maps come back to Redis", COLUMNS, NOTE)
    for maps, count in PLANS:
        with ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mapsrv-bench-")))
            server = stack.enter_context(valkey.running(folder))
            line = stack.enter_context(running_line(server.port))
            url, watch = f"redis://127.0.0.1:{line.port}/0", Watch()
            trio.run(_healed, watch, url, line, table, maps, count, instruments=[watch])
    return table
