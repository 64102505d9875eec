"""Commands a second into one map that holds some layers already, over POST /commands."""

from __future__ import annotations

import trio

from tests.bench.machine import cpu_seconds
from tests.bench.options import Options
from tests.bench.pods import pod_on
from tests.bench.report import Table
from tests.bench.talk import open_talker, post, rate
from tests.bench.targets import process_id
from tests.e2e.kit.server import Server

TALKERS = 32  # connections, each of another person

COLUMNS = (
    "store, layers",
    "one by one/s",
    "its p50 ms",
    "32 connections/s",
    "its p50 ms ",
    "server CPU ms each",
)
NOTE = (
    "set_layer_paint on one layer after the other, each answered when the store has it. CPU is of the run"
    " with 32 connections; the client shares the machine."
)


async def fill(port: int, path: str, layers: int) -> None:
    """Add the layers, each with a point of its own."""
    async with open_talker(port) as talker:
        for number in range(layers):
            point = {"type": "Point", "coordinates": [number % 360 - 180, number % 170 - 85]}
            named = {"name": f"place {number}"}
            feature = {"type": "Feature", "id": number, "properties": named, "geometry": point}
            arguments = {"id": f"layer-{number}", "source": feature}
            await talker.ask(post(port, path, {"command": "add_layer", "arguments": arguments}))


async def _measure(server: Server, session: str, layers: int, seconds: float) -> list[float]:
    path, pid = f"/commands?session={session}", process_id(server)
    await fill(server.port, path, layers)

    def paint(number: int, person: int) -> bytes:
        width = (number // layers) % 7919 / 10 + 0.1 * (number % 5)
        properties = {"circle-radius": round(width, 1)}
        arguments = {"layer_id": f"layer-{number % layers}", "properties": properties}
        return post(server.port, path, {"command": "set_layer_paint", "arguments": arguments}, person=person)

    single = await rate(server.port, paint, 1, seconds)
    cpu = cpu_seconds(pid)
    many = await rate(server.port, paint, TALKERS, seconds)
    cpu = (cpu_seconds(pid) - cpu) / (many.a_second * seconds)
    return [single.a_second, single.p50, many.a_second, many.p50, cpu * 1000]


def measure(options: Options) -> Table:
    """Return the part's table."""
    table = Table("Commands into one map", COLUMNS, NOTE)
    for store in options.stores:
        for layers in options.layers:
            with pod_on(store) as server:
                session = server.new_map()
                numbers = trio.run(_measure, server, session, layers, options.seconds)
                table.add(f"{store}, {layers:,}", *numbers)
    return table
