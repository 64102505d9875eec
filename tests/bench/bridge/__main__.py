"""Measures mapsrv's bridge beside its rivals: `python -m tests.bench.bridge`. Asserts nothing.

The rivals come from npm and PyPI when it first runs. Every wrapper and child is a process of its own
on loopback, and ends with its part.
"""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from tests.bench import machine, report
from tests.bench.bridge import calls, first, memory, options, survived
from tests.bridge.kit.faults import BOTH
from tests.bridge.kit.wrappers import WRAPPERS

MEASURES: Mapping[str, Callable[[options.Options], list[report.Table]]] = {
    "calls": calls.measure,
    "memory": memory.measure,
    "first": first.measure,
    "faults": survived.measure,
}


def _parse() -> options.Options:
    parser = argparse.ArgumentParser("python -m tests.bench.bridge", description=__doc__)
    names = {wrapper.name: wrapper for wrapper in WRAPPERS}
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(MEASURES)}; default: all")
    parser.add_argument("--wrappers", nargs="+", choices=names, default=list(names), help="default: all")
    parser.add_argument("--transports", nargs="+", choices=BOTH, default=list(BOTH))
    parser.add_argument(
        "--clients", nargs="+", type=int, default=[1, 20, 100], help="at once; default: 1 20 100"
    )
    parser.add_argument("--seconds", type=float, default=2.0, help="of each rate in each round; default: 2")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all numbers there too")
    parser.add_argument("--write", action="store_true", help="put the tables into docs/benchmarks.md")
    given = parser.parse_args()
    if unknown := set(given.parts) - set(MEASURES):
        parser.error(f"there is no part {', '.join(sorted(unknown))}; there are {', '.join(MEASURES)}")
    return options.Options(
        parts=tuple(given.parts) or tuple(MEASURES),
        wrappers=tuple(names[name] for name in given.wrappers),
        transports=tuple(given.transports),
        clients=tuple(given.clients),
        seconds=given.seconds,
        json=given.json,
        write=given.write,
    )


def main() -> None:
    """Run the parts that were asked for; each table is printed as soon as it is there."""
    given = _parse()
    for number in (signal.SIGINT, signal.SIGTERM):  # so that all is ended
        signal.signal(number, lambda number, _frame: sys.exit(128 + number))
    machine.raise_file_limit()
    for wrapper in given.wrappers:
        wrapper.install()
    described = machine.description()
    print("\n".join(f"- {name}: {value}" for name, value in described.items()), flush=True)
    found = []
    for part in given.parts:
        for table in MEASURES[part](given):
            found.append(table)
            print("\n" + table.markdown(), flush=True)
    if given.json is not None:
        report.write_json(given.json, described, found)
    if given.write:
        report.write_page([table for table in found if table.title != "Why not"])


if __name__ == "__main__":
    main()
