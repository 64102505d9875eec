"""A command on one pod to the event at the viewers on another, through one Redis."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import count

import trio

from tests.bench.crowd import FEWEST, SETTLE_SECONDS, one_by_one, open_crowd
from tests.bench.options import Options
from tests.bench.pods import MAKES, Pod, open_redis, pod_on
from tests.bench.report import Cell, Table, percentile, times
from tests.bench.talk import open_talker, post
from tests.bench.targets import Target, process_id, view

VIEWERS = (1, 100)

COLUMNS = ("command to viewers", "p50 ms", "p99 ms", "A to B by it, p50", "by it, p99")
NOTE = (
    "From the command sent to pod A to the frame read by a viewer at pod B, each command sent when all"
    " viewers have the one before; two pods, their Redis and the viewers share two cores. Behind each line"
    " stands how many times its figures mapsrv's from pod to pod are. Naive is Starlette on uvicorn and"
    " redis-py, which SETs the whole map and PUBLISHes the op."
)


@dataclass(frozen=True, slots=True)
class Route:
    """Where a command goes in, and where it is seen."""

    at: Pod
    seen: Pod

    def targets(self) -> tuple[Target, Target]:
        """Return the same map at both."""
        name = self.at.new_map()

        def command(number: int, person: int) -> bytes:
            body = {"command": "set_map_view", "arguments": view(number)}
            return post(self.at.port, f"/commands?session={name}", body, person=person)

        made = (Target(name, pod.port, pod.pid, f"/events?session={name}", command) for pod in self.pods)
        return next(made), next(made)

    @property
    def pods(self) -> tuple[Pod, Pod]:
        """Return both."""
        return self.at, self.seen


async def waits(route: Route, viewers: int, options: Options) -> list[float]:
    """Return the ms that each viewer waited for each command."""
    at, seen = route.targets()
    numbers = count()  # the n-th event of a stream is the n-th command since it was opened
    async with open_talker(at.port) as talker:
        await talker.ask(at.command(-1, 0))  # naive maps begin with a command
    async with open_crowd(min(options.processes, viewers)) as crowd:
        await crowd.open(seen, viewers)
        await trio.sleep(SETTLE_SECONDS)
        await one_by_one(at, crowd, numbers, 1.0, fewest=5)
        sent = await one_by_one(at, crowd, numbers, options.seconds, fewest=FEWEST)
        return await crowd.latencies(sent)


@contextmanager
def _route(kind: str) -> Iterator[Route]:
    with ExitStack() as stack:
        if kind == "sqlite":
            server = stack.enter_context(pod_on("sqlite"))
            alone = Pod(server.port, process_id(server), server.new_map)
            yield Route(alone, alone)
            return
        name, other = kind.split()
        redis = stack.enter_context(open_redis())
        one = stack.enter_context(MAKES[name](redis))
        yield Route(one, one if other == "same" else stack.enter_context(MAKES[name](redis)))


LABELS = {
    "mapsrv other": "mapsrv, pod A to pod B",
    "mapsrv same": "mapsrv on Redis, same pod",
    "sqlite": "mapsrv on SQLite, one process",
    "naive other": "naive, pod A to pod B",
}


def measure(options: Options) -> Table:
    """Return the part's table."""
    table = Table("A command on pod A to a viewer on pod B", COLUMNS, NOTE)
    kinds = [kind for kind in LABELS if options.rivals or not kind.startswith("naive")]
    for viewers in VIEWERS:
        first: list[float] | None = None
        for kind in kinds:
            with _route(kind) as route:
                found = trio.run(waits, route, viewers, options)
            numbers = [percentile(found, 0.5), percentile(found, 0.99)]
            ratios: list[Cell] = [None, None]
            if first is not None:
                ratios = [times(ours, theirs) for ours, theirs in zip(first, numbers, strict=True)]
            first = first or numbers
            table.add(f"{LABELS[kind]}, {viewers:,}", *numbers, *ratios)
    return table
