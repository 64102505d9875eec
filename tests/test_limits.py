"""docs/limits.md has every limit, with the value that the code has."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from importlib import import_module

import pytest

from mapsrv.asgi.rate_limits import TABS
from mapsrv.bridge import settings as bridge
from mapsrv.config import options
from mapsrv.config.parser import Option
from mapsrv.config.rates import DEFAULT
from tests.test_docs import PAGES, ROOT

LIMITS = PAGES["limits"]
OURS, BRIDGES = LIMITS.split("\n## Of the bridge\n")

# Where callers come to; what other rooms bound (the store, this user's own files) no caller meets.
ROOMS = ("asgi", "bridge", "core", "http_server", "hub", "prepare", "tools", "transports", "web", "wire")
BOUNDS = re.compile(r"max-|session-(idle|ttl)$|child-|(idle|resume|spare)$")


def constants() -> Iterator[tuple[str, str]]:
    """Yield the file and the name of each limit in the code."""
    for room in ROOMS:
        for path in sorted((ROOT / "mapsrv" / room).rglob("*.py")):
            for node in ast.parse(path.read_text(encoding="utf-8")).body:
                targets = node.targets if isinstance(node, ast.Assign) else []
                for name in (each.id for each in targets if isinstance(each, ast.Name)):
                    if name.startswith("MAX_"):
                        yield path.relative_to(ROOT).as_posix(), name


def value_of(path: str, name: str) -> str:
    """Return a constant as the page writes it."""
    value = getattr(import_module(path.removesuffix(".py").replace("/", ".")), name)
    return f"{value:,}".removesuffix(".0")


FOUND = list(constants())


@pytest.mark.parametrize(("path", "name"), FOUND, ids=lambda text: text)
def test_every_limit_of_the_code_has_a_row_with_its_value(path: str, name: str) -> None:
    rows = [line.split(" | ") for line in LIMITS.splitlines() if f"| `{path}` `{name}` |" in line]
    assert len(rows) == 1, f"docs/limits.md needs one row for {name} of {path}"
    assert rows[0][1].split()[0] == value_of(path, name)


def test_every_row_is_of_a_limit_that_there_is() -> None:
    told = set(re.findall(r"\| `(mapsrv/[^`]+)` `(\w+)` \|", LIMITS))
    assert len(FOUND) > 100 and told == set(FOUND)


@pytest.mark.parametrize(
    ("option", "page"),
    [(option, OURS) for option in options() if BOUNDS.match(option.name)]
    + [(option, BRIDGES) for option in bridge.OPTIONS if BOUNDS.match(option.name)],
    ids=lambda each: each.name if isinstance(each, Option) else "",
)
def test_every_limit_that_is_set_has_a_row_with_its_default(option: Option, page: str) -> None:
    rows = [line for line in page.splitlines() if f"| `--{option.name}` |" in line]
    assert len(rows) == 1 and f"| {option.default or ''} |".replace("|  |", "| |") in rows[0]


def test_every_rate_has_a_row_with_its_default() -> None:
    said = [*(word.split("=") for word in DEFAULT.split()), (TABS.name, f"{TABS.per_second}/s:{TABS.burst}")]
    assert len(said) == 7
    assert [name for name, rate in said if f"\n| `{name}` | {rate} | " not in OURS] == []
