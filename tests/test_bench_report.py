"""`python -m tests.bench --write` puts its tables under their headings, and touches nothing else."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.bench import report

PAGE = """# Benchmarks

Words.

### First

| old |

An old note.

### Second

| kept |

## Another chapter

More words.
"""


def table(title: str) -> report.Table:
    made = report.Table(title, ("server", "ms"), "A note.")
    made.add("mapsrv", 1.25)
    return made


def test_a_table_takes_the_place_of_the_one_under_its_heading() -> None:
    page, without = report.replaced(PAGE, [table("First")])
    new = "### First\n\n| server | ms |\n| --- | ---: |\n| mapsrv | 1.25 |\n\nA note.\n\n### Second\n"
    assert without == [] and new in page and "old" not in page
    assert page.startswith("# Benchmarks\n\nWords.\n\n### First\n")
    assert page.endswith("### Second\n\n| kept |\n\n## Another chapter\n\nMore words.\n")


def test_writing_the_same_again_changes_nothing() -> None:
    once, _none = report.replaced(PAGE, [table("First"), table("Second")])
    assert report.replaced(once, [table("Second"), table("First")]) == (once, [])
    assert once.endswith("A note.\n\n## Another chapter\n\nMore words.\n")


def test_the_last_section_ends_with_the_page() -> None:
    page, _none = report.replaced("### First\n\nold\n", [table("First")])
    assert page == table("First").markdown()


def test_a_table_without_a_section_is_named_and_not_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "page.md"
    path.write_text(PAGE, encoding="utf-8")
    report.write_page([table("Third")], path)
    assert path.read_text(encoding="utf-8") == PAGE
    assert "Third" in capsys.readouterr().out


def test_every_table_of_the_bench_has_a_section() -> None:
    sources = [
        path.read_text(encoding="utf-8") for path in (report.PAGE.parents[1] / "tests/bench").rglob("*.py")
    ]
    titles = {title for source in sources for title in re.findall(r'Table\("([^"]+)"', source)} - {"Why not"}
    assert len(titles) >= 13
    page = report.PAGE.read_text(encoding="utf-8")
    assert [title for title in titles if f"\n### {title}\n" not in page] == []


def test_the_page_has_a_table_under_each_heading_or_says_that_it_has_none() -> None:
    sections = report.PAGE.read_text(encoding="utf-8").split("\n### ")[1:]
    assert len(sections) >= 13
    measured = [text for text in sections if "\n\nNot measured yet.\n" not in text]
    assert [text.splitlines()[0] for text in measured if "\n| ---" not in text] == []
