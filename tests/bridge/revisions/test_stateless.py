"""Requests of 2026-07-28 as HTTP: what is in order is served, what is not is told why, with its status."""

from __future__ import annotations

import json
from typing import Any

import httpx2
import mcp_types
import pytest
from mcp_types.version import HANDSHAKE_PROTOCOL_VERSIONS, MODERN_PROTOCOL_VERSIONS

from mapsrv.bridge import json_rpc
from mapsrv.bridge.http.streamable_http import is_newer
from mapsrv.bridge.revisions import vocabulary
from tests.bridge.revisions.kit.joined import MODERN, OLDER, shared
from tests.transports.kit.serving import CLIENT_LEAKS, serving

pytestmark = CLIENT_LEAKS

META = {"io.modelcontextprotocol/protocolVersion": MODERN, "io.modelcontextprotocol/clientCapabilities": {}}
CALL = {"jsonrpc": "2.0", "id": 5, "method": "tools/call", "params": {"name": "echo", "_meta": META}}
HEADERS = {"mcp-protocol-version": MODERN, "mcp-method": "tools/call", "mcp-name": "echo"}
NEXT = "2099-01-01"


def changed(base: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {key: value for key, value in {**base, **more}.items() if value is not None}


@pytest.mark.parametrize(
    ("headers", "message", "status", "code"),
    [
        (HEADERS, CALL, 200, None),
        (changed(HEADERS, **{"mcp-name": "other"}), CALL, 400, -32020),
        (changed(HEADERS, **{"mcp-name": None}), CALL, 400, -32020),
        (changed(HEADERS, **{"mcp-method": "tools/list"}), CALL, 400, -32020),
        (changed(HEADERS, **{"mcp-protocol-version": None}), CALL, 400, -32020),
        (changed(HEADERS, **{"mcp-protocol-version": NEXT}), CALL, 400, -32020),
        (HEADERS, changed(CALL, params={"name": "echo", "_meta": {}}), 400, -32602),
        (HEADERS, changed(CALL, params=None), 400, -32602),
        (HEADERS, changed(CALL, id=1.5), 400, -32600),
        (HEADERS, changed(CALL, method=None, params=None, result={}), 400, -32600),
        (HEADERS, changed(CALL, id=None, method="notifications/x"), 202, None),
        (
            changed(HEADERS, **{"mcp-protocol-version": NEXT}),
            changed(CALL, params={"name": "echo", "_meta": {**META, next(iter(META)): NEXT}}),
            400,
            -32022,
        ),
    ],
)
async def test_headers_and_body_have_to_agree(headers, message, status, code):
    async with shared(OLDER) as child, serving(child.asgi) as base, httpx2.AsyncClient() as http:
        answer = await http.post(f"{base}/mcp", headers=headers, json=message)
        assert answer.status_code == status
        assert "mcp-session-id" not in answer.headers
        if code is not None:
            assert answer.json()["error"]["code"] == code


@pytest.mark.parametrize(
    ("version", "params", "modern"),
    [
        (MODERN, {}, True),
        (NEXT, {}, True),
        ("2025-11-25", {"_meta": META}, False),
        (None, {"_meta": META}, True),
        (None, {}, False),
    ],
)
def test_the_era_of_a_request_is_seen(version, params, modern):
    headers = [] if version is None else [(b"mcp-protocol-version", version.encode())]
    assert is_newer({"headers": headers}, json_rpc.request(1, "tools/list", params)) is modern
    in_session = [*headers, (b"mcp-session-id", b"1")]
    assert not is_newer({"headers": in_session}, json_rpc.request(1, "tools/list", params))


def test_the_words_are_those_of_the_sdk():
    names = ("PROTOCOL_VERSION", "CLIENT_INFO", "CLIENT_CAPABILITIES", "LOG_LEVEL", "SERVER_INFO")
    theirs = [getattr(mcp_types, f"{name}_META_KEY") for name in names]
    assert theirs == [
        vocabulary.VERSION,
        vocabulary.CLIENT,
        vocabulary.CAPABILITIES,
        vocabulary.LEVEL,
        vocabulary.SERVER,
    ]
    assert (vocabulary.LEGACY, vocabulary.MODERN) == (HANDSHAKE_PROTOCOL_VERSIONS, MODERN_PROTOCOL_VERSIONS)


@pytest.mark.parametrize(
    "name",
    ['"name": "echo", "Name": "other"', '"Name": "other", "name": "echo"', '"name": "other", "name": "echo"'],
)
async def test_a_header_agrees_with_one_member_and_there_is_no_other(name):
    call = '{"jsonrpc": "2.0", "id": 5, "method": "tools/call", "params": {%s, "_meta": %s}}'
    async with shared(OLDER) as child, serving(child.asgi) as base, httpx2.AsyncClient() as http:
        headers = {**HEADERS, "content-type": "application/json"}
        answer = await http.post(f"{base}/mcp", headers=headers, content=call % (name, json.dumps(META)))
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, -32602)
