"""Hostile commands, files and words of a page, over HTTP and by the tools: each is refused, no more."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from tests.abuse.kit.hostile_bodies import FILES, MESSAGES, WORDS, rpc
from tests.abuse.kit.hostile_data import DATA
from tests.abuse.kit.hostile_looks import LOOKS
from tests.abuse.kit.refusals import FEATURE, JSON, MCP, refused
from tests.e2e.kit.server import NO_TLS, Server

COMMANDS = {**DATA, **LOOKS}


class Target:
    """A server with one map that nothing may change, and one connection to it."""

    def __init__(self, server: Server) -> None:
        self.server, self.session_id = server, server.new_map()
        server.command(self.session_id, "add_layer", id="stop", title="Stop", source=FEATURE)
        self.client = httpx2.Client(base_url=server.url, verify=NO_TLS, timeout=20)
        self.etag = self.ask("GET", "/state").headers["etag"]

    def ask(self, method: str, path: str, content: bytes = b"", **headers: str) -> Any:
        on = {"session": self.session_id}
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.request(method, path, params=on, content=content, headers=sent)

    def post(self, path: str, body: Any, headers: dict[str, str] = JSON) -> Any:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.ask("POST", path, content, **headers)

    def check(self) -> None:
        """Check that the map is as it was, and the server well."""
        assert self.ask("GET", "/state", if_none_match=self.etag).status_code == 304
        assert self.client.get("/health").status_code == 200


@pytest.fixture(scope="module")
def on(server: Server) -> Iterator[Target]:
    target = Target(server)
    yield target
    target.client.close()
    assert target.session_id not in server.log


@pytest.fixture
def target(on: Target) -> Iterator[Target]:
    yield on
    on.check()


@pytest.mark.parametrize("name", COMMANDS)
def test_a_hostile_command_is_refused_with_what_to_do(target: Target, name: str) -> None:
    refused(target.post("/commands", COMMANDS[name]))


def told(answer: Any) -> dict[str, Any]:
    """Return the one JSON-RPC answer of a stream or a body."""
    lines = [line for line in answer.text.splitlines() if line.startswith("data: ")]
    message: dict[str, Any] = json.loads(lines[-1].removeprefix("data: ") if lines else answer.text)
    return message


@pytest.mark.parametrize("name", COMMANDS)
def test_a_hostile_call_of_a_tool_is_refused_in_the_same_words(target: Target, name: str) -> None:
    command = COMMANDS[name]
    call = {"name": command["command"], "arguments": command["arguments"]}
    answer = target.post("/mcp", rpc("tools/call", call), MCP)
    if answer.status_code != 200:  # larger than a call may be
        assert answer.status_code == 413 and "POST /data" in told(answer)["error"]["message"]
        return
    result = told(answer)["result"]
    error = result["structuredContent"]["error"]
    assert result["isError"] and set(error) == {"code", "message", "temporary"}
    assert error["code"] != "internal" and 20 < len(error["message"]) < 1500
    assert "Traceback" not in answer.text


@pytest.mark.parametrize("name", MESSAGES)
def test_a_hostile_message_is_an_error_of_json_rpc(target: Target, name: str) -> None:
    answer = target.post("/mcp", MESSAGES[name], MCP)
    assert answer.status_code in (200, 400), answer.text[:300]
    message = told(answer)
    assert "error" in message or message["result"]["isError"]
    assert "Traceback" not in answer.text and 'File "' not in answer.text


@pytest.mark.parametrize(
    "headers",
    [
        {"mcp_session_id": "x"},
        {"mcp_session_id": "../../x" * 50},
        {"mcp_protocol_version": "9999-99-99"},
        {"mcp_protocol_version": "x" * 2_000},
        {"accept": "text/html"},
    ],
    ids=["session", "path", "revision", "long-revision", "accept"],
)
def test_hostile_headers_of_mcp_are_refused(target: Target, headers: dict[str, str]) -> None:
    answer = target.post("/mcp", rpc("tools/list"), {**MCP, **headers})
    assert 400 <= answer.status_code < 500 and "error" in answer.json()


@pytest.mark.parametrize("name", FILES)
def test_a_hostile_file_is_refused(target: Target, name: str) -> None:
    refused(target.post("/data", FILES[name]))


@pytest.mark.parametrize("name", WORDS)
def test_hostile_words_of_a_page_are_refused(target: Target, name: str) -> None:
    refused(target.post("/presence", WORDS[name]))
