"""Every error code, flag, tool, route, stream event and op stands in docs/."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from mapsrv.bridge.children.exit_status import ChildEnded
from mapsrv.bridge.multiplexer.unreadable import UnreadableAnswer
from mapsrv.bridge.servers_file import IGNORED, KEYS
from mapsrv.bridge.sessions.child_factory import Full
from mapsrv.bridge.settings import BOUNDS, OPTIONS
from mapsrv.bridge.specs import ALLOWED, ALLOWED_BEGINNINGS
from mapsrv.config import options
from mapsrv.config.parser import Option
from mapsrv.errors import Draining, Forbidden, MapsrvError, NotFound, TooLarge, TooMany, Unauthorized
from mapsrv.metrics import bridge, maps, requests  # noqa: F401 (which fills the registry)
from mapsrv.wire.calls import CALLS
from mapsrv.wire.codec import OP_NAMES
from tests.failures.faults import FAULTS, Fault
from tests.kit.error_tree import tree

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = {path.stem: path.read_text(encoding="utf-8") for path in sorted((ROOT / "docs").glob("*.md"))}
TOOLS, HTTP, PODS, BRIDGE = (PAGES[name] for name in ("tools", "http", "pods", "bridge"))
SERVER_FLAGS, BRIDGE_FLAGS = PAGES["configuration"].split("\n## mapsrv bridge\n")
ROUTES = (
    "GET /",
    "POST /sessions",
    "GET /events",
    "POST /commands",
    "POST /presence",
    "POST /front",
    "GET /state",
    "GET /state/near",
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


def row(text: str, page: str) -> str:
    """Return the page's table row that begins with the text."""
    found = re.search(rf"^\| `{re.escape(text)}[`?/].*$", page, re.MULTILINE)
    assert found, f"{page.splitlines()[0]}: no row for {text}"
    return found[0]


@pytest.mark.parametrize("registry", [maps.REGISTRY, bridge.REGISTRY])
def test_every_metric_is_documented(registry: CollectorRegistry) -> None:
    for family in registry.collect():
        name = f"{family.name}_total" if family.type == "counter" else family.name
        assert name.startswith(("process_", "python_")) or f"`{name}`" in PAGES["observability"], name


@pytest.mark.parametrize("error", tree(), ids=lambda error: error.code)
def test_every_error_code_is_documented_with_its_status(error: type) -> None:
    assert f"| {error.status} |" in row(error.code, HTTP)


@pytest.mark.parametrize("option", options(), ids=lambda option: option.name)
def test_every_flag_is_documented_with_its_variable(option: object) -> None:
    line = row(f"--{option.name}", SERVER_FLAGS)
    assert f"`{option.env}`" in line and (option.default or "") in line


@pytest.mark.parametrize("name", [*OP_NAMES.values(), *ROUTES, *MORE_ROUTES])
def test_every_op_and_route_is_documented(name: str) -> None:
    row(name, HTTP)


@pytest.mark.parametrize("name", CALLS)
def test_every_tool_is_documented_and_stands_in_the_readme(name: str) -> None:
    row(name, TOOLS)
    assert any(f"`{name}`" in line for line in README.splitlines() if line.startswith("| `"))


@pytest.mark.parametrize("name", ["snapshot", "event", "presence", "status", "ping", "drain"])
def test_every_stream_event_is_documented(name: str) -> None:
    row(name, HTTP)


@pytest.mark.parametrize("fault", FAULTS.values(), ids=list(FAULTS))
def test_what_every_fault_costs_is_documented(fault: Fault) -> None:
    assert f"\n| {fault.title} | " in PAGES["failures"]


# --- the bridge ------------------------------------------------------------------------------------


@pytest.mark.parametrize("option", OPTIONS, ids=lambda option: option.name)
def test_every_option_of_the_bridge_is_documented_with_its_variable_and_default(option: Option) -> None:
    line = row(f"--{option.name}", BRIDGE_FLAGS)
    assert f"`{option.env}`" in line and f"| {option.default or ''} |" in line


@pytest.mark.parametrize("key", [*KEYS, "disabled"])
def test_every_key_of_a_server_is_documented(key: str) -> None:
    row(key, BRIDGE)


def test_every_bound_and_every_key_that_is_passed_over_is_documented() -> None:
    limits = row("limits", BRIDGE)
    assert all(f"`{name}`" in limits for name in BOUNDS)
    assert all(f"`{key}`" in BRIDGE for key in IGNORED)


def test_every_variable_that_a_child_gets_is_documented() -> None:
    names = [*ALLOWED, *(f"{beginning}*" for beginning in ALLOWED_BEGINNINGS)]
    assert [name for name in names if f"`{name}`" not in BRIDGE] == []


@pytest.mark.parametrize(
    "error",
    [Unauthorized, ChildEnded, Full, TooLarge, TooMany, Draining, NotFound, Forbidden, UnreadableAnswer],
)
def test_what_a_client_of_the_bridge_meets_is_documented(error: type[MapsrvError]) -> None:
    assert f"| {error.status}:" in row(error.code, BRIDGE)


@pytest.mark.parametrize(
    "route", ["/servers/NAME/mcp", "/mcp", "GET /servers/NAME/sse", "GET /health", "GET /metrics"]
)
def test_every_route_of_the_bridge_is_documented(route: str) -> None:
    row(route, BRIDGE)
