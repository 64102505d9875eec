"""Streamable HTTP: who may ask what, and how it is answered."""

from __future__ import annotations

import pytest
import trio

from mapsrv.asgi.event_stream import PING_SECONDS
from mapsrv.bridge.http.posted import JSON_SECONDS
from mapsrv.bridge.revisions.vocabulary import LEGACY
from tests.bridge.http.kit.served import JSON, Front, call, slow

NEW, OLD = "2025-11-25", "2025-06-18"
STREAM = {"accept": "text/event-stream"}
REPLY = {"jsonrpc": "2.0", "id": "q", "result": {}}


async def test_a_call_is_answered_as_json_when_its_answer_is_all_there_is():
    front = Front()
    headers = await front.initialize()
    answer = await front.ask("POST", "/mcp", headers, call("tools/list", 7, a=1))
    assert (answer.status, answer.headers["content-type"]) == (200, "application/json")
    assert answer.json == {"jsonrpc": "2.0", "id": 7, "result": {"params": {"a": 1}}}
    assert answer.headers["mcp-session-id"] == headers["mcp-session-id"]


async def test_a_call_is_answered_by_a_stream_when_there_is_more_on_the_way():
    front = Front()
    headers = await front.initialize()
    async with front.open("POST", "/mcp", headers, slow(7)) as answer:
        assert answer.headers["content-type"] == "text/event-stream" and not answer.over.is_set()
        front.a.says(front.a.only, id=front.a.heard[-1]["id"], result={"done": True})
        await answer.over.wait()
    progress, result = answer.said
    assert progress["params"]["progressToken"] == "t"
    assert result == {"jsonrpc": "2.0", "id": 7, "result": {"done": True}}


async def test_a_call_that_takes_long_gets_a_stream_and_pings(autojump_clock):
    front = Front()
    headers = await front.initialize()
    async with front.open("POST", "/mcp", headers, call("mute")) as answer:
        await trio.sleep(JSON_SECONDS / 2)
        assert answer.status == 0
        await trio.sleep(JSON_SECONDS + 3 * PING_SECONDS)
        assert answer.status == 200 and answer.body.count(b":\n\n") == 3


@pytest.mark.parametrize(("version", "primed"), [(NEW, True), (OLD, False), (None, False)])
async def test_who_knows_events_without_data_is_told_at_once_by_which_id_to_come_back(version, primed):
    front = Front()
    headers = await front.initialize(version)
    for exchange in (front.open("POST", "/mcp", headers, slow()), front.open("GET", "/mcp", headers)):
        async with exchange as answer:
            first = answer.body.split(b"\n\n")[0]
            assert (
                first.startswith(b"id: ") and b"\nretry: 1000\ndata: " in first
                if primed
                else first == b": open"
            )


@pytest.mark.parametrize("message", [REPLY, {"jsonrpc": "2.0", "method": "notifications/initialized"}])
async def test_what_needs_no_answer_gets_202(message):
    front = Front()
    answer = await front.ask("POST", "/mcp", await front.initialize(), message)
    assert (answer.status, answer.body) == (202, b"")


@pytest.mark.parametrize(
    ("method", "headers", "body", "status", "words"),
    [
        ("POST", {"content-type": "text/plain"}, call("a"), 415, "application/json"),
        ("POST", {"content-type": ""}, call("a"), 415, "application/json"),
        ("POST", {"accept": "application/json"}, call("a"), 406, "text/event-stream"),
        ("POST", {"accept": "text/html"}, call("a"), 406, "application/json"),
        ("GET", {"accept": "application/json"}, b"", 406, "text/event-stream"),
        ("POST", {"mcp-protocol-version": "1999-01-01"}, call("a"), 400, LEGACY[-1]),
        ("GET", {"mcp-protocol-version": "x" * 5000}, b"", 400, LEGACY[0]),
        ("POST", {"mcp-session-id": "f" * 32}, call("a"), 404, "Initialize again"),
        ("GET", {"mcp-session-id": "f" * 32}, b"", 404, "Initialize again"),
        ("DELETE", {"mcp-session-id": "f" * 32}, b"", 404, "Initialize again"),
        ("GET", {"last-event-id": "0.5"}, b"", 400, "not kept"),
        ("GET", {"last-event-id": "nonsense"}, b"", 400, "not kept"),
        ("POST", {}, [call("a")], 400, "No batches"),
        ("POST", {}, b"{", 400, "Not JSON"),
        ("POST", {}, {"jsonrpc": "2.0", "method": "initialize", "id": None}, 400, "Neither"),
    ],
)
async def test_what_cannot_be_served_is_refused_in_words(method, headers, body, status, words):
    front = Front()
    answer = await front.ask(method, "/mcp", {**await front.initialize(), **headers}, body)
    assert answer.status == status and words in answer.json["error"]["message"]
    assert answer.json["id"] is None and len(answer.body) < 500


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
async def test_without_a_session_id_it_says_which_to_send(method):
    front = Front()
    answer = await front.ask(method, "/mcp", JSON, call("a") if method == "POST" else b"")
    assert answer.status == 400 and "Mcp-Session-Id" in answer.json["error"]["message"]


@pytest.mark.parametrize(
    "accept", ["*/*", "application/*, text/*;q=0.5", "text/event-stream,APPLICATION/JSON"]
)
async def test_accept_may_be_wide_or_missing(accept):
    front = Front()
    headers = await front.initialize()
    assert (await front.ask("POST", "/mcp", {**headers, "accept": accept}, call("a"))).status == 200
    del headers["accept"]
    assert (await front.ask("POST", "/mcp", headers, call("a"))).status == 200


async def test_a_session_is_of_one_server_alone():
    front = Front()
    answer = await front.ask("POST", "/servers/b/mcp", await front.initialize(), call("a"))
    assert answer.status == 404 and not front.b.heard


async def test_delete_ends_a_session_and_its_streams():
    front = Front()
    headers = await front.initialize()
    async with front.open("GET", "/mcp", headers) as stream:
        assert (await front.ask("DELETE", "/mcp", headers)).status == 200
        await stream.over.wait()
    assert (await front.ask("POST", "/mcp", headers, call("a"))).status == 404


@pytest.mark.parametrize(("method", "status"), [("OPTIONS", 204), ("HEAD", 405), ("PUT", 405)])
async def test_other_methods_are_told_which_there_are(method, status):
    answer = await Front().ask(method, "/mcp")
    assert (answer.status, answer.headers["allow"], answer.body) == (status, "GET, POST, DELETE", b"")


async def test_a_body_over_the_limit_is_refused_with_a_way_round():
    front = Front()
    answer = await front.ask("POST", "/mcp", JSON, b" " * (front.a.limits.body + 1))
    assert answer.status == 413 and "4,096 KiB" in answer.json["error"]["message"]
    assert "--max-body" in answer.json["error"]["message"]
