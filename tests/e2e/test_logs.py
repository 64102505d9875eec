"""What the server writes down: nothing that opens a map, whatever is asked of it."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx2
import pytest
import trio

from mapsrv.asgi.routes import OTHER
from mapsrv.asgi.routes import TRANSPORTS as TRANSPORTS_OF_ROUTES
from tests.e2e.kit.server import NO_TLS, TRANSPORTS, Server, call, client, running, wait_until
from tests.kit.log_lines import OF_REQUESTS, faults, parsed

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
SERVED = {
    *(
        "/",
        "/events",
        "/state",
        "/style.json",
        "/sessions",
        "/commands",
        "/presence",
        "/data",
        "/data/<name>",
    ),
    *("/sse", "/messages", "/mcp"),
}
BODIES: tuple[bytes, ...] = (
    b"",
    b"{",
    b'{"command":"toggle_layer","arguments":{"layer_id":"none"}}',
    b"[" * 70_000,
)

LEFT_OUT = "lines=left_out"
MOST_ASKED = 20_000  # until a second has had a hundred of them
AT_ONCE = 300  # requests in one write

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
        assert len(secrets_kept) == 1
        # Lines that are whole, with their keys, and with nothing in them that looks like an id or a query.
        assert faults(log, (session_id, cookie, sealed, FORGED, *secrets_kept)) == []
        told = [line for line in parsed(log) if line["event"] in OF_REQUESTS]
        assert {line["transport"] for line in told} == {*TRANSPORTS_OF_ROUTES, OTHER}
        assert {line["route"] for line in told} == {*SERVED, OTHER}
        maps = {line["session"] for line in told if line["route"] == "/state" and "session" in line}
        assert len(maps) == 1, "one map, one hash"
        names = [line["request_id"] for line in told if line["event"] != "stream=ended"]
        assert len(names) == len(set(names))


class Wordless(Server):
    """A server whose stderr takes nothing."""

    stderr = ""  # as a shell has it behind the command

    def start(self) -> None:
        words = [*self.python, *self.program, "--no-open", "--port", str(self.port), *self.flags]
        command = ["sh", "-c", f'exec "$@" {self.stderr}', "sh", *words]
        self.process = subprocess.Popen(
            command, env=self.env, stdout=subprocess.DEVNULL, stderr=self.their_end()
        )
        wait_until(lambda: self.answers("/ready"), 30)

    def their_end(self) -> int:
        return subprocess.DEVNULL

    @property
    def log(self) -> str:
        return ""


class Full(Wordless):
    stderr = "2>/dev/full"


class Closed(Wordless):
    stderr = "2>&-"


class Unread(Wordless):
    """Its stderr is a pipe that nobody reads any more."""

    def their_end(self) -> int:
        read, write = os.pipe()
        os.close(read)
        self._write = write
        return write


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has a disk that is always full")
@pytest.mark.parametrize("kind", [Full, Closed, Unread])
def test_a_server_whose_log_cannot_be_written_goes_on_and_ends_well(
    tmp_path: Path, kind: type[Wordless]
) -> None:
    with running(tmp_path, "--log-level", "debug", kind=kind) as server:
        session_id = server.new_map()
        for number in range(20):
            server.command(session_id, "open_map", title=f"title {number}")
        with httpx2.stream(
            "GET", f"{server.url}/events", params={"session": session_id}, verify=NO_TLS
        ) as one:
            assert one.status_code == 200
        assert server.state(session_id)["state"]["title"] == "title 19"
        assert server.stop(signal.SIGTERM) == 0


def test_a_flood_of_requests_is_counted_and_the_count_is_told_though_nothing_else_is(tmp_path: Path) -> None:
    with running(tmp_path) as server:
        session_id = server.new_map()
        ask = f"GET /state?session={session_id} HTTP/1.1\r\nHost: localhost:{server.port}\r\n\r\n".encode()
        asked = 0
        with socket.create_connection(("127.0.0.1", server.port), timeout=60) as line:
            while LEFT_OUT not in server.log and asked < MOST_ASKED:
                line.sendall(ask * AT_ONCE)  # so that it is the server alone that takes time
                asked += AT_ONCE
                heard = b""
                while heard.count(b"HTTP/1.1 200 OK") < AT_ONCE:
                    heard += line.recv(2**16)

        def told() -> int:
            lines = parsed(server.log)
            ours = sum(line["event"] == "request" and line["route"] == "/state" for line in lines)
            return ours + sum(line["count"] for line in lines if line["event"] == LEFT_OUT)

        # The map was made by a request too, which may be among those that were left out.
        wait_until(lambda: asked <= told() <= asked + 1)
        assert LEFT_OUT in server.log
