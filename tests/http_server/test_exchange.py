"""One request and its answer: bodies both ways, who leaves meanwhile, and what is not read."""

from __future__ import annotations

import socket
from typing import Any

import pytest
import trio

from tests.http_server.kit.serving import GET, START, STREAM, connected, part, says_ok, some, until

POST = GET.replace(b"GET", b"POST")[:-2]
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"
OLD = GET.replace(b"1.1", b"1.0")


async def echo(scope: Any, receive: Any, send: Any) -> None:
    """Answer each part of the body with itself."""
    await send(STREAM)
    more = True
    while more:
        message = await receive()
        more = message["more_body"]
        await send(part(message["body"], more=more))


async def test_chunks_go_both_ways() -> None:
    async with connected(echo) as (stream, _):
        await stream.send_all(CHUNKED)
        await stream.send_all(b"5\r\nhe")
        assert (await until(stream, b"2\r\nhe\r\n")).startswith(b"HTTP/1.1 200")
        await stream.send_all(b"llo\r\n1;x=y\r\n!\r\n")
        await until(stream, b"4\r\nllo!\r\n")
        await stream.send_all(b"0\r\nx-sum: 1\r\n\r\n")
        assert await until(stream, b"0\r\n\r\n") == b"0\r\n\r\n"
    async with connected(says_ok) as (stream, _):
        for _ in range(3):
            await stream.send_all(CHUNKED + b"2\r\nhi\r\n0\r\n\r\n")
            assert b"connection: close" not in await until(stream, b"ok")


async def test_a_hundred_is_sent_when_the_body_is_first_read_and_not_before() -> None:
    go_on = trio.Event()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await go_on.wait()
        await says_ok(scope, receive, send)

    async with connected(app) as (stream, _):
        await stream.send_all(POST + b"Expect: 100-continue\r\nContent-Length: 2\r\n\r\n")
        with trio.move_on_after(0.05):
            assert not await some(stream)
        go_on.set()
        assert await some(stream) == b"HTTP/1.1 100 Continue\r\n\r\n"
        await stream.send_all(b"hi")
        assert (await until(stream, b"ok")).startswith(b"HTTP/1.1 200")


async def test_who_is_refused_unread_is_told_no_hundred() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({**START, "status": 413})
        await send(part(b"no"))

    async with connected(app) as (stream, _):
        await stream.send_all(POST + b"Expect: 100-continue\r\nContent-Length: 2\r\n\r\n")
        assert (await until(stream, b"no")).startswith(b"HTTP/1.1 413") and await some(stream) == b""


@pytest.mark.parametrize(("status", "method"), [(200, b"HEAD"), (204, b"GET"), (304, b"GET")])
@pytest.mark.parametrize("headers", [[], [(b"content-length", b"2")]])
async def test_where_no_body_may_be_none_is_sent_and_the_next_answer_is_found(
    status: int, method: bytes, headers: list[Any]
) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send(part(b"", more=True))
        await send(part(b"ok"))

    async with connected(app) as (stream, _):
        await stream.send_all(GET.replace(b"GET", method) * 2)
        data = b""
        while data.count(b"\r\n\r\n") < 2:
            data += await some(stream)
        assert data.endswith(b"\r\n\r\n") and data.count(b"HTTP/1.1 %d" % status) == 2
        assert b"chunked" not in data and data.count(b"content-length: 2") == 2 * len(headers)


async def test_an_old_client_keeps_its_connection_if_it_says_so_and_reads_to_the_end_of_a_stream() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send(STREAM)
        if scope["query_string"]:
            await send(part(b"one", more=True))
        await send(part(b"two"))

    keep = OLD[:-2] + b"Connection: keep-alive\r\n\r\n"
    async with connected(app) as (stream, _):
        for _ in range(2):
            await stream.send_all(keep)
            answer = await until(stream, b"two")
            assert b"connection: keep-alive" in answer and b"content-length: 3" in answer
        await stream.send_all(keep.replace(b"/ ", b"/?s "))
        answer = await until(stream, b"\r\n\r\nonetwo")
        assert b"connection: close" in answer and b"chunked" not in answer and await some(stream) == b""
    async with connected(app) as (stream, _):
        await stream.send_all(OLD)
        assert b"connection: close" in await until(stream, b"two") and await some(stream) == b""


@pytest.mark.parametrize(
    "broken", [b"5\r\nhel", b"2\r\nhi\r\nzz\r\n", b"2\r\nhello\r\n", b"2\r\nhi\r\n0\r\nx y: z\r\n\r\n"]
)
async def test_a_body_that_breaks_off_or_is_garbage_is_a_leaving_and_its_sender_is_told(
    broken: bytes, caplog: Any
) -> None:
    told = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        while (message := await receive())["type"] == "http.request":
            assert message["more_body"]
        told.append(message["type"])
        await says_ok(scope, receive, send)

    async with connected(app) as (stream, connections):
        await stream.send_all(CHUNKED)
        await trio.testing.wait_all_tasks_blocked(0.02)
        await stream.send_all(broken)
        await stream.send_eof()
        assert (await some(stream)).startswith(b"HTTP/1.1 400") and await some(stream) == b""
        await connections.ended()
    assert told == ["http.disconnect"] and not caplog.records


async def test_what_is_sent_ahead_waits_unread_while_the_application_works() -> None:
    """However much that is: what is read of it is bounded, and so the sender is held back."""
    asked, go_on = 0, trio.Event()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        nonlocal asked
        asked += 1
        assert (await receive())["type"] == "http.request"
        async with trio.open_nursery() as nursery:
            nursery.start_soon(answer, send, nursery.cancel_scope)
            assert (await receive())["type"] == "http.disconnect"

    async def answer(send: Any, scope: trio.CancelScope) -> None:
        await go_on.wait()
        await send(START)
        await send(part(b"ok"))

    many = 200_000
    async with connected(app) as (stream, _), trio.open_nursery() as nursery:
        data, sent = GET * many, 0
        with trio.move_on_after(0.3):
            while sent < len(data):
                sent += await stream.socket.send(data[sent:])
        assert asked == 1 and sent < len(data) / 2
        go_on.set()
        assert (await some(stream)).startswith(b"HTTP/1.1 200")
        nursery.cancel_scope.cancel()


@pytest.mark.parametrize("how", ["ends its side", "resets"])
async def test_a_leaving_is_noticed_while_the_application_works_and_what_it_sends_is_dropped(
    how: str,
) -> None:
    left = trio.Event()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        assert (await receive())["type"] == "http.request"
        for _ in range(2):
            assert (await receive())["type"] == "http.disconnect"
        await send(START)
        await send(part(b"ok"))
        left.set()

    async with connected(app) as (stream, connections):
        await stream.send_all(GET)
        await trio.testing.wait_all_tasks_blocked(0.02)
        if how == "resets":
            stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            await stream.aclose()
        else:
            await stream.send_eof()
            assert await some(stream) == b""
        await left.wait()
        await connections.ended()


@pytest.mark.parametrize(
    "messages",
    [
        [part(b"x")],
        [START, START],
        [START, part(b"ok"), part(b"more")],
        [START, part(b"too much")],
        [START, part(b"o")],
        [{**START, "headers": [(b"x", b"a\r\nb: c")]}, part(b"")],
        [{**START, "headers": [(b"x\r\ny", b"a")]}, part(b"")],
        [{**START, "headers": [(b"x", b"a\nb")]}, part(b"")],
    ],
)
async def test_messages_that_are_not_right_fail_the_application_and_split_no_answer(
    messages: list[Any], caplog: Any
) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        for message in messages:
            await send(message)

    async with connected(app) as (stream, connections):
        await stream.send_all(GET[:-2] + b"Connection: close\r\n\r\n")
        data = b""
        while more := await some(stream):
            data += more
        assert data.count(b"HTTP/1.1") == 1 and b"b: c" not in data
        await connections.ended()
    assert "The application failed" in caplog.text


async def test_an_answer_is_told_once_and_its_end_is_told_to_who_waits() -> None:
    ended = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        assert (await receive())["type"] == "http.request"
        async with trio.open_nursery() as nursery:
            nursery.start_soon(wait, receive)
            await trio.testing.wait_all_tasks_blocked(0.02)
            await send(START)
            await send(part(b"ok"))
        ended.append(await receive())

    async def wait(receive: Any) -> None:
        ended.append(await receive())

    async with connected(app) as (stream, _):
        for number in (1, 2):
            await stream.send_all(GET)
            await until(stream, b"ok")
            await trio.testing.wait_all_tasks_blocked(0.02)
            assert ended == [{"type": "http.disconnect"}] * 2 * number
