"""A server to be treated badly, and the check that what it refused it refused well."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2

from tests.e2e.kit.server import NO_TLS, Server, running
from tests.kit.log_lines import OF_REQUESTS, parsed

JSON = {"content-type": "application/json"}
MCP = {**JSON, "accept": "application/json, text/event-stream"}
POINT = {"type": "Point", "coordinates": [8.5, 47.4]}
FEATURE: dict[str, Any] = {"type": "Feature", "properties": {}, "geometry": POINT}
LONG = "x" * 1_000_000
OF_EVERY_REQUEST = (*OF_REQUESTS, "mcp=", "lines=left_out")  # a line each, up to a hundred a second


@contextlib.contextmanager
def quiet(folder: Path) -> Iterator[Server]:
    """Run a server whose log stays clean whatever is sent to it, and short."""
    with running(folder, "--log-level", "debug", "--max-data", "1MiB") as server:
        yield server
        assert server.answers("/health")
        log = server.log
    assert "Traceback" not in server.log and '"level":"error"' not in server.log, server.log[-4000:]
    told = [line["event"] for line in parsed(log) if not line["event"].startswith(OF_EVERY_REQUEST)]
    assert len(told) < 50, "what callers send wrong does not fill the log"


@contextlib.contextmanager
def unchanged(server: Server) -> Iterator[str]:
    """Give a map with one layer, which is as it was at the end; and no log names it."""
    session_id = server.new_map()
    server.command(session_id, "add_layer", id="stop", title="Stop", source=FEATURE)
    before = server.state(session_id)
    yield session_id
    assert server.state(session_id) == before
    assert session_id not in server.log


def do(command: str, **arguments: Any) -> dict[str, Any]:
    return {"command": command, "arguments": arguments}


def add(source: Any, **more: Any) -> dict[str, Any]:
    return do("add_layer", id="new", source=source, **more)


def post(server: Server, path: str, session: str, body: Any, headers: dict[str, str] = JSON) -> Any:
    content = body if isinstance(body, (bytes, Iterator)) else json.dumps(body).encode()
    url, params = f"{server.url}{path}", {"session": session}
    return httpx2.post(url, params=params, content=content, headers=headers, timeout=20, verify=NO_TLS)


def refused(answer: Any, status: int | None = None, code: str | None = None) -> str:
    """Check that it is a refusal as the contract has it, and return its message."""
    assert 400 <= answer.status_code < 500, (answer.status_code, answer.text[:300])
    error = answer.json()["error"]
    assert set(error) == {"code", "message", "temporary"}
    message = error["message"]
    assert 20 < len(message) < 1500 and not any(word in message for word in ("codec", "sys.", "Error", "0x"))
    assert status in (None, answer.status_code) and code in (None, error["code"]), answer.text[:300]
    return str(message)
