"""Commands a second into many maps of one process, by store, over POST /commands."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import trio

from tests.bench.machine import cpu_seconds
from tests.bench.options import Options
from tests.bench.pods import Pod, naive_pod, open_redis, pod_on
from tests.bench.report import Cell, Table, times
from tests.bench.talk import each_once, post, rate
from tests.bench.targets import process_id, view

TALKERS = 32  # connections, each of another person

COLUMNS = (
    "store, maps",
    "one by one/s",
    "p50 ms",
    "p99 ms",
    "32 connections/s",
    "p50 ms ",
    "p99 ms ",
    "server CPU ms each",
)
NOTE = (
    "set_map_view, each on the next of the maps, answered when the store has it; one process serves. The"
    " client, the server and Redis share two cores; with 32 connections the waits are the queue's. CPU is"
    " of the run with 32 connections, without Redis's own. Naive is Starlette on uvicorn and redis-py,"
    " which SETs the whole map and PUBLISHes the op: it checks nothing, remembers no key, and two pods"
    " overwrite each other's changes. Ratios are Redis's number by the other's."
)


@contextmanager
def _pod(store: str) -> Iterator[Pod]:
    if store == "naive":
        with open_redis() as redis, naive_pod(redis) as pod:
            yield pod
    else:
        with pod_on(store) as server:
            yield Pod(server.port, process_id(server), server.new_map)


def moves(port: int, maps: list[str]) -> Callable[[int, int], bytes]:
    """Return what makes the requests that move the cameras of maps in turn."""

    def request(number: int, person: int) -> bytes:
        body = {"command": "set_map_view", "arguments": view(number // len(maps))}
        return post(port, f"/commands?session={maps[number % len(maps)]}", body, person=person)

    return request


async def new_maps(port: int, count: int) -> list[str]:
    """Return the ids of so many new maps of a mapsrv."""
    answers = await each_once(port, (post(port, "/sessions", {}) for _ in range(count)), TALKERS)
    return [json.loads(answer)["session_id"] for answer in answers]


async def _measure(pod: Pod, maps: list[str] | int, seconds: float) -> list[Cell]:
    names = await new_maps(pod.port, maps) if isinstance(maps, int) else maps
    title = {"command": "open_map", "arguments": {"title": "in memory from now on"}}
    await each_once(pod.port, (post(pod.port, f"/commands?session={name}", title) for name in names), TALKERS)
    single = await rate(pod.port, moves(pod.port, names), 1, seconds)
    cpu = cpu_seconds(pod.pid)
    many = await rate(pod.port, moves(pod.port, names), TALKERS, seconds)
    cpu = (cpu_seconds(pod.pid) - cpu) / (many.a_second * seconds)
    return [*single, *many, cpu * 1000]


def measure(options: Options) -> Table:
    """Return the part's table."""
    table = Table("Commands into many maps", COLUMNS, NOTE)
    stores = (*options.stores, "naive") if options.rivals else options.stores
    for maps in options.maps:
        found: dict[str, list[Cell]] = {}
        for store in stores:
            with _pod(store) as pod:
                names = [pod.new_map() for _ in range(maps)] if store == "naive" else maps
                found[store] = trio.run(_measure, pod, names, options.seconds)
            table.add(f"{store}, {maps:,}", *found[store])
        if "redis" in found:
            for store in [store for store in stores if store != "redis"]:
                pairs = zip(found["redis"], found[store], strict=True)
                table.add(f"redis by {store}", *(times(float(a or 0), float(b or 0)) for a, b in pairs))
    return table
