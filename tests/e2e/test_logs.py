"""What the server writes down: nothing that opens a map, whatever is asked of it."""

from __future__ import annotations

import contextlib
import re
from pathlib import Path
from typing import Any

import httpx2
import trio

from tests.e2e.kit.server import NO_TLS, TRANSPORTS, Server, call, client, running

POINT = {"type": "Feature", "properties": {}, "geometry": {"type": "Point", "coordinates": [8.5, 47.4]}}
ROUTES = (
    ("GET", "/"),
    ("GET", "/events"),
    ("GET", "/state"),
    ("GET", "/style.json"),
    ("POST", "/sessions"),
    ("POST", "/commands"),
    ("POST", "/presence"),
    ("POST", "/data"),
    ("GET", "/health"),
    ("GET", "/ready"),
    ("GET", "/metrics"),
    ("GET", "/sse"),
    ("POST", "/messages"),
    ("POST", "/mcp"),
    ("GET", "/mcp"),
    ("DELETE", "/mcp"),
    ("PUT", "/state"),
    ("GET", "/nothing"),
    ("GET", "/data/x"),
)
BODIES: tuple[bytes, ...] = (
    b"",
    b"{",
    b'{"command":"toggle_layer","arguments":{"layer_id":"none"}}',
    b"[" * 70_000,
)

FORGED = "Zm9yZ2VkLWJ5LXNvbWVib2R5.Zm9yZ2VkLWJ5LXNvbWVib2R5LWFuZC1sb25nLWVub3VnaDE"


async def wrong_calls(server: Server, session_id: str) -> None:
    """Call tools as they may be called, and as they may not."""
    for transport in TRANSPORTS:
        with trio.fail_after(60):
            async with client(server, transport) as session:
                for name, more in (
                    ("get_map_state", {}),
                    ("get_layer_info", {"layer_id": "x"}),
                    ("nope", {}),
                ):
                    with contextlib.suppress(Exception):
                        arguments: dict[str, Any] = {"session_id": session_id, **more}
                        await session.call_tool(name, arguments)


def sealed_session(server: Server) -> str:
    """Open an MCP session of /mcp, call on it and on a forged one, and return its id."""
    info = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "x", "version": "1"}}
    with httpx2.Client(headers={"accept": "application/json, text/event-stream"}, verify=NO_TLS) as client:

        def post(method: str, params: Any, **headers: str) -> httpx2.Response:
            message = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
            return client.post(f"{server.url}/mcp", json=message, headers=headers)

        sealed: str = post("initialize", info).headers["mcp-session-id"]
        for given, status in ((sealed, 200), (FORGED, 404), (sealed[:-1], 404), (sealed * 9, 404)):
            for verb in ("GET", "DELETE"):
                url = f"{server.url}/mcp"
                assert client.request(verb, url, headers={"mcp-session-id": given}).status_code == 405
            assert post("tools/list", {}, **{"mcp-session-id": given}).status_code == status
    return sealed


def test_no_id_of_a_map_a_viewer_or_a_secret_is_in_the_log_at_any_level(tmp_path: Path) -> None:
    with running(tmp_path, "--log-level", "debug") as server:
        session_id = server.new_map()
        cookie = "viewer-cookie-0123456789"
        headers = {"cookie": f"mapsrv_session={session_id}; mapsrv_viewer={cookie}", "accept": "*/*"}
        for method, path in ROUTES:
            for body in BODIES:
                kind = {**headers, "content-type": "application/json"}
                on = {"session": session_id, "session_id": session_id}
                url = f"{server.url}{path}"
                with httpx2.stream(
                    method, url, params=on, headers=kind, content=body, verify=NO_TLS, timeout=10
                ) as answer:
                    assert answer.status_code < 500, (method, path, body[:20])
        for transport in TRANSPORTS:
            call(server, transport, ("add_layer", {"session_id": session_id, "id": "a", "source": POINT}))
        trio.run(wrong_calls, server, session_id)
        sealed = sealed_session(server)
        server.stop()
        secrets_kept = [path.read_text().strip() for path in tmp_path.glob("*.secret")]
        log = "".join(path.read_text() for path in tmp_path.glob("*.log"))
        assert "Serving maps" in log and "Traceback" not in log
        assert session_id not in log and cookie not in log
        assert sealed not in log and FORGED not in log
        assert len(secrets_kept) == 1 and secrets_kept[0] not in log
        # Nothing that looks like an id of 128 bits, which secrets, MCP sessions and other maps have.
        assert not re.findall(r"[A-Za-z0-9_-]{22,}", log.replace(str(tmp_path), "")), log
