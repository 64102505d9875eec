"""Calls a second with few and many clients, and what a wrapper adds to the wait for each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from functools import partial
from typing import TypeAlias

import trio

from tests.bench.bridge.load import Rate, open_stdio, opener, rate, wrapper_cpu
from tests.bench.bridge.options import Options, telling
from tests.bench.report import Cell, Table, times
from tests.bridge.kit.running import running
from tests.bridge.kit.wrappers import Wrapper

ROUNDS = 3  # each measures all, so that what else the machine does meets all alike

NOTE = (
    f"An echo tool; each client waits for its answer before it asks again: the middle one of {ROUNDS} rounds,"
    " in each of which all are measured. Stdio is the same client on the pipes of children of its own;"
    " added is what one client waits more than there. Clients,"
    " wrapper and children share the machine; CPU is the wrapper's own, with the most clients. The"
    " last column is mapsrv's (per-session) number by this one's, for the same transport and each"
    " count of clients."
)

BARE = "stdio, no wrapper"


Rounds: TypeAlias = defaultdict[tuple[str, int], list[Rate]]  # by what was measured, and with how many


def measure(given: Options) -> list[Table]:
    """Measure how fast calls are answered."""
    columns = ["over"]
    for clients in given.clients:
        columns += [f"{clients} at once: calls/s", "p50 ms", "p99 ms"]
    columns += ["added p50 ms", "its CPU ms a call", "mapsrv's calls/s by its"]
    table = Table("The bridge: calls", columns, NOTE)
    rounds: Rounds = defaultdict(list)
    for _ in range(ROUNDS):
        _round(given, rounds)
    bare = _middles(rounds, BARE, given)
    table.add(BARE, *_cells(bare), None, None, None)
    for transport in given.transports:
        ours = _middles(rounds, _title(given.wrappers[0], transport), given)
        for wrapper in given.wrappers:
            theirs = _middles(rounds, _title(wrapper, transport), given)
            added = theirs[0].p50 - bare[0].p50 if theirs[0] and bare[0] else None
            cpu = theirs[-1].cpu if theirs[-1] else None
            ratios = (
                times(our.a_second, their.a_second) if our and their else "–"
                for our, their in zip(ours, theirs)
            )
            table.add(_title(wrapper, transport), *_cells(theirs), added, cpu, "; ".join(map(str, ratios)))
    return [table]


def _title(wrapper: Wrapper, transport: str) -> str:
    return f"{wrapper.name}: {transport}"


def _round(given: Options, rounds: Rounds) -> None:
    """Measure all once; what is compared with each other comes one after the other."""
    for transport in given.transports:
        for clients in given.clients:
            rounds[BARE, clients].append(trio.run(rate, open_stdio, clients, given.seconds))
            for wrapper in given.wrappers:
                title = _title(wrapper, transport)
                with telling(f"{title}, {clients} clients"), running(wrapper, transport) as run:
                    cpu = partial(wrapper_cpu, run)
                    rounds[title, clients].append(trio.run(rate, opener(run), clients, given.seconds, cpu))


def _middles(rounds: Rounds, title: str, given: Options) -> list[Rate | None]:
    """Return what was found for each number of clients; None where it failed in a round."""
    found = [sorted(rounds[title, clients]) for clients in given.clients]
    return [one[len(one) // 2] if len(one) >= ROUNDS else None for one in found]


def _cells(found: Sequence[Rate | None]) -> list[Cell]:
    return [cell for one in found for cell in (one[:3] if one else (None, None, None))]
