"""Prints the failure table: `python -m tests.failures [--runs 20] [--fault NAME...]`.

A run takes about 12 seconds. Each is drawn from its seed, which is printed with it; --seed begins elsewhere.
"""

from __future__ import annotations

import argparse
import signal
import sys
import time
from pathlib import Path

from tests.failures import table
from tests.failures.faults import FAULTS
from tests.failures.run import run


def main() -> int:
    """Run what was asked for; 1 when something was lost, done twice or otherwise wrong."""
    parser = argparse.ArgumentParser("python -m tests.failures", description="What fails, and what it costs.")
    parser.add_argument("--runs", type=int, default=20, help="of each fault [20]")
    parser.add_argument("--fault", nargs="+", choices=FAULTS, default=list(FAULTS), help="default: all")
    parser.add_argument("--seed", type=int, default=1, help="of each fault's first run [1]")
    parser.add_argument("--json", type=Path, help="where all numbers go")
    given = parser.parse_args()
    for number in (signal.SIGINT, signal.SIGTERM):  # so that all is ended
        signal.signal(number, lambda number, _frame: sys.exit(128 + number))
    results = []
    for seed in range(given.seed, given.seed + given.runs):
        for name in given.fault:
            begun = time.monotonic()
            results.append(run(name, seed))
            print(f"{table.line(results[-1])}; {time.monotonic() - begun:.0f} s", file=sys.stderr, flush=True)
    print(table.markdown(results))
    if given.json is not None:
        table.write_json(given.json, results)
    return int(not all(result.good for result in results))


if __name__ == "__main__":
    sys.exit(main())
