"""The house's import rules, read from the AST of every module of mapsrv.

Imports go downwards only; packages of one layer never import each other; each third party has its
places; core/ is pure. Reads the source tree, never imports it. Every rule is also shown to bite.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parents[1] / "mapsrv"

# From the bottom up. A name is a package or a module directly under mapsrv/.
LAYERS: tuple[frozenset[str], ...] = (
    frozenset({"__init__"}),
    frozenset({"errors", "addresses"}),
    frozenset({"core", "config"}),
    frozenset({"wire"}),
    frozenset({"metrics", "logs", "change", "budget", "secret_keys"}),
    frozenset({"store", "style_spec", "asgi", "gazetteer"}),
    frozenset({"prepare"}),
    frozenset({"hub", "local"}),
    frozenset({"web", "tools"}),
    frozenset({"transports", "http_server"}),
    frozenset({"bridge", "stdio_servers"}),
    frozenset({"server", "demo"}),
    frozenset({"__main__"}),
)
LAYER_OF = {unit: number for number, units in enumerate(LAYERS) for unit in units}

# The bridge and the stdio servers beside it share these with the rest, and nothing of the map.
BRIDGE = ("bridge", "stdio_servers")
BRIDGE_MAY = frozenset("__init__ asgi change errors config logs metrics http_server wire.sse".split())

# The rooms of the bridge, from the bottom up; what stands beside them (rpc, specs) is for all to use.
BRIDGE_ROOMS = ("children", "multiplexer", "revisions", "sessions", "http")

# Trio, and AnyIO for its worker processes, from store/ up; and in what they all wait by.
ASYNC_UNITS = frozenset(unit for units in LAYERS[LAYER_OF["store"] :] for unit in units) | {"change"}

# Third parties, and the standard library's own with a quarantine: where each may be imported.
# An entry is a unit (all of it) or one module, which may be several files: store.sqlite stands for
# store.sqlite_file too. What is not listed here is not a dependency.
PLACES: dict[str, frozenset[str]] = {
    "trio": ASYNC_UNITS,
    "anyio": ASYNC_UNITS,
    "quart": frozenset({"web"}),
    "quart_trio": frozenset({"web"}),
    "werkzeug": frozenset({"web"}),
    "itsdangerous": frozenset({"local", "transports"}),
    "hypercorn": frozenset({"http_server"}),
    "httptools": frozenset({"http_server"}),
    "h11": frozenset({"local"}),
    "mcp": frozenset({"tools", "transports", "demo", "bridge", "stdio_servers"}),
    "mcp_types": frozenset({"tools", "transports", "demo", "bridge", "stdio_servers"}),
    "httpx2": frozenset({"transports", "demo", "stdio_servers"}),
    "msgspec": frozenset({"wire", "logs", "bridge", "stdio_servers"}),
    "structlog": frozenset({"logs"}),
    "psycopg": frozenset({"stdio_servers"}),
    "jsonschema": frozenset({"wire", "tools"}),
    "platformdirs": frozenset({"config"}),
    "prometheus_client": frozenset({"metrics"}),
    "redis": frozenset({"store.redis"}),
    "trio_asyncio": frozenset({"store.redis"}),
    "quickjs": frozenset({"style_spec.worker"}),
    "sqlite3": frozenset({"store.sqlite"}),
    "asyncio": frozenset(),
}

# core/ computes; it cannot wait, look at a clock, draw lots, log, or read anything.
CORE_STDLIB = frozenset(
    "__future__ abc bisect collections contextlib copy dataclasses difflib enum functools hashlib itertools "
    "json math operator re string types typing".split()
)
CORE_BUILTINS_DENIED = frozenset({"open", "print", "input", "exec", "eval", "__import__"})

# wire/ is bytes <-> values: no clock, no chance, no I/O of its own.
WIRE_STDLIB_DENIED = frozenset(
    "datetime http.client logging multiprocessing os queue random secrets select signal socket subprocess "
    "tempfile threading time urllib.request uuid".split()
)

# stdout belongs to the stdio transport's protocol: one stray line there ends a model's connection.
MAY_PRINT = frozenset({"__main__", "demo.run"})


@dataclass(frozen=True, slots=True)
class Import:
    target: str  # dotted and absolute
    line: int


def unit_of(module: str) -> str:
    """The layer table's name for a module given without its leading "mapsrv."."""
    return module.partition(".")[0]


def imports_of(tree: ast.AST, module: str, *, package: bool = False) -> Iterator[Import]:
    """Every import in a module, wherever it stands, with relative ones made absolute."""
    parts = ["mapsrv", *([] if module == "__init__" else module.split("."))]
    here = parts if package or module == "__init__" else parts[:-1]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(alias.name, node.lineno)
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(here[: len(here) - node.level + 1]) if node.level else ""
            origin = ".".join(filter(None, [base, node.module or ""]))
            if origin == "mapsrv":  # `from mapsrv import errors` names a unit, or a name of __init__
                for alias in node.names:
                    yield Import(f"mapsrv.{alias.name}" if alias.name in LAYER_OF else origin, node.lineno)
            else:
                yield Import(origin, node.lineno)


def within(module: str, places: frozenset[str]) -> bool:
    """Whether a dotted name is one of `places`, within one, or one file of several that make one up."""
    return any(module == place or module.startswith((place + ".", place + "_")) for place in places)


def own_import_fault(module: str, target: str) -> str | None:
    """What is wrong with importing mapsrv's own `target` from `module`, if anything."""
    unit, other = unit_of(module), unit_of(target.partition(".")[2] or "__init__")
    if other not in LAYER_OF:
        return f"{other} has no place in the layer table"
    if unit == other:
        return room_fault(module, target) if unit == "bridge" else None
    if LAYER_OF[other] >= LAYER_OF[unit]:
        return f"{unit} is not above {other}"
    if unit in BRIDGE and not within(target.partition(".")[2] or "__init__", BRIDGE_MAY):
        return f"{unit} shares nothing of the map, and {other} is of the map"
    return None


def room_fault(module: str, target: str) -> str | None:
    """What is wrong with importing one room of the bridge from another, if anything."""
    here, there = module.split(".")[1:2], target.split(".")[2:3]
    if not (here and there and here[0] in BRIDGE_ROOMS and there[0] in BRIDGE_ROOMS):
        return None
    if BRIDGE_ROOMS.index(there[0]) > BRIDGE_ROOMS.index(here[0]):
        return f"bridge/{here[0]} is not above bridge/{there[0]}"
    return None


def foreign_import_fault(module: str, target: str) -> str | None:
    """What is wrong with importing the standard library's or a third party's `target`."""
    unit, top = unit_of(module), target.partition(".")[0]
    if top in PLACES:
        return None if within(module, PLACES[top]) else f"{top} is quarantined, and {module} is not its place"
    if top not in sys.stdlib_module_names:
        return f"{top} is no declared dependency (see PLACES)"
    if unit == "core" and top not in CORE_STDLIB:
        return f"core is pure, and {top} is not on its list"
    if unit == "wire" and within(target, WIRE_STDLIB_DENIED):
        return f"wire is bytes and values alone, and {target} is not"
    return None


def call_fault(module: str, call: ast.Call) -> str | None:
    """What is wrong with a call of a built-in function, if anything."""
    if not isinstance(call.func, ast.Name):
        return None
    name = call.func.id
    if unit_of(module) == "core" and name in CORE_BUILTINS_DENIED:
        return f"core is pure, and calls {name}()"
    if name != "print" or module in MAY_PRINT:
        return None
    files = [ast.unparse(word.value) for word in call.keywords if word.arg == "file"]
    return "print() without file=, or to stdout" if files in ([], ["None"], ["sys.stdout"]) else None


def faults(source: str, module: str, *, package: bool = False) -> list[str]:
    """Every broken rule in one module's source, as "module:line: sentence"."""
    tree = ast.parse(source)
    if unit_of(module) not in LAYER_OF:
        return [f"{module}:1: {unit_of(module)} has no place in the layer table"]
    found: list[tuple[int, str | None]] = []
    for item in imports_of(tree, module, package=package):
        own = item.target.partition(".")[0] == "mapsrv"
        check = own_import_fault if own else foreign_import_fault
        found.append((item.line, check(module, item.target)))
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    found += [(call.lineno, call_fault(module, call)) for call in calls]
    return [f"{module}:{line}: {text}" for line, text in sorted(found, key=lambda f: f[0]) if text]


def modules() -> Iterator[tuple[str, Path]]:
    for path in sorted(SOURCE.rglob("*.py")):
        parts = list(path.relative_to(SOURCE).with_suffix("").parts)
        if parts[-1] == "__init__" and len(parts) > 1:
            parts.pop()
        yield ".".join(parts), path


def test_every_module_keeps_the_import_rules() -> None:
    found = [
        fault
        for module, path in modules()
        for fault in faults(path.read_text("utf-8"), module, package=path.name == "__init__.py")
    ]
    assert found == []


def test_the_source_was_found() -> None:
    assert {"errors", "core.state"} <= {module for module, _ in modules()}


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("core.state", "from mapsrv.wire import codec"),  # upwards
        ("core.state", "import mapsrv.hub.hub"),
        ("core.state", "from ..wire.codec import encode"),  # upwards, relative
        ("core.state", "from mapsrv import hub"),
        ("core.state", "def f():\n    from mapsrv.hub import committer"),  # hidden in a function
        ("core.state", "if TYPE_CHECKING:\n    import trio"),
        ("core.state", "from mapsrv.config import Config"),  # sideways
        ("web.pages", "import mapsrv.tools.publish"),
        ("store.memory", "from mapsrv.style_spec import worker"),
        ("demo", "import mapsrv.server"),
        ("errors", "import mapsrv.novelty"),
        ("novelty", "import json"),  # a module without a layer
        ("bridge.children", "from mapsrv.core.state import MapState"),
        ("stdio_servers.graph", "from mapsrv.core.state import MapState"),
        ("stdio_servers.graph", "from mapsrv.bridge import json_rpc"),
        ("bridge.http.app", "from mapsrv.wire.codec import encode"),
        ("bridge.revisions.vocabulary", "from mapsrv.bridge.sessions import shared_child"),
        ("core.state", "import time"),
        ("core.state", "from datetime import datetime"),
        ("core.session", "import random"),
        ("core.session", "import logging"),
        ("core.session", "import os.path"),
        ("core.session", "open('x')"),
        ("wire.codec", "import trio"),
        ("wire.codec", "import anyio.to_process"),
        ("wire.sse", "import time"),
        ("wire.calls", "import urllib.request"),
        ("metrics", "import trio"),
        ("config", "import trio"),
        ("hub.sessions", "import prometheus_client"),
        ("hub.sessions", "from quart import request"),
        ("web.pages", "from hypercorn.trio import serve"),
        ("server", "import quart_trio"),
        ("hub.committer", "import sqlite3"),
        ("store.memory", "import sqlite3"),
        ("store.sqlite", "import redis.asyncio"),
        ("web.events", "from mcp import types"),
        ("prepare.layers", "import quickjs"),
        ("server", "import asyncio"),
        ("bridge.child", "import psycopg"),
        ("hub.committer", "import requests"),  # not declared
        ("hub.committer", "print('here')"),
        ("transports.mcp_stdio", "import sys\nprint('here', file=sys.stdout)"),
    ],
)
def test_a_broken_rule_is_found(module: str, source: str) -> None:
    assert len(faults(source, module)) == 1


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("core.session", "from .log import Event\nfrom mapsrv.errors import MapsrvError\nimport hashlib"),
        ("wire.codec", "from mapsrv.core import state\nimport json, jsonschema, urllib.parse"),
        ("store.sqlite", "import sqlite3, trio"),
        ("store.sqlite_file", "import sqlite3"),
        ("store.redis", "import redis.asyncio, trio_asyncio"),
        ("style_spec.worker", "import quickjs"),
        ("web.events", "from quart_trio import QuartTrio\nfrom mapsrv import __version__"),
        ("tools.publish", "from mcp.server import Server\nfrom mapsrv.hub.hub import Hub"),
        ("http_server.connections", "import hypercorn.trio"),
        ("server", "from mapsrv import http_server, tools, transports, web"),
        ("stdio_servers.database", "import msgspec, psycopg"),
        (
            "bridge.http.app",
            "from mapsrv.asgi import message\nfrom mapsrv.asgi.origin_guard import OriginGuard",
        ),
        ("hub.committer", "import sys\nprint('why', file=sys.stderr)"),
        ("__main__", "print('the link')\nimport mapsrv.demo"),
    ],
)
def test_what_the_rules_allow_is_let_through(module: str, source: str) -> None:
    assert faults(source, module) == []


def test_a_relative_import_in_a_package_starts_at_the_package() -> None:
    assert faults("from .memory import open_memory", "store", package=True) == []
    assert faults("from ..hub import committer", "store", package=True) == ["store:1: store is not above hub"]


FACES = sorted(SOURCE.rglob("__init__.py"))


def face_fault(source: str) -> str | None:
    """What else than a docstring, imports and names (`__all__`, the version) a package's own file holds."""
    for node in ast.parse(source).body:
        text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        named = isinstance(node, ast.Assign) and isinstance(node.value, (ast.List, ast.Constant))
        if not (text or named or isinstance(node, (ast.Import, ast.ImportFrom))):
            return f"line {node.lineno} is code: give it a file with a name"
    return None


@pytest.mark.parametrize("face", FACES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_a_package_s_own_file_is_a_face(face: Path) -> None:
    assert face_fault(face.read_text("utf-8")) is None


def test_code_in_a_face_is_found() -> None:
    assert (
        face_fault("def f():\n    return 1") and face_fault("A = f()") and face_fault("for a in b:\n    pass")
    )
