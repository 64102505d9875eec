"""How long the first tool list takes: of a wrapper that starts, and of one that runs."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

import trio

from tests.bench.bridge.load import open_stdio
from tests.bench.bridge.options import Options, each, telling
from tests.bench.report import Table, times
from tests.bridge.kit import faults
from tests.bridge.kit.client import open_session
from tests.bridge.kit.running import Running, running
from tests.bridge.kit.session import Session
from tests.bridge.kit.wrappers import Wrapper

STARTS, OPENINGS = 5, 20
START_SECONDS = 30.0
RETRY_SECONDS = 0.003
NOTE = (
    f"From the start of the wrapper's process to its first answer to tools/list (median of {STARTS}),"
    " and from a client's connecting to the same where the wrapper has served before (median of"
    f" {OPENINGS}). Stdio is the start of the child itself. The last column is mapsrv's (per-session)"
    " times by this one's."
)


def measure(given: Options) -> list[Table]:
    """Measure how long the first tool list takes."""
    columns = ("over", "from the wrapper's start, ms", "from the client's, ms", "mapsrv's by it")
    table = Table("The bridge: the first tool list", columns, NOTE)
    table.add("stdio, no wrapper", None, _median(OPENINGS, lambda: trio.run(_listed_stdio)), None)
    ours: dict[str, tuple[float, float]] = {}
    for wrapper, transport in each(given):
        with telling(f"{wrapper.name}, {transport}"), running(wrapper, transport) as run:
            warm = _median(OPENINGS, lambda: trio.run(_listed, run))  # noqa: B023
            cold = _median(STARTS, lambda: _cold(wrapper, transport))  # noqa: B023
            mine = ours.setdefault(transport, (cold, warm))
            ratios = f"{times(mine[0], cold)}; {times(mine[1], warm)}"
            table.add(f"{wrapper.name}: {transport}", cold, warm, ratios)
    return [table]


def _median(count: int, measure: Callable[[], float]) -> float:
    return statistics.median(measure() for _ in range(count))


def _cold(wrapper: Wrapper, transport: str) -> float:
    begun = time.perf_counter()
    with running(wrapper, transport, ready=False) as run:
        trio.run(_retried, run)
        return (time.perf_counter() - begun) * 1000


async def _retried(run: Running) -> None:
    with trio.fail_after(START_SECONDS):
        while True:
            try:
                return await _list(run)
            except (*faults.WRONG, ExceptionGroup):
                await trio.sleep(RETRY_SECONDS)


async def _list(run: Running) -> None:
    async with open_session(*run.where) as session:
        await session.request("tools/list")


async def _listed(run: Running) -> float:
    return await _timed(open_session(*run.where))


async def _listed_stdio() -> float:
    return await _timed(open_stdio())


async def _timed(opening: AbstractAsyncContextManager[Session]) -> float:
    begun = time.perf_counter()
    async with opening as session:
        await session.request("tools/list")
        return (time.perf_counter() - begun) * 1000
