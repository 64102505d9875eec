"""MCP sessions of /mcp over real sockets: sealed into their ids, and kept nowhere."""

from __future__ import annotations

import json
import re
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import httpx2
import pytest
import trio
from mcp_types import CLIENT_CAPABILITIES_META_KEY, PROTOCOL_VERSION_META_KEY

from mapsrv.asgi.origin_guard import OriginGuard
from mapsrv.secret_keys import SecretKeys
from mapsrv.transports import mcp_http
from mapsrv.transports.endpoints import open_mcp
from mapsrv.transports.signed_session_id import LIFETIME_SECONDS, MAX_ID, Seal, Told
from tests.transports.conftest import Fixture
from tests.transports.kit.serving import CLIENT_LEAKS, LEGACY, MODERN, connected, eventually, serving

pytestmark = CLIENT_LEAKS

KEY = b"k" * 43
REVISIONS = ("2025-03-26", "2025-06-18", LEGACY)
JSON_OR_EVENTS = {"accept": "application/json, text/event-stream", "content-type": "application/json"}


@asynccontextmanager
async def pod(*keys: bytes) -> AsyncIterator[tuple[Fixture, str]]:
    """Serve the small server with these keys, as mapsrv serves its own."""
    made = Fixture(json_response=True)
    seal = Seal(SecretKeys(keys))
    opened = open_mcp(made.make_server, origins=OriginGuard("127.0.0.1"), json_response=True, seal=seal)
    async with opened as made.endpoints, serving(made.endpoints.asgi) as base:
        yield made, base
        await made.endpoints.drain()


def initialize(name: Any = "claude", version: Any = "1.0", revision: str = LEGACY) -> dict[str, Any]:
    info = {"name": name, "version": version}
    params = {"protocolVersion": revision, "capabilities": {}, "clientInfo": info}
    return {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params}


def calling(tool: str = "echo", **meta: Any) -> dict[str, Any]:
    params = {"name": tool, "arguments": {"a": 1}} | ({"_meta": meta} if meta else {})
    return {"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": params}


async def post(base: str, message: Any, **headers: str) -> httpx2.Response:
    named = JSON_OR_EVENTS | {name.replace("_", "-"): value for name, value in headers.items()}
    told = [(name.encode(), value.encode("latin-1")) for name, value in named.items()]
    async with httpx2.AsyncClient(timeout=10) as http:
        return await http.post(f"{base}/mcp", content=json.dumps(message), headers=told)


@pytest.mark.parametrize("revision", REVISIONS)
async def test_a_session_that_one_process_opened_is_served_by_any(revision: str) -> None:
    async with pod(KEY) as (_, a), pod(KEY) as (_, b):
        opened = await post(a, initialize(revision=revision))
        sealed = opened.headers["mcp-session-id"]
        assert re.fullmatch(rf"[!-~]{{1,{MAX_ID}}}", sealed) and opened.json()["result"]["serverInfo"]
        for base in (b, a, b):
            told = {"mcp_session_id": sealed, "mcp_protocol_version": revision}
            noted = {"jsonrpc": "2.0", "method": "notifications/initialized"}
            assert (await post(base, noted, **told)).status_code == 202
            answer = await post(base, calling(), **told)
            assert answer.json()["result"]["content"][0]["text"] == "{'a': 1}"
            assert "mcp-session-id" not in answer.headers


@pytest.mark.parametrize("sealed", ["other", "old", "early", "0" * 32, "", "a" * 3_000, "\xff.\xe9", "a.b"])
async def test_an_id_that_is_none_of_here_is_404_and_clients_begin_anew(sealed: str) -> None:
    now = time.time()
    made = {
        "other": Seal(SecretKeys()).seal(Told("claude", "1.0", now)),
        "old": Seal(SecretKeys([KEY])).seal(Told("claude", "1.0", now - LIFETIME_SECONDS - 9)),
        "early": Seal(SecretKeys([KEY])).seal(Told("claude", "1.0", now + 3600)),
    }
    async with pod(KEY) as (fixture, base):
        for message in (calling(), initialize(), {"jsonrpc": "2.0", "method": "notifications/initialized"}):
            answer = await post(base, message, mcp_session_id=made.get(sealed, sealed))
            assert answer.status_code == 404
            assert answer.json()["error"]["data"]["code"] == "not_found"
        assert (await post(base, initialize())).headers["mcp-session-id"]
        assert fixture.endpoints.active == 0


async def test_through_a_rotation_both_keys_are_good() -> None:
    new = b"n" * 43
    async with AsyncExitStack() as stack:
        pods = [
            await stack.enter_async_context(pod(*keys)) for keys in ((KEY,), (KEY, new), (new, KEY), (new,))
        ]
        before, *both, after = [base for _, base in pods]
        sealed = {base: (await post(base, initialize())).headers["mcp-session-id"] for _, base in pods}
        for one in both:
            for given in sealed.values():
                assert (await post(one, calling(), mcp_session_id=given)).status_code == 200
        assert (await post(before, calling(), mcp_session_id=sealed[after])).status_code == 404
        assert (await post(after, calling(), mcp_session_id=sealed[before])).status_code == 404


async def test_since_2026_a_session_id_is_passed_over() -> None:
    meta = {PROTOCOL_VERSION_META_KEY: MODERN, CLIENT_CAPABILITIES_META_KEY: {}}
    told = {"mcp_protocol_version": MODERN, "mcp_method": "tools/call", "mcp_name": "echo"}
    async with pod(KEY) as (_, base):
        answer = await post(base, calling(**meta), mcp_session_id="0" * 32, **told)
        assert answer.status_code == 200 and "mcp-session-id" not in answer.headers


@pytest.mark.parametrize(
    "message",
    [
        initialize(name=None),
        initialize(name={}, version=[]),
        initialize(name="\ud800" * 50, version=7),
        {**initialize(), "params": {}},
        {**initialize(), "params": []},
        {**initialize(), "id": None},
        {"method": "initialize"},
    ],
    ids=str,
)
async def test_whoever_initializes_wrongly_is_refused_and_opens_nothing(
    message: Any, caplog: pytest.LogCaptureFixture
) -> None:
    async with pod(KEY) as (_, base):
        answer = await post(base, message)
        assert answer.status_code in (200, 202, 400) and ("error" in answer.text or not answer.content)
        assert (await post(base, initialize(name="\U0001f5fa" * 500))).headers["mcp-session-id"]
    assert [record for record in caplog.records if record.exc_info] == []


async def test_a_session_costs_nothing_between_its_calls() -> None:
    async with pod(KEY) as (fixture, base):
        await post(base, initialize())
        before = trio.lowlevel.current_statistics().tasks_living
        for _ in range(20):
            await post(base, initialize())
        spare = 2  # the bare client's connection is kept a moment
        await eventually(lambda: trio.lowlevel.current_statistics().tasks_living <= before + spare)
        manager = fixture.endpoints._http._manager
        assert fixture.endpoints.active == 0 and not manager._server_instances


async def test_the_sdks_client_goes_on_though_there_is_no_stream_and_no_end() -> None:
    seen: list[tuple[str, int]] = []

    async def note(answer: httpx2.Response) -> None:  # noqa: ASYNC124
        seen.append((answer.request.method, answer.status_code))

    async with pod(KEY) as (_, base):
        async with connected(base, "http-2025", hooks={"response": [note]}) as client:
            for _ in range(3):
                assert (await client.call_tool("echo", {})).content[0].text == "{}"
            await eventually(lambda: ("GET", 405) in seen)
            assert (await client.call_tool("echo", {})).content[0].text == "{}"
    assert ("DELETE", 405) in seen and {status for verb, status in seen if verb == "POST"} <= {200, 202}


def asking(method: str, params: Any = None, id: Any = 7) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": id, "method": method} | ({} if params is None else {"params": params})


@pytest.mark.parametrize("accept", [None, "application/json", "*/*", "application/*", "text/html"])
@pytest.mark.parametrize("revision", [None, *REVISIONS, "2024-11-05", "1999-01-01"])
async def test_what_is_served_straight_is_answered_as_the_sdk_itself_answers_it(
    monkeypatch: pytest.MonkeyPatch, revision: str | None, accept: str | None
) -> None:
    told = {"mcp_protocol_version": revision} if revision else {}
    told |= {"accept": accept} if accept else {}
    messages: list[Any] = [
        calling(),
        calling("none such"),
        asking("tools/list", id="seven"),
        asking("ping"),
        asking("tools/call", {"name": 7}),
        asking("tools/call", []),
        asking("resources/list"),
        asking("no/such"),
        asking("tools/call", id=None),
        asking("tools/call", id={}),
        {"jsonrpc": "1.0", "id": 1, "method": "ping"},
        {"jsonrpc": "2.0", "id": 1, "result": {}},
        {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 7}},
        [],
        [calling()],
        7,
    ]
    async with pod(KEY) as (_, base):
        straight = [await post(base, message, **told) for message in messages]
        monkeypatch.setattr(mcp_http, "request_of", lambda scope, body: None)
        by_manager = [await post(base, message, **told) for message in messages]
    for message, one, other in zip(messages, straight, by_manager, strict=True):
        assert (one.status_code, read(one)) == (other.status_code, read(other)), message


def read(answer: httpx2.Response) -> Any:
    """Return what an answer says; how a refusal is worded is the SDK's."""
    said = answer.json() if answer.content else None
    if isinstance(said, dict) and "error" in said and said["id"] is None:
        return said["error"]["code"]
    return said


async def test_a_fault_of_a_server_is_told_to_its_log_alone(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(self: Any, ctx: Any, params: Any) -> None:
        await trio.lowlevel.checkpoint()
        raise RuntimeError("what nobody should read")

    monkeypatch.setattr(Fixture, "call_tool", broken)
    async with pod(KEY) as (_, base):
        answer = await post(base, calling())
    assert answer.status_code == 200 and answer.json()["error"]["code"] == -32603
    assert "nobody" not in answer.text and "what nobody should read" in caplog.text
