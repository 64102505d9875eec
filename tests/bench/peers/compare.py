"""Lines that set mapsrv beside its peers: cases measured in rounds, medians, ratios, and what must be.

A case is one server under one load. Every round measures every case once, so that what else the
machine does meets all alike; a case that two lines need is measured once a round.
"""

from __future__ import annotations

import statistics
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from tests.bench.load_tool import Loaded
from tests.bench.report import Cell, Table, times

Case = Callable[[], Loaded]
Found = dict[str, list[Loaded]]  # by the case's name, a round each

COLUMNS = ("what", "beside", "mapsrv", "it", "mapsrv by it", "must", "CPU us each", "its", "by CPU")


@dataclass(frozen=True, slots=True)
class Must:
    """What is to be reached: a share of the peer's number, or without a peer a number of one's own."""

    factor: float
    at_most: bool = False

    def holds(self, ours: float, theirs: float = 1.0) -> bool:
        """Return whether our number does."""
        ratio = ours / theirs
        return ratio <= self.factor if self.at_most else ratio >= self.factor

    def shown(self, ours: float, theirs: float | None) -> str:
        """Return it as the table has it, and whether it holds."""
        sign, unit = "<=" if self.at_most else ">=", "" if theirs is None else " x"
        holds = self.holds(ours, 1.0 if theirs is None else theirs)
        return f"{sign} {self.factor:g}{unit}: {'yes' if holds else '**no**'}"


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that is compared: `pick` is the number of Loaded, `own` what ours alone must be."""

    group: str
    what: str
    ours: str
    peers: Mapping[str, str]  # the case of each, by what the table calls it
    musts: Mapping[str, Must] = field(default_factory=dict)
    pick: str = "a_second"
    own: Must | None = None

    def cases(self) -> Iterator[str]:
        """Yield what must be measured for it."""
        yield self.ours
        yield from self.peers.values()


def measured(
    cases: Mapping[str, Case], lines: Sequence[Line], rounds: int, once: Sequence[str] = ()
) -> tuple[Found, dict[str, str]]:
    """Return what the cases of these lines gave, and why those failed that did.

    The cases of `once` are measured in the first round only. One that fails is not tried again.
    """
    names = list(dict.fromkeys(name for line in lines for name in line.cases()))
    found: Found = {name: [] for name in names}
    failed: dict[str, str] = {}
    for number in range(rounds):
        for name in names:
            if name in failed or (number and name in once):
                continue
            try:
                found[name].append(cases[name]())
            except Exception as error:  # whatever it is, the others are still measured, and it is told
                failed[name] = str(error) or repr(error)
                print(f"{name}: {error!r}", file=sys.stderr, flush=True)
            else:
                print(f"round {number + 1}, {name}: {found[name][-1]}", file=sys.stderr, flush=True)
    return found, failed


def median(found: Sequence[Loaded], pick: str) -> float | None:
    """Return the median of one number over all rounds; None where there was none."""
    return statistics.median(getattr(one, pick) for one in found) if found else None


def rows(line: Line, found: Found, failed: Mapping[str, str]) -> Iterator[list[Cell]]:
    """Yield a line's rows, one a peer; a peer that is not there has its reason in the place of numbers."""
    ours, cpu = median(found[line.ours], line.pick), median(found[line.ours], "cpu_us") or None
    if ours is None or line.ours in failed:
        yield [line.what, f"not measured: {failed.get(line.ours)}", *[None] * (len(COLUMNS) - 2)]
        return
    if line.own is not None or not line.peers:
        own = line.own.shown(ours, None) if line.own else None
        yield [line.what, "–", ours, None, None, own, cpu, None, None]
    for peer, case in line.peers.items():
        theirs, its_cpu = median(found[case], line.pick), median(found[case], "cpu_us") or None
        must = line.musts.get(peer)
        if theirs is None or case in failed:
            left_out = f"{peer} left out: {failed.get(case)}"
            yield [line.what, left_out, ours, None, None, None, cpu, None, None]
            continue
        told = must.shown(ours, theirs) if must else None
        by_cpu = times(its_cpu, cpu) if its_cpu and cpu else None
        yield [line.what, peer, ours, theirs, times(ours, theirs), told, cpu, its_cpu, by_cpu]


def fill(table: Table, lines: Sequence[Line], found: Found, failed: Mapping[str, str]) -> Table:
    """Put all lines into a table of COLUMNS."""
    for line in lines:
        for row in rows(line, found, failed):
            table.add(*row)
    return table
