"""What clients meet at the addresses themselves, over real sockets."""

from __future__ import annotations

import json
import logging
from typing import Any

import httpx2
import pytest
import trio
import trio.testing
from mcp_types import CLIENT_CAPABILITIES_META_KEY, PROTOCOL_VERSION_META_KEY

from mapsrv.transports import mcp_http, sse_session
from mapsrv.transports.sse_session_limits import SseLimits
from tests.transports.conftest import Fixture
from tests.transports.kit.serving import (
    CLIENT_LEAKS,
    LEGACY,
    MODERN,
    WAYS,
    connected,
    dial,
    eventually,
    hang_up,
)

pytestmark = CLIENT_LEAKS

JSON = "application/json"
ACCEPT = {"accept": f"{JSON}, text/event-stream"}


def message(method: str, params: dict[str, Any] | None = None, id: Any = 1) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "method": method, "params": params or {}} | ({} if id is None else {"id": id})


INITIALIZE = message(
    "initialize",
    {"protocolVersion": LEGACY, "capabilities": {}, "clientInfo": {"name": "bare", "version": "1"}},
)


async def post(fixture: Fixture, path: str, **kwargs: Any) -> httpx2.Response:
    headers = ACCEPT | kwargs.pop("headers", {})
    async with httpx2.AsyncClient(timeout=10) as client:
        return await client.post(fixture.base + path, headers=headers, **kwargs)


@pytest.mark.parametrize("way", WAYS)
async def test_any_server_is_served_every_way(fixture: Fixture, way: str) -> None:
    async with connected(fixture.base, way) as client:
        assert [tool.name for tool in (await client.list_tools()).tools] == ["echo", "wait"]
        assert (await client.call_tool("echo", {"a": 1})).content[0].text == "{'a': 1}"
    await eventually(lambda: fixture.endpoints.active == 0)


@pytest.mark.parametrize("revision", [LEGACY, MODERN])
async def test_an_answer_is_json_where_the_server_says_nothing_before_it(
    fixture: Fixture, revision: str
) -> None:
    headers = {"mcp-protocol-version": revision}
    params: dict[str, Any] = {"name": "echo", "arguments": {"a": 1}}
    if revision == MODERN:
        headers |= {"mcp-method": "tools/call", "mcp-name": "echo"}
        params["_meta"] = {PROTOCOL_VERSION_META_KEY: MODERN, CLIENT_CAPABILITIES_META_KEY: {}}
    answer = await post(fixture, "/mcp", json=message("tools/call", params), headers=headers)
    json_now = fixture.json_response or revision == MODERN  # streams of the newer one begin when they must
    assert answer.headers["content-type"].startswith(JSON if json_now else "text/event-stream")
    said = answer.json() if json_now else json.loads(answer.text.partition("data: ")[2])
    assert said["result"]["content"] == [{"type": "text", "text": "{'a': 1}"}]
    alone = await post(
        fixture, "/mcp", json=message("tools/call", params), headers={**headers, "accept": JSON}
    )
    assert alone.status_code == (200 if fixture.json_response else 406)


async def test_a_message_that_spells_initialize_otherwise_opens_a_session_too(fixture: Fixture) -> None:
    for said in (json.dumps(INITIALIZE), json.dumps(INITIALIZE).replace("initialize", r"\u0069nitialize")):
        answer = await post(fixture, "/mcp", content=said, headers={"content-type": JSON})
        assert answer.status_code == 200 and answer.headers["mcp-session-id"]


async def test_the_endpoint_event_is_a_relative_path(fixture: Fixture) -> None:
    async with await dial(fixture.base) as stream:
        await stream.send_all(b"GET /sse HTTP/1.1\r\nHost: localhost\r\n\r\n")
        seen = b""
        while b"session_id=" not in seen:
            seen += await stream.receive_some()
    assert b"event: endpoint\nid: " in seen and b"\ndata: /messages?session_id=" in seen
    assert b"x-accel-buffering: no" in seen.lower()


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("POST", "/sse", "GET"),
        ("GET", "/messages", "POST"),
        *((method, "/mcp", "POST") for method in ("GET", "DELETE", "PUT", "OPTIONS")),
    ],
)
async def test_another_method_is_405_without_a_body(
    fixture: Fixture, method: str, path: str, allow: str
) -> None:
    async with httpx2.AsyncClient() as client:
        answer = await client.request(method, fixture.base + path, json=INITIALIZE)
    assert (answer.status_code, answer.headers["allow"], answer.content) == (405, allow, b"")


@pytest.mark.parametrize(("path", "rpc"), [("/mcp", True), ("/messages?session_id=" + "0" * 32, False)])
@pytest.mark.parametrize("headers", [{"host": "evil.example"}, {"origin": "https://evil.example"}])
async def test_another_sites_page_is_refused(fixture: Fixture, path: str, rpc: bool, headers: Any) -> None:
    answer = await post(fixture, path, json=INITIALIZE, headers=headers)
    error = answer.json()["error"]
    assert (answer.status_code, (error["data"] if rpc else error)["code"]) == (403, "forbidden")


async def test_a_large_message_is_413_and_names_the_way_round(fixture: Fixture) -> None:
    big = message("tools/call", {"name": "echo", "arguments": {"a": "x" * 300_000}})
    answer = await post(fixture, "/mcp", json=big)
    assert answer.status_code == 413 and "POST /data" in answer.json()["error"]["message"]
    async with connected(fixture.base, "sse"):
        (stream,) = fixture.endpoints.sse.sessions
        answer = await post(fixture, f"/messages?session_id={stream}", json=big)
    assert answer.status_code == 413 and "POST /data" in answer.json()["error"]["message"]


async def test_a_stale_session_is_404_so_that_clients_begin_anew(fixture: Fixture) -> None:
    stale = {"mcp-session-id": "0" * 32}
    answer = await post(fixture, "/mcp", json=message("tools/list"), headers=stale)
    assert answer.status_code == 404
    answer = await post(fixture, "/messages?session_id=" + "0" * 32, json=message("tools/list"))
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")
    assert (await post(fixture, "/messages", json=message("tools/list"))).status_code == 400


async def test_a_host_that_does_not_echo_its_session_id_is_served(fixture: Fixture) -> None:
    assert (await post(fixture, "/mcp", json=INITIALIZE)).status_code == 200
    initialized = message("notifications/initialized", id=None)
    assert (await post(fixture, "/mcp", json=initialized)).status_code == 202
    answer = await post(fixture, "/mcp", json=message("tools/call", {"name": "echo", "arguments": {}}))
    assert answer.status_code == 200 and '"text":"{}"' in answer.text


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"jsonrpc":"2.0","id":{},"method":1}', b"[" * 5000, b"\xff"])
async def test_what_is_no_message_is_400_and_logs_no_traceback(
    fixture: Fixture, body: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    headers = {"content-type": "application/json"}
    assert (await post(fixture, "/mcp", content=body, headers=headers)).status_code == 400
    async with connected(fixture.base, "sse") as client:
        (stream,) = fixture.endpoints.sse.sessions
        answer = await post(fixture, f"/messages?session_id={stream}", content=body, headers=headers)
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "malformed_json")
        assert (await client.call_tool("echo", {})).content[0].text == "{}"
    assert [record for record in caplog.records if record.exc_info] == []


async def test_streams_are_bounded(fixture: Fixture) -> None:
    fixture.endpoints.sse.places.limits = SseLimits(sessions=1)
    async with connected(fixture.base, "sse"), httpx2.AsyncClient() as http:
        answer = await http.get(fixture.base + "/sse")
        assert (answer.status_code, answer.json()["error"]["code"]) == (503, "busy")
        assert answer.headers["retry-after"]


async def test_calls_that_wait_are_bounded(fixture: Fixture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mcp_http, "MAX_CALLS", 0)
    monkeypatch.setattr(sse_session, "MAX_WAITING", 1)
    assert (await post(fixture, "/mcp", json=INITIALIZE)).status_code == 429
    async with connected(fixture.base, "sse") as client, trio.open_nursery() as nursery:
        (stream,) = fixture.endpoints.sse.sessions
        nursery.start_soon(client.call_tool, "wait", {})
        await eventually(lambda: fixture.waiting)
        answer = await post(fixture, f"/messages?session_id={stream}", json=message("tools/list"))
        assert answer.status_code == 429
        fixture.go.set()


async def test_a_cancelled_call_waits_for_no_answer(fixture: Fixture) -> None:
    async with connected(fixture.base, "sse") as client:
        with trio.move_on_after(10) as scope:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(client.call_tool, "wait", {})
                await eventually(lambda: fixture.waiting)
                nursery.cancel_scope.cancel()
        assert not scope.cancelled_caught
        await eventually(lambda: not fixture.waiting and not fixture.endpoints.sse.waiting)


@pytest.mark.parametrize("way", WAYS)
async def test_draining_answers_what_waits_and_then_refuses(fixture: Fixture, way: str) -> None:
    async with connected(fixture.base, way) as client, trio.open_nursery() as nursery:
        answers: list[Any] = []
        await client.list_tools()  # else the client asks for them after the answer

        async def call() -> None:
            answers.append(await client.call_tool("wait", {}))

        nursery.start_soon(call)
        await eventually(lambda: fixture.waiting)
        nursery.start_soon(fixture.endpoints.drain)
        await eventually(lambda: fixture.endpoints._draining)
        refused = await post(fixture, "/mcp", json=INITIALIZE)
        assert (refused.status_code, refused.json()["error"]["data"]["code"]) == (503, "draining")
        fixture.go.set()
        await eventually(lambda: answers)
    await eventually(lambda: fixture.endpoints.active == 0)


async def test_draining_ends_streams_cleanly_and_in_bounded_time(fixture: Fixture) -> None:
    async with httpx2.AsyncClient(timeout=10) as http, http.stream("GET", fixture.base + "/sse") as answer:
        stream = answer.aiter_bytes()
        assert await anext(stream)
        with trio.fail_after(5):
            await fixture.endpoints.drain()
            assert b"".join([part async for part in stream]) == b""  # an end, no protocol error


async def test_draining_over_a_window_ends_streams_one_by_one_and_serves_the_others_meanwhile(
    fixture: Fixture,
) -> None:
    ended: list[float] = []

    async def watch() -> None:
        async with http.stream("GET", fixture.base + "/sse") as answer:
            async for _part in answer.aiter_bytes():
                pass
        ended.append(trio.current_time() - began)

    limits = httpx2.Limits(max_connections=20)
    async with httpx2.AsyncClient(timeout=20, limits=limits) as http, connected(
        fixture.base, "http"
    ) as client:
        async with trio.open_nursery() as nursery:
            for _ in range(5):
                nursery.start_soon(watch)
            await eventually(lambda: fixture.endpoints.sse.active == 5)
            began = trio.current_time()
            nursery.start_soon(fixture.endpoints.drain, 1.0)
            await eventually(lambda: len(ended) == 2)
            refused = await http.get(fixture.base + "/sse")
            assert (refused.status_code, refused.json()["error"]["code"]) == (503, "draining")
            assert (await client.call_tool("echo", {})).content[0].text == "{}"
        await eventually(lambda: fixture.endpoints.active == 0)
    assert len(ended) == 5 and max(ended) - min(ended) > 0.5
    late = await post(fixture, "/mcp", json=INITIALIZE)
    assert (late.status_code, late.json()["error"]["data"]["code"]) == (503, "draining")


async def test_a_stream_whose_turn_it_is_to_end_gets_its_answers_first(fixture: Fixture) -> None:
    async with connected(fixture.base, "sse") as client, trio.open_nursery() as nursery:
        answers: list[Any] = []
        await client.list_tools()

        async def call() -> None:
            answers.append(await client.call_tool("wait", {}))

        nursery.start_soon(call)
        await eventually(lambda: fixture.waiting)
        nursery.start_soon(fixture.endpoints.drain, 0.2)
        await eventually(lambda: fixture.endpoints._closed)
        assert fixture.endpoints.sse.active == 1
        fixture.go.set()
        await eventually(lambda: answers)
    await eventually(lambda: fixture.endpoints.active == 0)


async def test_clients_that_leave_at_any_moment_leave_nothing_behind(
    fixture: Fixture, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    fixture.endpoints.sse.places.limits = SseLimits(resume=0)  # who lost a stream is not waited for
    before = trio.lowlevel.current_statistics().tasks_living
    async with trio.open_nursery() as nursery:
        for number in range(60):
            nursery.start_soon(_leave, fixture, number)
    await post(fixture, "/mcp", json=message("ping"))  # accepted after all of theirs
    spare = 2  # the bare client's connection is kept a moment

    def settled() -> bool:
        fixture.endpoints.sse.places.sweep()
        living = trio.lowlevel.current_statistics().tasks_living
        return fixture.endpoints.active == 0 and living <= before + spare

    await eventually(settled)
    assert [record.getMessage() for record in caplog.records if record.exc_info] == []


async def _leave(fixture: Fixture, number: int) -> None:
    """Begin something, and hang up after so many bytes or so much of the answer."""
    wait = message("tools/call", {"name": "wait", "arguments": {}})
    bodies = [json.dumps(what).encode() for what in (INITIALIZE, wait)]
    requests = [b"GET /sse HTTP/1.1\r\nHost: localhost\r\n\r\n"]
    for body in bodies:
        head = "POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        head += f"Accept: {ACCEPT['accept']}\r\nContent-Length: {len(body)}\r\n\r\n"
        requests.append(head.encode() + body)
    request = requests[number % 3]
    stream = await dial(fixture.base)
    if number % 4 == 0:
        await stream.send_all(request[: -(number % 7) or None])
    else:
        await stream.send_all(request)
        with trio.move_on_after(0.001 * (number % 5)):
            await stream.receive_some(number + 1)
    hang_up(stream)


def wait_request(*, of: str = "wait", headers: dict[str, str] | None = None) -> bytes:
    params: dict[str, Any] = {"name": of, "arguments": {}}
    if headers and headers.get("mcp-protocol-version") == MODERN:
        params["_meta"] = {PROTOCOL_VERSION_META_KEY: MODERN, CLIENT_CAPABILITIES_META_KEY: {}}
    body = json.dumps(message("tools/call", params)).encode()
    head = "POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    head += "".join(f"{name}: {value}\r\n" for name, value in (headers or {}).items())
    return f"{head}Accept: {ACCEPT['accept']}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


@pytest.mark.parametrize("revision", [None, LEGACY, MODERN])
async def test_a_slow_call_ends_when_its_client_leaves(fixture: Fixture, revision: str | None) -> None:
    headers = {"mcp-protocol-version": revision} if revision else {}
    if revision == LEGACY:
        headers["mcp-session-id"] = (await post(fixture, "/mcp", json=INITIALIZE)).headers["mcp-session-id"]
    elif revision == MODERN:
        headers |= {"mcp-method": "tools/call", "mcp-name": "wait"}
    stream = await dial(fixture.base)
    await stream.send_all(wait_request(headers=headers))
    await eventually(lambda: fixture.waiting)
    async with trio.open_nursery() as nursery:
        for _ in range(2):
            fixture.endpoints._http.sweep(nursery)
        hang_up(stream)
        await eventually(lambda: not fixture.waiting)
    await eventually(lambda: fixture.endpoints.active == 0)


async def test_a_slow_call_is_answered_and_its_connection_serves_the_next(fixture: Fixture) -> None:
    async with await dial(fixture.base) as stream, trio.open_nursery() as nursery:
        await stream.send_all(wait_request())
        await eventually(lambda: fixture.waiting)
        for _ in range(2):
            fixture.endpoints._http.sweep(nursery)
        fixture.go.set()
        for _ in range(2):
            said = b""
            while b'"text":"{}"' not in said:
                said += await stream.receive_some()
            await eventually(lambda: fixture.endpoints.active == 0)
            await stream.send_all(wait_request(of="echo"))


async def test_a_slow_body_is_read_by_nobody_else(fixture: Fixture) -> None:
    request = wait_request(of="echo")
    async with await dial(fixture.base) as stream, trio.open_nursery() as nursery:
        await stream.send_all(request[:-10])
        await eventually(lambda: fixture.endpoints.active)
        for _ in range(2):
            fixture.endpoints._http.sweep(nursery)
        await trio.testing.wait_all_tasks_blocked()
        await stream.send_all(request[-10:])
        said = b""
        while b'"text":"{}"' not in said:
            said += await stream.receive_some()


async def test_no_exception_reaches_the_server(
    fixture: Fixture, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*args: Any) -> None:
        raise RuntimeError("a fault")

    monkeypatch.setattr(fixture.endpoints._http, "serve", broken)
    assert (await post(fixture, "/mcp?session=capability", json=INITIALIZE)).status_code == 500
    assert "POST /mcp failed" in caplog.text and "capability" not in caplog.text


async def test_a_stream_whose_client_left_for_good_is_forgotten_with_its_calls(fixture: Fixture) -> None:
    fixture.endpoints.sse.places.limits = SseLimits(resume=0)
    stream = await dial(fixture.base)
    await stream.send_all(b"GET /sse HTTP/1.1\r\nHost: localhost\r\n\r\n")
    await eventually(lambda: fixture.endpoints.sse.sessions)
    (opened,) = fixture.endpoints.sse.sessions
    await post(fixture, f"/messages?session_id={opened}", json=INITIALIZE)
    await post(fixture, f"/messages?session_id={opened}", json=message("notifications/initialized", id=None))
    await post(fixture, f"/messages?session_id={opened}", json=message("tools/call", {"name": "wait"}, id=2))
    await eventually(lambda: fixture.waiting)
    hang_up(stream)
    await eventually(lambda: not fixture.endpoints.active)
    assert fixture.waiting, "it may come back"
    fixture.endpoints.sse.places.sweep()
    await eventually(lambda: not fixture.waiting and not fixture.endpoints.sse.sessions)
