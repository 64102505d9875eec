"""One bridge for all tests of real servers: each server in each mode, from one file as MCP hosts write it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.bridge.real.kit import packages
from tests.bridge.real.kit.bridging import Bridge, running

MODES = ("per-session", "shared")


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the filesystem servers serve."""
    return tmp_path_factory.mktemp("files")


@pytest.fixture(scope="session")
def bridge(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bridge]:
    """It serves NAME-MODE for each server and mode."""
    home = tmp_path_factory.mktemp("bridge")
    programs = (*packages.npm(packages.NPM), *packages.npm(packages.DEPLOY / "npm"))
    served = {
        f"{name}-{mode}": {**given, "mode": mode}
        for mode in MODES
        for name, given in servers(folder, home, mode)
    }
    config = home / "servers.json"
    config.write_text(json.dumps({"mcpServers": served}))
    with running(["mapsrv", "bridge", "--config", str(config)], home, programs) as bridge:
        yield bridge


def servers(folder: Path, home: Path, mode: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield names, and commands as their documents say them."""
    yield "filesystem", {"command": "mcp-server-filesystem", "args": [str(folder)]}
    yield "memory", {"command": "mcp-server-memory", "env": {"MEMORY_FILE_PATH": str(home / f"{mode}.jsonl")}}
    yield "everything", {"command": "mcp-server-everything"}
    yield "asking", {"command": "mcp-server-everything"}  # for clients that can be asked: see test_everything
    # The only pages that a test has are on loopback. No Node on its path, as in its container: it would have
    # npm install something at the first page.
    (programs,) = packages.pypi("fetch.txt")
    yield "fetch", {
        "command": "mcp-server-fetch",
        "args": ["--allow-private-ips"],
        "env": {"PATH": str(programs)},
    }
