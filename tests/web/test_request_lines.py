"""The lines of requests, of a real server in this process: whose they are, and what has no such keys."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import AsyncExitStack
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import httpx2
import pytest
import trio

from mapsrv.logs import CURRENT
from mapsrv.metrics.maps import REGISTRY
from mapsrv.metrics.registry import exposition
from tests.kit.log_lines import ANSWER_KEYS, REQUEST_KEYS, log_lines
from tests.web.kit.real import read_all, read_until, running

HERE = (ip_network("127.0.0.0/8"),)
COMMAND = b'{"command":"open_map","arguments":{"title":"T"}}'


def head(method: str, target: str, *lines: str, body: bytes = b"") -> bytes:
    length = [f"Content-Length: {len(body)}", "Content-Type: application/json"] if body else []
    said = (f"{method} {target} HTTP/1.1", "Host: localhost", *length, *lines, "", "")
    return "\r\n".join(said).encode() + body


def header_of(answer: bytes, name: bytes) -> list[bytes]:
    lines = answer.partition(b"\r\n\r\n")[0].split(b"\r\n")
    return [line.partition(b": ")[2] for line in lines if line.startswith(name + b": ")]


async def ask(stream: trio.SocketStream, request: bytes) -> bytes:
    """Ask on a connection that stays open, and return an answer with a body of JSON."""
    await stream.send_all(request)
    return await read_until(stream, b"}")


async def until(lines: list[Any], count: int) -> None:
    """Wait for so many lines: an answer may be read before its line is written."""
    with trio.fail_after(10):
        while len(lines) < count:  # noqa: ASYNC110 (a log has no event)
            await trio.sleep(0.01)


async def test_two_callers_on_one_connection_have_lines_of_their_own(tmp_path: Path) -> None:
    callers = {"192.0.2.1": "one-1", "198.51.100.2": "two-2"}
    async with running(tmp_path, trusted_proxies=HERE) as real:
        maps = {caller: await real.new_map() for caller in callers}
        with log_lines() as lines:
            stream = await real.connect()
            for caller, name in [*callers.items(), *callers.items()]:
                target = f"/commands?session={maps[caller]}"
                told = [f"X-Forwarded-For: {caller}", f"X-Request-ID: {name}"]
                answer = await ask(stream, head("POST", target, *told, body=COMMAND))
                assert header_of(answer, b"x-request-id") == [name.encode()]
            answer = await ask(stream, head("GET", "/sessions"))  # of the proxy itself, and wrong
            await until(lines, 5)
            await stream.aclose()
    told = [(line["client_ip"], line["request_id"], line["status"]) for line in lines]
    assert told[:4] == [(caller, name, 200) for caller, name in [*callers.items(), *callers.items()]]
    one, two, again_one, again_two, last = lines
    assert one["session"] == again_one["session"] != two["session"] == again_two["session"]
    assert last["client_ip"] == "127.0.0.1" and "session" not in last and last["status"] == 405
    assert last["request_id"].encode() == header_of(answer, b"x-request-id")[0] not in (b"one-1", b"two-2")


async def test_what_a_stranger_calls_its_requests_is_not_read(tmp_path: Path) -> None:
    told = ["X-Request-ID: mine", "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"]
    async with running(tmp_path) as real:
        with log_lines() as lines:
            stream = await real.connect()
            answer = await ask(stream, head("POST", "/sessions", *told, body=b"{}"))
            await until(lines, 1)
            await stream.aclose()
        assert len(lines[0]["request_id"]) == 16
        assert [lines[0]["request_id"].encode()] == header_of(answer, b"x-request-id")


async def test_each_request_has_one_line_with_its_pattern_and_probes_have_none(tmp_path: Path) -> None:
    async with running(tmp_path) as real:
        session_id = await real.new_map()
        with log_lines() as lines:
            async with httpx2.AsyncClient(base_url=real.url, params={"session": session_id}) as client:
                for path in ("/health", "/ready", "/metrics", "/local"):
                    await client.get(path)
                for path in ("/state", "/", "/data/none", "/assets/none.js", "/nothing/at/all", "/mcp"):
                    await client.get(path)
                await client.post("/commands", content=COMMAND)
            await until(lines, 7)
        assert [(line["route"], line["transport"], line["status"]) for line in lines] == [
            ("/state", "commands", 200),
            ("/", "page", 200),
            ("/data/<name>", "data", 404),
            ("/assets/<name>", "page", 404),
            ("other", "other", 404),
            ("/mcp", "mcp", 405),
            ("/commands", "commands", 415),
        ]
        for line in lines:
            assert line.keys() >= REQUEST_KEYS | ANSWER_KEYS and line["event"] == "request"
            assert line["duration_ms"] >= 0 and session_id not in json.dumps(line)


async def test_a_stream_has_a_line_when_it_begins_and_one_when_it_ends(tmp_path: Path) -> None:
    async with running(tmp_path) as real:
        session_id = await real.new_map()
        with log_lines() as lines:
            stream = await real.connect()
            await stream.send_all(head("GET", f"/events?session={session_id}"))
            begun = await read_until(stream, b"snapshot")
            [line] = lines
            assert (line["event"], line["transport"], line["route"]) == ("stream=begun", "events", "/events")
            assert line.keys() >= REQUEST_KEYS and not ANSWER_KEYS & line.keys()
            assert header_of(begun, b"x-request-id") == [line["request_id"].encode()]
            await stream.aclose()
            await until(lines, 2)
            ended = lines[1]
            assert ended["event"] == "stream=ended" and ended["status"] == 200
            assert {key: ended[key] for key in REQUEST_KEYS | {"session"}} == {
                key: line[key] for key in REQUEST_KEYS | {"session"}
            }


async def test_an_mcp_session_has_a_line_when_it_begins_and_one_when_it_ends(tmp_path: Path) -> None:
    async with running(tmp_path, mcp_resume=0.04) as real:
        with log_lines() as lines:
            stream = await real.connect()
            await stream.send_all(head("GET", "/sse"))
            address = await read_until(stream, b"session_id=")
            await stream.aclose()
            await until(lines, 4)
        events = [line["event"] for line in lines]
        assert sorted(events[:2]) == ["mcp=begun", "stream=begun"]
        assert events[2:] == ["stream=ended", "mcp=ended"], "it waits for its client for a while"
        assert len({line["request_id"] for line in lines}) == 1 and address
        assert {line["transport"] for line in lines} == {"sse"}


async def test_what_cannot_be_read_is_counted_and_has_a_line_that_says_nothing_of_it(tmp_path: Path) -> None:
    long = b"GET /secret-path HTTP/1.1\r\nHost: localhost\r\nX: " + b"x" * 20_000
    coded = head("POST", "/commands?session=secret", "Transfer-Encoding: gzip")
    requests = {400: head("GET", "/secret-path?q=secret").replace(b"Host", b"X"), 431: long, 501: coded}
    names = {status: f'mapsrv_errors_total{{code="http_{status}",transport="other"}}' for status in requests}
    took = "mapsrv_request_duration_seconds_count"
    names |= {
        1000 + status: f'{took}{{route="other",status="{status}",transport="other"}}' for status in requests
    }

    def counted() -> dict[int, float]:
        text = exposition(REGISTRY)[0].decode()
        series = dict(line.rpartition(" ")[::2] for line in text.splitlines() if line.startswith("mapsrv_"))
        return {key: float(series.get(name, 0)) for key, name in names.items()}

    async with running(tmp_path) as real:
        before = counted()
        with log_lines() as lines:
            for status, request in requests.items():
                stream = await real.connect()
                await stream.send_all(request)
                assert (await read_until(stream, b"\r\n\r\n")).startswith(b"HTTP/1.1 %d" % status)
                await stream.aclose()
        assert [(line["event"], line["status"], line["client_ip"]) for line in lines] == [
            ("request=refused", status, "127.0.0.1") for status in requests
        ]
        assert "secret" not in json.dumps(lines)
        assert counted() == {key: value + 1 for key, value in before.items()}


async def test_a_message_has_the_map_that_its_call_is_about_by_whatever_way_it_came(tmp_path: Path) -> None:
    def call(**arguments: str) -> bytes:
        params = {"name": "list_layers", "arguments": arguments}
        return json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}).encode()

    async with running(tmp_path) as real:
        one, other = await real.new_map(), await real.new_map()
        link = f"{real.url}/?session={one}"
        bodies = [call(session_id=one), call(session_id=other), call(map=link), call(), call(session_id="?")]
        with log_lines() as lines:
            stream = await real.connect()
            await stream.send_all(head("GET", f"/sse?session={other}"))
            opened = await read_until(stream, b"session_id=")
            while b"\n\n" not in opened.partition(b"data: ")[2]:
                opened += await stream.receive_some()
            address = opened.partition(b"data: ")[2].partition(b"\n")[0].decode()
            posting = await real.connect()
            for body in bodies:
                await posting.send_all(head("POST", address, body=body))
                await read_until(posting, b"Accepted")
            accept = "Accept: application/json, text/event-stream"
            for session_id in (one, other):
                await posting.send_all(head("POST", "/mcp", accept, body=call(session_id=session_id)))
                await read_until(posting, b'"result"')
            await stream.aclose()
            await posting.aclose()
        said = [(line["route"], line.get("session")) for line in lines if line["event"] == "request"]
        by_mcp = [session for route, session in said if route == "/mcp"]
        assert len(set(by_mcp)) == 2 and None not in by_mcp
        told = [session for route, session in said if route == "/messages"]
        assert told == [by_mcp[n] for n in (0, 1, 0, 1, 1)]
        assert one not in json.dumps(lines) and other not in json.dumps(lines)


def tasks(task: Any, apart: tuple[str, ...] = ()) -> Iterator[Any]:
    """Yield all tasks beneath one, but those of such names and what they have started."""
    for nursery in task.child_nurseries:
        for child in nursery.child_tasks:
            if not child.name.endswith(apart):
                yield child
                yield from tasks(child, apart)


async def test_broadcast_committer_and_all_else_that_outlives_a_request_has_none_of_its_keys(
    tmp_path: Path,
) -> None:
    root = trio.lowlevel.current_root_task()

    def bound(*apart: str) -> list[str]:
        return [task.name for task in tasks(root, apart) if task.context.get(CURRENT) is not None]

    async with running(tmp_path) as real, AsyncExitStack() as stack:
        session_id = await real.new_map()
        events, sse, asks = [await stack.enter_async_context(await real.connect()) for _ in range(3)]
        await events.send_all(head("GET", f"/events?session={session_id}"))
        await read_until(events, b"snapshot")
        await sse.send_all(head("GET", "/sse"))
        await read_until(sse, b"session_id=")
        assert b" 200 " in await ask(asks, head("POST", f"/commands?session={session_id}", body=COMMAND))
        names = [task.name for task in tasks(root)]
        for name in ("Committer.run", "Broadcast.run", "PresenceTicker.run", "SsePlaces.run"):
            assert any(found.endswith(name) for found in names), name
        assert len(bound()) >= 3, "the streams, and the MCP session"
        assert bound("connection", "SseEndpoints._run") == []


async def test_a_request_whose_code_fails_is_told_as_500_beside_its_traceback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object, **__: object) -> None:  # noqa: ASYNC124
        raise ZeroDivisionError("a bug")

    async with running(tmp_path) as real:
        session_id = await real.new_map()
        monkeypatch.setattr("mapsrv.hub.hub.Hub.execute", fail)
        with log_lines(logging.WARNING) as lines:
            stream = await real.connect()
            await ask(stream, head("POST", f"/commands?session={session_id}", body=COMMAND))
            await until(lines, 2)
            await stream.aclose()
        bug, line = lines
        assert bug["event"] == "POST /commands failed" and "ZeroDivisionError" in bug["exception"]
        assert bug["request_id"] == line["request_id"] and (line["status"], line["level"]) == (500, "warning")


async def test_who_left_before_the_answer_is_told_as_499(tmp_path: Path) -> None:
    async with running(tmp_path) as real:
        session_id = await real.new_map()
        with log_lines() as lines:
            stream = await real.connect()
            whole = head("POST", f"/commands?session={session_id}", body=COMMAND)
            await stream.send_all(whole[:-5])
            await stream.send_eof()
            await read_all(stream)
            await until(lines, 1)
        assert [(line["event"], line["status"]) for line in lines] == [("request", 499)]
