"""The viewers of one map in some processes of viewers.py, and who sends to them one by one."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

from tests.bench.crew import Crew, open_crew
from tests.bench.talk import open_talker
from tests.bench.targets import Target

SETTLE_SECONDS = 1.5  # after the streams opened: who is there has been told by then
FEWEST, MOST = 20, 400  # commands one by one


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
