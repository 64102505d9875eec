"""Tables of numbers, as Markdown for people and as JSON for comparing two runs."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TypeAlias

PAGE = Path(__file__).parents[2] / "docs" / "benchmarks.md"

Cell: TypeAlias = str | int | float | None


@dataclass(slots=True)
class Table:
    """One part's numbers. `note` says how they were measured."""

    title: str
    columns: Sequence[str]
    note: str = ""
    rows: list[list[Cell]] = field(default_factory=list)

    def add(self, *cells: Cell) -> None:
        """Add a row, one cell a column; None is what has no meaning here."""
        if len(cells) != len(self.columns):
            raise ValueError(f"{self.title}: {len(cells)} cells for {len(self.columns)} columns")
        self.rows.append(list(cells))

    def markdown(self) -> str:
        """Return the table, its title before and its note after it."""
        align = ["---", *("---:" for _ in self.columns[1:])]
        lines = [list(self.columns), align, *([shown(cell) for cell in row] for row in self.rows)]
        table = "\n".join(f"| {' | '.join(line)} |" for line in lines)
        return f"### {self.title}\n\n{table}\n" + (f"\n{self.note}\n" if self.note else "")


def shown(cell: Cell) -> str:
    """Return a cell's text: three digits that count, never more than are known."""
    if cell is None:
        return "–"
    if isinstance(cell, float):
        return f"{cell:,.0f}" if abs(cell) >= 100 else f"{cell:.3g}"
    return f"{cell:,}" if isinstance(cell, int) else cell


def times(ours: float, theirs: float | None) -> str | None:
    """Return how many times theirs ours is, or None."""
    return f"{ours / theirs:.2g} x" if theirs else None


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value that `share` of all, from 0 to 1, are not above."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def write_json(path: Path, machine: Mapping[str, str], tables: Sequence[Table]) -> None:
    """Write all numbers, unrounded."""
    value = {"machine": dict(machine), "tables": [asdict(table) for table in tables]}
    path.write_text(json.dumps(value, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def replaced(page: str, tables: Sequence[Table]) -> tuple[str, list[str]]:
    """Return a page with each table in the section of its title, and the titles that have no section.

    A section goes from its heading, which marks it, to the next one of any level: all of it is replaced.
    """
    without = []
    for table in tables:
        section = re.compile(rf"^### {re.escape(table.title)}\n.*?(?=^#|\Z)", re.MULTILINE | re.DOTALL)
        found = section.search(page)
        if found is None:
            without.append(table.title)
            continue
        after = page[found.end() :]
        page = page[: found.start()] + table.markdown() + ("\n" if after else "") + after
    return page, without


def write_page(tables: Sequence[Table], path: Path = PAGE) -> None:
    """Write the tables of the parts that were run into the page; all others stay as they are."""
    page, without = replaced(path.read_text(encoding="utf-8"), tables)
    path.write_text(page, encoding="utf-8")
    for title in without:
        print(f"{path.name} has no section {title!r}: its table was not written")
