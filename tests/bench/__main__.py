"""Measures mapsrv on this machine: `python -m tests.bench`. Asserts nothing; pytest collects nothing here.

Every server and every client is a process of its own on loopback, and ends with its part.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Mapping

from tests.bench import (
    across,
    answers,
    commands,
    fanout,
    greedy,
    healing,
    machine,
    mcp_streams,
    options,
    painting,
    parts,
    redis,
    report,
    sessions,
    stall,
    styles,
    takeover,
    tools,
)
from tests.bench.load_tool import Broken
from tests.bench.peers import lines
from tests.bench.peers.servers import Absent

SPARE_FILES = 200  # descriptors of a server besides its viewers

MEASURES: Mapping[str, Callable[[options.Options], report.Table]] = {
    "peers": lines.measure,
    "parts": parts.measure,
    "fanout": fanout.measure,
    "tools": tools.measure,
    "commands": commands.measure,
    "styles": styles.measure,
    "answers": answers.measure,
    "painting": painting.measure,
    "stall": stall.measure,
    "healing": healing.measure,
    "sessions": sessions.measure,
    "pods": across.measure,
    "takeover": takeover.measure,
    "redis": redis.measure,
    "mcp_streams": mcp_streams.measure,
    "greedy": greedy.measure,
}


def main() -> None:
    """Run the parts that were asked for; each table is printed as soon as it is there."""
    given = options.parse(sys.argv[1:])
    # So that every server and client is ended then too; a shell may have us ignore SIGINT in the background.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, _frame: sys.exit(128 + number))
    files = machine.raise_file_limit()
    most = max(given.viewers + given.taken_over)
    if most + SPARE_FILES > files:
        sys.exit(f"A process may open {files:,} files here, too few for {most:,} viewers.")
    described = machine.description()
    print("\n".join(f"- {name}: {value}" for name, value in described.items()), flush=True)
    tables = []
    for part in given.parts:
        try:
            tables.append(MEASURES[part](given))
        except (Absent, Broken) as error:
            sys.exit(f"{part}: {error}")
        print("\n" + tables[-1].markdown(), flush=True)
    if given.json is not None:
        report.write_json(given.json, described, tables)
    if given.write:
        report.write_page(tables)


if __name__ == "__main__":
    main()
