"""HTTP+SSE: one stream a session, an address to post to, and a way back for who lost the stream."""

from __future__ import annotations

from typing import Any

import pytest
import trio
import trio.testing

from mapsrv.asgi.event_stream import PING_SECONDS
from tests.bridge.http.kit.served import JSON, Exchange, Front, call, slow

NOTE = "notifications/tools/list_changed"


def address(stream: Exchange) -> str:
    return stream.events[0].data.decode()


async def said(front: Front, stream: Exchange, **message: Any) -> None:
    front.a.says(front.a.only, **message)
    await trio.testing.wait_all_tasks_blocked()


async def test_what_is_posted_gets_202_at_once_and_the_answer_comes_on_the_stream():
    front = Front()
    async with front.open("GET", "/sse") as stream:
        assert stream.headers["content-type"] == "text/event-stream"
        posted = await front.ask("POST", address(stream), JSON, call("tools/list", 7))
        assert (posted.status, posted.body) == (202, b"Accepted")
        await trio.testing.wait_all_tasks_blocked()
        assert [said["id"] for said in stream.said] == [7]


@pytest.mark.parametrize(
    ("headers", "root", "path"),
    [
        ({}, "", "/servers/a/messages"),
        ({}, "/tools", "/tools/servers/a/messages"),
        ({"x-forwarded-prefix": "/tools/v1/"}, "", "/tools/v1/servers/a/messages"),
        ({"x-forwarded-prefix": "//evil.example/x"}, "", "/servers/a/messages"),
        ({"x-forwarded-prefix": "/a\r\nb"}, "", "/servers/a/messages"),
        ({"x-forwarded-prefix": "/servers"}, "", "/servers/a/messages"),
    ],
)
async def test_the_address_to_post_to_is_a_path_as_the_client_sees_it(headers, root, path):
    front = Front("10.0.0.0/8")
    async with front.open("GET", "/sse", headers, root_path=root, client=("10.0.0.1", 1)) as stream:
        assert address(stream) == f"{path}?session_id={front.a.only.id}"


@pytest.mark.parametrize("client", [("192.0.2.1", 1), ("127.0.0.1", 1), None])
async def test_a_prefix_is_not_believed_of_anybody(client):
    front = Front("10.0.0.0/8")
    async with front.open("GET", "/sse", {"x-forwarded-prefix": "/tools"}, client=client) as stream:
        assert address(stream).startswith("/servers/a/messages?")


@pytest.mark.parametrize(
    ("trusted", "told", "whom"),
    [
        (["127.0.0.1"], {"x-forwarded-for": "198.51.100.1, 192.0.2.1"}, "192.0.2.1"),
        (["127.0.0.1"], {"x-forwarded-for": "2001:db8::1"}, "2001:db8::/64"),
        (["127.0.0.1"], {}, None),
        ([], {"x-forwarded-for": "192.0.2.1"}, "127.0.0.1"),
        ([], {}, None),
    ],
)
async def test_a_session_counts_for_who_opened_it_as_a_trusted_proxy_tells(trusted, told, whom):
    front = Front(*trusted)
    here = {"client": ("127.0.0.1", 1)}
    async with front.open("GET", "/sse", told, **here):
        await front.ask("POST", "/mcp", {**JSON, **told}, call("initialize"), **here)
        assert [session.client for session in front.a.sessions.values()] == [whom, whom]


async def test_a_silent_stream_pings_every_15_s_for_hours(autojump_clock):
    front = Front()
    async with front.open("GET", "/sse") as stream:
        await trio.sleep(8 * 3600)
        assert stream.body.count(b":\n\n") == pytest.approx(8 * 3600 / PING_SECONDS, abs=1)
        assert not stream.over.is_set()


async def test_who_lost_the_stream_comes_back_to_the_same_session_and_gets_what_was_missed():
    front = Front()
    async with front.open("GET", "/sse") as lost:
        await said(front, lost, method=NOTE, params={"n": 1})
        await said(front, lost, method=NOTE, params={"n": 2})
        lost.leave()
        await lost.over.wait()
    front.a.says(front.a.only, method=NOTE, params={"n": 3})
    async with front.open("GET", "/sse", {"last-event-id": lost.events[1].id}) as back:
        assert address(back) == address(lost) and len(front.a.sessions) == 1
        assert [note["params"]["n"] for note in back.said] == [2, 3]
        assert back.events[0].id == lost.events[1].id, "who loses this one too must not go on too late"
        assert len({event.id for event in back.events}) == 3


async def test_who_lost_the_stream_before_any_message_comes_back_too():
    front = Front()
    async with front.open("GET", "/sse") as lost:
        await front.ask("POST", address(lost), JSON, slow(7))
        lost.leave()
        await lost.over.wait()
    front.a.says(front.a.only, id=front.a.heard[-1]["id"], result={})
    async with front.open("GET", "/sse", {"last-event-id": lost.events[0].id}) as back:
        assert back.said[-1]["id"] == 7 and len(front.a.sessions) == 1


async def test_a_stream_whose_end_nobody_noticed_is_taken_over():
    front = Front()
    async with front.open("GET", "/sse") as dead:
        dead.reading = False  # as when its peer's machine was unplugged: the send waits, and fails late
        await said(front, dead, method=NOTE, params={"n": 1})
        async with front.open("GET", "/sse", {"last-event-id": dead.events[0].id}) as back:
            assert [note["params"]["n"] for note in back.said] == [1]
            dead.read_on()
            await dead.over.wait()
            await said(front, back, method=NOTE, params={"n": 2})
            assert [note["params"]["n"] for note in back.said] == [1, 2]
            assert len(dead.said) <= 1


@pytest.mark.parametrize("last", [f"{'a' * 32}.1", "1", "message-17", "{id}.99"])
async def test_what_cannot_be_resumed_is_404_and_opens_nothing(last):
    front = Front()
    async with front.open("GET", "/sse"):
        answer = await front.ask("GET", "/sse", {"last-event-id": last.format(id=front.a.only.id)})
        assert answer.status == 404 and "Connect anew" in answer.json["error"]["message"]
        assert len(front.a.sessions) == 1


async def test_a_stream_is_of_one_server_alone():
    front = Front()
    async with front.open("GET", "/sse") as stream:
        other = "/servers/b" + address(stream).removeprefix("/servers/a")
        assert (await front.ask("POST", other, JSON, call("a"))).status == 404
        last = {"last-event-id": stream.events[0].id}
        assert (await front.ask("GET", "/servers/b/sse", last)).status == 404


@pytest.mark.parametrize(
    ("query", "headers", "body", "status", "words"),
    [
        ("", {}, call("a"), 400, "session_id is missing"),
        (f"?session_id={'f' * 32}", {}, call("a"), 404, "Initialize again"),
        (None, {"content-type": "text/plain"}, call("a"), 415, "application/json"),
        (None, {}, [call("a")], 400, "No batches"),
        (None, {}, b" " * (4 * 2**20 + 1), 413, "--max-body"),
    ],
)
async def test_what_cannot_be_posted_is_refused_in_words(query, headers, body, status, words):
    front = Front()
    async with front.open("GET", "/sse") as stream:
        path = address(stream) if query is None else f"/messages{query}"
        answer = await front.ask("POST", path, {**JSON, **headers}, body)
        assert answer.status == status and words in answer.json["error"]["message"]


async def test_an_id_that_waits_for_its_answer_cannot_be_used_again():
    front = Front()
    async with front.open("GET", "/sse") as stream:
        assert (await front.ask("POST", address(stream), JSON, slow(7))).status == 202
        again = await front.ask("POST", address(stream), JSON, call("tools/list", 7))
        assert again.status == 400 and "7" in again.json["error"]["message"]


@pytest.mark.parametrize(
    ("method", "path", "status", "allow"),
    [
        ("POST", "/sse", 405, "GET"),
        ("HEAD", "/sse", 405, "GET"),
        ("OPTIONS", "/sse", 204, "GET"),
        ("GET", "/messages", 405, "POST"),
        ("OPTIONS", "/messages", 204, "POST"),
        ("POST", "/health", 405, "GET, HEAD"),
    ],
)
async def test_other_methods_are_told_which_there_are_without_a_body(method, path, status, allow):
    front = Front()
    answer = await front.ask(method, path, JSON, call("initialize") if method == "POST" else b"")
    assert (answer.status, answer.body, answer.headers["allow"]) == (status, b"", allow)


async def test_who_never_reads_loses_the_session_and_costs_no_more(caplog):
    front = Front()
    async with front.open("GET", "/sse") as stream:
        stream.reading = False
        session = front.a.only
        for _ in range(40):
            front.a.says(session, method=NOTE, params={"data": "x" * 2**20})
        assert session.over.is_set() and session._room.unread == 0
        assert "left 16,777,216 bytes unread" in caplog.text and session.id not in caplog.text
        stream.read_on()
        await stream.over.wait()
