"""The MCP Inspector's command line, on a base URL: mapsrv's, or that of a server behind the bridge."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.kit import node

# A route, and the era of the protocol that the Inspector is to speak there.
SSE, HTTP, MODERN = ("/sse", "legacy"), ("/mcp", "legacy"), ("/mcp", "modern")
WAYS = {"sse": SSE, "http-2025": HTTP, "http-2026": MODERN}


@dataclass(frozen=True, slots=True)
class Inspector:
    """Called with a base URL, a way and a method, it returns the result that the program prints."""

    home: Path

    def __call__(
        self, url: str, way: tuple[str, str], method: str, *args: str, code: int = 0
    ) -> dict[str, Any]:
        where = ("--server-url", f"{url}{way[0]}", "--protocol-era", way[1], "--format", "json")
        done = node.run(node.INSPECTOR, "--cli", *where, "--method", method, *args, home=self.home)
        assert done.returncode == code, done.stdout + done.stderr
        result: dict[str, Any] = json.loads(done.stdout)["result"]
        return result

    def call(
        self, url: str, way: tuple[str, str], tool: str, arguments: dict[str, Any], *, code: int = 0
    ) -> dict[str, Any]:
        """Call a tool; the Inspector's code for one that refuses is 5."""
        named = ("--tool-name", tool, "--tool-args-json", json.dumps(arguments))
        return self(url, way, "tools/call", *named, code=code)
