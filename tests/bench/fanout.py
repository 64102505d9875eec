"""One command to N viewers of a map: how soon, how many a second, at what cost."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import count, islice

import trio

from tests.bench.crew import Crew, open_crew
from tests.bench.machine import cpu_seconds, memory
from tests.bench.options import Options
from tests.bench.report import Cell, Table, percentile, times
from tests.bench.talk import open_talker
from tests.bench.targets import Target, broadcast_target, mapsrv_target

SETTLE_SECONDS = 1.5  # after the streams opened: who is there has been told by then
FEWEST, MOST = 20, 400  # commands one by one
TELLING = 50  # viewers, below which opening them and their memory tell nothing
SENDERS = 16
BURST = (64, 800)  # commands; a mapsrv stream that is 1,000 events behind would get a snapshot instead
BURST_DELIVERIES = 200_000

COLUMNS = (
    "server, viewers",
    "p50 ms",
    "p99 ms",
    "deliveries/s, one by one",
    "deliveries/s, 16 senders",
    "server CPU us each",
    "opens/s",
    "KiB each",
)
NOTE = (
    "Latency: command sent to frame read by a viewer, each command sent when all viewers have the one before."
    " The viewers (2 processes by default) share the machine with the server. Server CPU is per delivery, one"
    " by one. Starlette is a broadcaster on uvicorn and sse-starlette with a queue for each client: it keeps"
    " nothing, checks nothing, replays nothing. The ratio is mapsrv's number by Starlette's."
)


@dataclass(frozen=True, slots=True)
class Numbers:
    """Of one server: ms, ms, two a second, us, a second, bytes."""

    p50: float
    p99: float
    single: float
    burst: float
    cpu: float
    opens: float | None
    memory: float | None

    def cells(self) -> list[Cell]:
        """Return them as the table has them."""
        each = None if self.memory is None else self.memory / 1024
        return [self.p50, self.p99, self.single, self.burst, self.cpu, self.opens, each]


class Crowd:
    """The viewers of one map, in some processes of viewers.py."""

    def __init__(self, crew: Crew) -> None:
        self._crew = crew

    async def open(self, target: Target, viewers: int) -> float:
        """Open this many streams; return how many a second."""
        place = {"port": target.port, "path": target.events}
        await self._crew.tell(*({**place, "count": share} for share in self._crew.shares(viewers)))
        spans = [line["opened"] for line in await self._crew.hear("opened")]
        took: int = max(end for _begun, end in spans) - min(begun for begun, _end in spans)
        return viewers / took * 1e9

    async def saw(self, number: int) -> None:
        """Wait until every viewer has that event."""
        while any(line["saw"] < number for line in await self._crew.hear("saw")):
            pass

    async def latencies(self, sent: dict[int, int]) -> list[float]:
        """Return how many ms each viewer waited for each of these commands, sent at these ns."""
        await self._crew.tell({"sent": sent})
        return [us / 1000 for line in await self._crew.hear("latencies") for us in line["latencies"]]


@asynccontextmanager
async def open_crowd(processes: int) -> AsyncIterator[Crowd]:
    """Start the processes; they end with this block."""
    async with open_crew("tests.bench.viewers", processes) as crew:
        yield Crowd(crew)


async def fan_out(target: Target, viewers: int, options: Options) -> Numbers:
    """Measure one server with this many viewers."""
    before = memory(target.pid)
    async with open_crowd(min(options.processes, viewers)) as crowd:
        opens = await crowd.open(target, viewers)
        await trio.sleep(SETTLE_SECONDS)
        grown = (memory(target.pid) - before) / viewers
        numbers = count()
        await one_by_one(target, crowd, numbers, 1.0, fewest=5)
        cpu, begun = cpu_seconds(target.pid), time.monotonic()
        sent = await one_by_one(target, crowd, numbers, options.seconds, fewest=FEWEST)
        single = len(sent) * viewers / (time.monotonic() - begun)
        cpu = (cpu_seconds(target.pid) - cpu) / (len(sent) * viewers)
        waits = await crowd.latencies(sent)
        commands = max(BURST[0], min(BURST[1], BURST_DELIVERIES // viewers))
        burst = await _burst(target, crowd, list(islice(numbers, commands))) * viewers
    many = viewers >= TELLING
    return Numbers(
        percentile(waits, 0.5),
        percentile(waits, 0.99),
        single,
        burst,
        cpu * 1e6,
        opens if many else None,
        grown if many else None,
    )


async def one_by_one(
    target: Target, crowd: Crowd, numbers: Iterator[int], seconds: float, *, fewest: int
) -> dict[int, int]:
    """Send commands, each when all viewers have the one before; return when each was sent, in ns."""
    sent: dict[int, int] = {}
    until = time.monotonic() + seconds
    async with open_talker(target.port) as talker:
        while len(sent) < fewest or (time.monotonic() < until and len(sent) < MOST):
            number = next(numbers)
            request = target.command(number, 0)
            sent[number] = time.monotonic_ns()
            await talker.ask(request)
            await crowd.saw(number)
    return sent


async def _burst(target: Target, crowd: Crowd, batch: list[int]) -> float:
    """Send commands from many at once until all viewers have them; return commands a second."""
    left = iter(batch)

    async def send(person: int) -> None:
        async with open_talker(target.port) as talker:
            for number in left:
                await talker.ask(target.command(number, person))

    begun = time.monotonic()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(crowd.saw, batch[-1])
        for person in range(SENDERS):
            nursery.start_soon(send, person)
    return len(batch) / (time.monotonic() - begun)


def measure(options: Options) -> Table:
    """Return the part's table: mapsrv, and the rival in the same run."""
    table = Table("One command to N viewers", COLUMNS, NOTE)
    for viewers in options.viewers:
        with mapsrv_target() as target:
            ours = trio.run(fan_out, target, viewers, options)
        table.add(f"mapsrv, {viewers:,}", *ours.cells())
        if options.rivals:
            with broadcast_target() as target:
                theirs = trio.run(fan_out, target, viewers, options)
            table.add(f"Starlette, {viewers:,}", *theirs.cells())
            pairs = zip(ours.cells(), theirs.cells(), strict=True)
            table.add("ratio", *(times(float(a or 0), float(b or 0)) for a, b in pairs))  # 0: no ratio
    return table
