"""What a run was asked to measure, from the command line."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

PARTS = (
    "peers",
    "parts",
    "fanout",
    "tools",
    "commands",
    "styles",
    "answers",
    "painting",
    "stall",
    "healing",
    "sessions",
    "pods",
    "takeover",
    "redis",
    "mcp_streams",
    "greedy",
)
LINES = ("fan", "open", "commands", "tools", "bridge", "takeover")  # groups of the part `peers`

STORES = ("memory", "sqlite", "redis")


@dataclass(frozen=True, slots=True)
class Options:
    """Times are seconds."""

    parts: tuple[str, ...]
    viewers: tuple[int, ...]
    processes: int
    layers: tuple[int, ...]
    stores: tuple[str, ...]
    maps: tuple[int, ...]
    taken_over: tuple[int, ...]
    transports: tuple[str, ...]
    seconds: float
    mebibytes: int
    rivals: bool
    landed: str | None
    rounds: int
    lines: tuple[str, ...]
    json: Path | None
    write: bool


def _numbers(low: int, high: int) -> Callable[[str], tuple[int, ...]]:
    def convert(text: str) -> tuple[int, ...]:
        values = tuple(int(part) for part in text.split(","))
        if not all(low <= value <= high for value in values):
            raise ValueError
        return values

    convert.__name__ = f"numbers from {low} to {high}"  # argparse names it in its message
    return convert


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split(","))


def parse(argv: Sequence[str]) -> Options:
    """Return the options of a command line."""
    parser = argparse.ArgumentParser("python -m tests.bench", description="Measure mapsrv on this machine.")
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}; default: all")
    parser.add_argument("--viewers", type=_numbers(1, 5000), default=(1, 100, 500, 2000), metavar="N,N")
    parser.add_argument("--processes", type=int, choices=range(1, 9), default=2, help="that hold the viewers")
    parser.add_argument("--layers", type=_numbers(1, 5000), default=(10, 100, 1000), metavar="N,N")
    parser.add_argument("--stores", type=_words, default=STORES, metavar=",".join(STORES))
    parser.add_argument("--maps", type=_numbers(1, 10_000), default=(1, 100, 1000), metavar="N,N")
    parser.add_argument("--taken-over", type=_numbers(1, 10_000), default=(1000, 10_000), metavar="N,N")
    transports = ("stdio", "sse", "http")
    parser.add_argument("--transports", type=_words, default=transports, metavar=",".join(transports))
    parser.add_argument("--seconds", type=float, default=4.0, help="that each rate is measured; default: 4")
    parser.add_argument("--mebibytes", type=int, default=16, help="of the large GeoJSON; default: 16")
    parser.add_argument("--no-rivals", dest="rivals", action="store_false", help="measure mapsrv alone")
    told = "an interpreter that has an earlier release, which is measured beside (peers, parts, painting)"
    parser.add_argument("--landed", metavar="PYTHON", help=told)
    parser.add_argument(
        "--rounds", type=int, choices=range(1, 21), default=5, help="of peers, painting; default: 5"
    )
    parser.add_argument("--lines", type=_words, default=LINES, metavar=",".join(LINES), help="of peers")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all numbers there too")
    parser.add_argument("--write", action="store_true", help="put the tables into docs/benchmarks.md")
    given = parser.parse_args(argv)
    given.parts = tuple(given.parts) or PARTS
    if unknown := set(given.parts) - set(PARTS):
        parser.error(f"there is no part {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    return Options(**vars(given))
