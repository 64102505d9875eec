"""Every error code, flag, tool, route, stream event and op stands in the README."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mapsrv.config import options
from mapsrv.errors import tree
from mapsrv.wire.calls import CALLS
from mapsrv.wire.codec import OP_NAMES

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")
ROUTES = (
    "GET /",
    "POST /sessions",
    "GET /events",
    "POST /commands",
    "POST /presence",
    "GET /state",
    "GET /style.json",
)
MORE_ROUTES = (
    "POST /data",
    "GET /data/NAME",
    "GET /health",
    "GET /ready",
    "GET /metrics",
    "GET /sse",
    "/mcp",
)


def row(text: str) -> str:
    """Return the README's table row that begins with the text."""
    found = re.search(rf"^\| `{re.escape(text)}[`?/].*$", README, re.MULTILINE)
    assert found, f"README.md has no row for {text}"
    return found[0]


@pytest.mark.parametrize("error", tree(), ids=lambda error: error.code)
def test_every_error_code_is_documented_with_its_status(error: type) -> None:
    assert f"| {error.status} |" in row(error.code)


@pytest.mark.parametrize("option", options(), ids=lambda option: option.name)
def test_every_flag_is_documented_with_its_variable(option: object) -> None:
    line = row(f"--{option.name}")
    assert f"`{option.env}`" in line and (option.default or "") in line


@pytest.mark.parametrize("name", [*CALLS, *OP_NAMES.values(), *ROUTES, *MORE_ROUTES])
def test_every_tool_op_and_route_is_documented(name: str) -> None:
    row(name)


@pytest.mark.parametrize("name", ["snapshot", "event", "presence", "status", "ping", "drain"])
def test_every_stream_event_is_documented(name: str) -> None:
    row(name)
