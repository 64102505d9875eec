"""The pages are sound: every link leads somewhere, and architecture.md names what is there."""

from __future__ import annotations

import re
import struct
from pathlib import Path

import pytest

from tests.test_docs import PAGES, README, ROOT
from tests.test_layering import LAYERS

MAX_README = 120  # lines: what it is, how it starts, and where the rest stands
MAX_PICTURE = 300 * 1000  # bytes: it is fetched with every look at the README

LINK = re.compile(r"\]\(([^)\s]+)\)")


def prose(text: str) -> str:
    """Return a page without its blocks of code, where `# ` is no heading."""
    return re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)


def anchors(text: str) -> set[str]:
    """Return what a link may name on a page: its headings, as GitHub writes them."""
    titles = re.findall(r"^#+ (.+)$", prose(text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def dead_links(path: Path) -> list[str]:
    """Return the links of a page that lead to no file, or to no heading."""
    found = []
    for link in LINK.findall(prose(path.read_text(encoding="utf-8"))):
        place, _, anchor = link.partition("#")
        target = (path.parent / place).resolve() if place else path
        if "://" in link:
            continue
        if not target.is_file() or (anchor and anchor not in anchors(target.read_text(encoding="utf-8"))):
            found.append(link)
    return found


def test_the_readme_is_short() -> None:
    assert len(README.splitlines()) <= MAX_README


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", *(f"docs/{name}.md" for name in PAGES)])
def test_every_link_leads_to_a_file_and_a_heading(name: str) -> None:
    assert dead_links(ROOT / name) == []


def test_a_dead_link_is_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "# Here we are\n[a](#here-we-are) [b](#there) [c](page.md) [d](none.md) [e](https://x.org)"
    )
    assert dead_links(page) == ["#there", "none.md"]


def test_the_picture_is_small() -> None:
    picture = (ROOT / "docs" / "demo.png").read_bytes()
    width, height = struct.unpack(">II", picture[16:24])  # of the IHDR chunk, which comes first
    assert picture.startswith(b"\x89PNG") and width <= 1280 and height <= 800
    assert len(picture) < MAX_PICTURE


def test_every_page_is_reached_from_the_readme() -> None:
    assert [name for name in PAGES if f"](docs/{name}.md)" not in README] == []


# --- architecture.md ------------------------------------------------------------------------------

ARCHITECTURE = PAGES["architecture"]


def section(title: str) -> str:
    """Return one section of architecture.md."""
    found = ARCHITECTURE.partition(f"\n## {title}\n")[2].partition("\n## ")[0]
    assert found, f"architecture.md has no section {title!r}"
    return found


def rows(title: str) -> list[str]:
    """Return the rows of a section's table, without its head."""
    return [line for line in section(title).splitlines() if line.startswith("| ")][1:]


def paths(text: str) -> list[str]:
    """Return what looks like a path from the root among the words in backticks."""
    return [word for word in re.findall(r"`([^`]+)`", text) if "/" in word or word == "setup.cfg"]


def test_where_to_change_what_tells_of_thirty_changes_and_names_files_that_exist() -> None:
    table = rows("Where to change what")
    assert len(table) >= 30
    assert [line for line in table if not paths(line)] == []
    assert [path for line in table for path in paths(line) if not (ROOT / path).is_file()] == []


def test_the_files_that_contributing_names_exist() -> None:
    text = prose((ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"))
    named = [path for path in paths(text) if re.match(r"(mapsrv|static|tests|docs)/[^ ]+$", path)]
    assert len(named) >= 20 and [path for path in named if not (ROOT / path).exists()] == []


def test_the_readme_and_contributing_have_the_command_that_ci_runs() -> None:
    command = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()[-1]
    assert all(f"\n{command}\n" in (ROOT / page).read_text() for page in ("README.md", "CONTRIBUTING.md"))


@pytest.mark.parametrize("title", ["The life of a command", "The life of a stream"])
def test_the_files_on_the_way_exist(title: str) -> None:
    found = [path for path in paths(section(title)) if path.startswith(("mapsrv/", "static/"))]
    assert found and [path for path in found if not (ROOT / path).is_file()] == []


def test_every_unit_of_the_layering_has_its_floor() -> None:
    units = [unit for layer in LAYERS for unit in sorted(layer) if there(unit)]
    assert [unit for unit in units if f"`{unit}`" not in section("Floors")] == []


def there(unit: str) -> bool:
    """Return whether it is built already: the table of floors may have a place for what is to come."""
    return any((ROOT / "mapsrv" / name).exists() for name in (unit, f"{unit}.py"))


def test_every_room_has_a_line() -> None:
    told = set(paths("\n".join(rows("Rooms")))) | {"tests"}
    rooms = {str(path.parent.relative_to(ROOT)) for path in (ROOT / "mapsrv").rglob("*.py")} - {"mapsrv"}
    assert rooms - told == set()
    assert [room for room in sorted(told) if not (ROOT / room).is_dir()] == []
