"""The runs as a Markdown table, a row a fault, and as JSON with everything."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from statistics import median

from tests.failures.count import Result
from tests.failures.faults import FAULTS

COLUMNS = (
    "what fails",
    "runs",
    "acknowledged: redis, memory",
    "lost of redis",
    "of memory",
    "done twice",
    "longest silence",
    "well again after",
)
NOTE = (
    "Silence is the longest time in which nothing changed on any viewer's map while four people were changing"
    " it without a pause; well again is when the last of them was told `redis` and the last viewer saw it,"
    " counted from when everything was there again. Both as median (worst)."
)


def row(results: Sequence[Result]) -> list[str]:
    """Return the cells of one fault's runs."""

    def total(name: str) -> int:
        return sum(getattr(result, name) for result in results)

    lost = f"{total('lost'):,}"
    if any(result.fault == "older-no-pods" for result in results):
        lost += f" ({total('forgotten'):,} that no pod lived to remember)"
    memory = f"{total('lost_in_memory'):,}"
    if total("given_back"):
        memory += f" ({total('given_back'):,} given back)"
    never = sum(result.converged is None for result in results)
    return [
        FAULTS[results[0].fault].title,
        str(len(results)),
        f"{total('acknowledged'):,}, {total('in_memory'):,}",
        lost,
        memory,
        f"{total('doubled'):,}",
        _spread([result.silence for result in results]),
        _spread([result.converged for result in results if result.converged is not None])
        + (f", {never} never" if never else ""),
    ]


def _spread(values: Sequence[float]) -> str:
    return f"{median(values):.1f} s ({max(values):.1f})" if values else "–"


def markdown(results: Iterable[Result]) -> str:
    """Return the table."""
    by_fault: dict[str, list[Result]] = {}
    for result in results:
        by_fault.setdefault(result.fault, []).append(result)
    lines = [list(COLUMNS), ["---", *("---:" for _ in COLUMNS[1:])], *map(row, by_fault.values())]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + f"\n\n{NOTE}\n"


def line(result: Result) -> str:
    """Return one run on one line, and below it what was wrong."""
    well = "never" if result.converged is None else f"{result.converged:.2f} s"
    parts = [
        f"{result.fault} {result.seed}, {result.pods} pods",
        f"{result.acknowledged} redis, {result.in_memory} memory, {result.refused} refused",
        f"lost {result.lost}, {result.forgotten} forgotten",
        f"of memory lost {result.lost_in_memory}, {result.given_back} given back",
        f"twice {result.doubled}",
        f"silence {result.silence:.2f} s, wait {result.wait:.2f} s, well {well}",
        *([f"slowest answer {result.slowest:.2f} s, grown {result.grown:.0f} MiB"] if result.slowest else []),
        f"{result.snapshots} snapshots",
        f"tries again {result.failures}",
    ]
    more = [] if result.good else result.story + result.wrong + result.logs
    return "\n    ".join(["; ".join(parts), *more])


def write_json(path: Path, results: Iterable[Result]) -> None:
    """Write all numbers and stories."""
    path.write_text(json.dumps([asdict(result) for result in results], indent=1) + "\n", encoding="utf-8")
