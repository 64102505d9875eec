"""Has assistants and browsers at mapsrv for minutes: `python -m tests.load [LOAD...] [--write]`.

Printed is what they waited for and what it cost, and it ends with 1 where anything failed or is left over.
"""

from __future__ import annotations

import argparse
import signal
import sys
from pathlib import Path

from tests.bench import machine, report
from tests.load.measure import Broken, run
from tests.load.result import Load, tables

LOADS = {
    "100-alone": Load(100, 25, 100),
    "1000-alone": Load(1000, 250, 1000),
    "100-pods": Load(100, 25, 100, pods=True),
    "1000-pods": Load(1000, 250, 1000, pods=True),
}
FILES = 8  # descriptors for each user: of mapsrv, of nginx before it, and of locust


def main() -> int:
    """Run what was asked for; each load's tables are printed as soon as they are there."""
    parser = argparse.ArgumentParser("python -m tests.load", description="People and models at mapsrv.")
    parser.add_argument("loads", nargs="*", metavar="LOAD", help=f"of {', '.join(LOADS)}; default: all")
    parser.add_argument("--seconds", type=float, default=300.0, help="that each lasts [300]")
    parser.add_argument("--json", type=Path, help="where all numbers go")
    parser.add_argument("--write", action="store_true", help="put the tables into docs/benchmarks.md")
    given = parser.parse_args()
    if unknown := set(given.loads) - set(LOADS):
        parser.error(f"there is no load {', '.join(sorted(unknown))}; there are {', '.join(LOADS)}")
    for number in (signal.SIGINT, signal.SIGTERM):  # so that all is ended
        signal.signal(number, lambda number, _frame: sys.exit(128 + number))
    loads = [LOADS[name] for name in given.loads or LOADS]
    if machine.raise_file_limit() < FILES * max(load.users for load in loads):
        sys.exit("A process may open too few files here for so many users.")
    described, results = machine.description(), []
    print("\n".join(f"- {name}: {value}" for name, value in described.items()), flush=True)
    for load in loads:
        try:
            results.append(run(load, given.seconds))
        except Broken as error:
            sys.exit(f"{load.title}: {error}")
        print("\n" + "\n".join(table.markdown() for table in tables(results[-1:])), flush=True)
        for problem in (*results[-1].examples, *results[-1].left):
            print(f"WRONG: {problem}", flush=True)
    if given.json is not None:
        report.write_json(given.json, described, tables(results))
    if given.write:
        report.write_page(tables(results))
    return int(any(result.failed or result.left for result in results))


if __name__ == "__main__":
    sys.exit(main())
