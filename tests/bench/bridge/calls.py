"""Calls a second with few and many clients, and what a wrapper adds to the wait for each."""

from __future__ import annotations

import trio

from tests.bench.bridge.load import Rate, open_stdio, opener, rate, wrapper_cpu
from tests.bench.bridge.options import Options, each, telling
from tests.bench.report import Cell, Table, times
from tests.bridge.running import running
from tests.bridge.wrappers import Wrapper

NOTE = (
    "An echo tool; each client waits for its answer before it asks again. Stdio is the same client on"
    " the pipes of children of its own; added is what one client waits more than there. Clients,"
    " wrapper and children share the machine; CPU is the wrapper's own, with the most clients. The"
    " last column is mapsrv's (per-session) number by this one's, for the same transport and each"
    " count of clients."
)


def measure(given: Options) -> list[Table]:
    """Measure how fast calls are answered."""
    columns = ["over"]
    for clients in given.clients:
        columns += [f"{clients} at once: calls/s", "p50 ms", "p99 ms"]
    columns += ["added p50 ms", "its CPU ms a call", "mapsrv's calls/s by its"]
    table = Table("The bridge: calls", columns, NOTE)
    bare = [trio.run(rate, open_stdio, clients, given.seconds) for clients in given.clients]
    table.add("stdio, no wrapper", *(cell for one in bare for cell in one), None, None, None)
    ours: dict[str, list[Rate | None]] = {}
    for wrapper, transport in each(given):
        rates, cpu = _rates(wrapper, transport, given)
        mine = ours.setdefault(transport, rates)
        cells: list[Cell] = [cell for one in rates for cell in (one or (None, None, None))]
        added = rates[0].p50 - bare[0].p50 if rates[0] else None
        ratios = (
            times(our.a_second, their.a_second) if our and their else "–" for our, their in zip(mine, rates)
        )
        table.add(f"{wrapper.name}: {transport}", *cells, added, cpu, "; ".join(map(str, ratios)))
    return [table]


def _rates(wrapper: Wrapper, transport: str, given: Options) -> tuple[list[Rate | None], float | None]:
    """Return a rate for each number of clients, None where it failed, and the CPU ms of the last's calls."""
    rates: list[Rate | None] = []
    cpu = None
    for clients in given.clients:
        found = None
        with telling(f"{wrapper.name}, {transport}, {clients} clients"), running(wrapper, transport) as run:
            before, found = wrapper_cpu(run), trio.run(rate, opener(run), clients, given.seconds)
            cpu = (wrapper_cpu(run) - before) / (found.a_second * given.seconds) * 1000
        rates.append(found)
    return rates, cpu
