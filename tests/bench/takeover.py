"""A pod is killed, and another takes over all its maps with a viewer each: how long until all see theirs."""

from __future__ import annotations

import os
import signal
import time
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass

import trio

from tests.bench.crew import open_crew
from tests.bench.machine import cpu_seconds, memory
from tests.bench.options import Options
from tests.bench.pods import MAKES, Pod, open_redis
from tests.bench.report import Cell, Table, percentile, times
from tests.bench.sessions import TALKERS, moves, new_maps
from tests.bench.talk import each_once, post

EVENTS = 3  # in the log of each map

COLUMNS = (
    "server, maps",
    "first back after s",
    "half after s",
    "99 % after s",
    "all after s",
    "all, a second",
    "before the kill/s",
    "new pod's CPU ms each",
    "KiB each",
    "refused first",
)
NOTE = (
    "kill -9 of the pod that has all maps, each with a layer, three events and one viewer; a second pod"
    " runs and holds none of them. Every viewer connects to it the moment its stream breaks, all at once"
    " (a browser waits 1 to 3 s first, and a load balancer notices later); the time is from the kill to"
    " its snapshot. What is refused tries again after 1 s. Before the kill: streams opened a second on the"
    " pod that holds the maps in memory. KiB: what the new pod grew by, of a map with its stream. The"
    " viewers (2 processes by default) and Redis share two cores with the pod. Naive as above: a snapshot"
    " there is one GET."
)


@dataclass(frozen=True, slots=True)
class Numbers:
    """Of one takeover: seconds, a second, ms, KiB, times."""

    waits: list[float]
    before: float
    cpu: float
    memory: float
    refused: Counter[str]

    def cells(self) -> list[Cell]:
        """Return them as the table has them."""
        found = [percentile(self.waits, share) for share in (0, 0.5, 0.99, 1)]
        rate = len(self.waits) / found[-1]
        return [*found, rate, self.before, self.cpu, self.memory, sum(self.refused.values())]


async def fill(port: int, maps: list[str]) -> None:
    """Give each map a layer and EVENTS events."""
    point = {"type": "Point", "coordinates": [7.5, 47.5]}
    feature = {"type": "Feature", "properties": {"name": "here"}, "geometry": point}
    layer = {"command": "add_layer", "arguments": {"id": "places", "source": feature}}
    await each_once(port, (post(port, f"/commands?session={one}", layer) for one in maps), TALKERS)
    move = moves(port, maps)
    await each_once(port, (move(n, 0) for n in range(len(maps) * (EVENTS - 1))), TALKERS)


async def take_over(old: Pod, new: Pod, maps: list[str], processes: int) -> Numbers:
    """Kill the old pod when every map has a viewer there."""
    await fill(old.port, maps)
    async with open_crew("tests.bench.comers", processes) as crew:
        paths = [f"/events?session={one}" for one in maps]
        place = {"port": old.port, "then": new.port}
        await crew.tell(*({**place, "paths": paths[at :: len(crew)]} for at in range(len(crew))))
        spans = [line["opened"] for line in await crew.hear("opened")]
        took = max(end for _begun, end in spans) - min(begun for begun, _end in spans)
        memory_before, cpu_before = memory(new.pid), cpu_seconds(new.pid)
        killed = time.monotonic_ns()
        os.kill(old.pid, signal.SIGKILL)
        lines = await crew.hear("back")
        cpu, grown = cpu_seconds(new.pid) - cpu_before, memory(new.pid) - memory_before
    waits = [(at - killed) / 1e9 for line in lines for at in line["back"]]
    refused = sum((Counter[str](line["refused"]) for line in lines), Counter[str]())
    share = len(maps)
    return Numbers(waits, share / took * 1e9, cpu / share * 1e3, grown / share / 1024, refused)


def _numbers(kind: str, count: int, options: Options) -> Numbers:
    with ExitStack() as stack:
        redis = stack.enter_context(open_redis())
        old, new = (stack.enter_context(MAKES[kind](redis)) for _ in range(2))
        names = [old.new_map() for _ in range(count)] if kind == "naive" else []
        maps = names or trio.run(new_maps, old.port, count)
        return trio.run(take_over, old, new, maps, min(options.processes, count))


def measure(options: Options) -> Table:
    """Return the part's table."""
    table = Table("A pod takes over another's maps", COLUMNS, NOTE)
    for count in options.taken_over:
        ours = _numbers("mapsrv", count, options)
        table.add(f"mapsrv, {count:,}", *ours.cells())
        for answer, number in ours.refused.items():
            print(f"refused {number} times: {answer}", flush=True)
        if options.rivals:
            theirs = _numbers("naive", count, options)
            table.add(f"naive, {count:,}", *theirs.cells())
            pairs = zip(ours.cells(), theirs.cells(), strict=True)
            table.add("ratio", *(times(float(a or 0), float(b or 0)) for a, b in pairs))
    return table
