"""A connection: answers in as few pieces as they can be, in order, whatever client and application do."""

from __future__ import annotations

from typing import Any

import pytest
import trio

from tests.http_server.kit.serving import GET, START, STREAM, connected, part, says_ok, some, until


async def test_an_answer_comes_in_one_piece() -> None:
    async with connected(says_ok) as (stream, _):
        for _ in range(3):
            await stream.send_all(GET)
            data = await some(stream)
            assert data.startswith(b"HTTP/1.1 200") and data.endswith(b"\r\n\r\nok")


async def test_a_stream_begins_with_its_first_part_though_that_is_empty() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send(STREAM)
        await send(part(b"", more=True))
        await trio.sleep_forever()

    async with connected(app) as (stream, _):
        await stream.send_all(GET)
        data = await some(stream)
        assert b"transfer-encoding: chunked" in data.lower() and data.endswith(b"\r\n\r\n")


async def test_each_part_of_a_stream_goes_out_at_once_and_its_end_ends_it() -> None:
    go_on = trio.Event()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send(STREAM)
        await send(part(b"one", more=True))
        await go_on.wait()
        await send(part(b"two"))

    async with connected(app) as (stream, _):
        await stream.send_all(GET)
        assert (await some(stream)).endswith(b"\r\n\r\n3\r\none\r\n")
        go_on.set()
        assert await until(stream, b"0\r\n\r\n") == b"3\r\ntwo\r\n0\r\n\r\n"


async def test_requests_sent_ahead_are_answered_in_their_order() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send(START)
        await send(part(scope["query_string"]))

    async with connected(app) as (stream, _):
        await stream.send_all(b"".join(GET.replace(b"/ ", b"/?%02d " % n) for n in range(30)))
        data = b""
        while data.count(b"HTTP/1.1 200") < 30 or not data.endswith(b"29"):
            data += await some(stream)
        assert [data.split(b"\r\n\r\n")[n + 1][:2] for n in range(30)] == [b"%02d" % n for n in range(30)]


async def test_what_the_kernel_does_not_take_at_once_is_sent_all_the_same() -> None:
    body = bytes(range(256)) * 2**15

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({**START, "headers": [(b"content-length", str(len(body)).encode())]})
        await send(part(body))

    async with connected(app) as (stream, _):
        await stream.send_all(GET)
        data = await some(stream)
        while len(data.partition(b"\r\n\r\n")[2]) < len(body):
            data += await some(stream)
        assert data.partition(b"\r\n\r\n")[2] == body


async def test_an_application_that_does_not_read_a_large_body_holds_nothing_up() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send(START)
        await send(part(b"no"))

    async with connected(app) as (stream, connections):
        head = GET.replace(b"GET", b"POST")[:-2] + b"Content-Length: 4000000\r\n\r\n"
        with pytest.raises(trio.BrokenResourceError):
            await stream.send_all(head)
            while True:
                await stream.send_all(b"x" * 65_536)
        await connections.ended()


async def test_a_slow_application_holds_its_client_back() -> None:
    taken, go_on = 0, trio.Event()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        nonlocal taken
        await go_on.wait()
        more = True
        while more:
            message = await receive()
            taken, more = taken + len(message["body"]), message["more_body"]
        await send(START)
        await send(part(b"ok"))

    size = 64 * 2**20
    async with connected(app) as (stream, _):
        await stream.send_all(GET.replace(b"GET", b"POST")[:-2] + b"Content-Length: %d\r\n\r\n" % size)
        sent = 0
        with trio.move_on_after(0.5):
            while sent < size:
                sent += await stream.socket.send(b"x" * min(65_536, size - sent))
        assert sent < size / 2
        go_on.set()
        await stream.send_all(b"x" * (size - sent))
        await until(stream, b"ok")
        assert taken == size


async def test_who_is_answered_before_the_end_of_a_body_reads_the_answer_and_is_the_last() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send(START)
        await send(part(b"no"))

    async with connected(app) as (stream, connections):
        await stream.send_all(GET.replace(b"GET", b"POST")[:-2] + b"Content-Length: 9000000\r\n\r\n")
        await stream.send_all(b"x" * 8_000_000)  # as a client that reads nothing before it has sent
        head = (await until(stream, b"\r\n\r\nno")).lower()
        assert b"connection: close" in head and await some(stream) == b""
        await stream.aclose()
        await connections.ended()


async def test_a_body_that_arrived_before_the_answer_leaves_the_connection_open() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send(START)
        await send(part(b"no"))

    async with connected(app) as (stream, _):
        for _ in range(3):
            await stream.send_all(GET.replace(b"GET", b"POST")[:-2] + b"Content-Length: 1\r\n\r\nx")
            assert b"connection: close" not in (await until(stream, b"\r\n\r\nno")).lower()


async def test_an_application_makes_little_more_for_a_client_that_has_left() -> None:
    made = 0

    async def app(scope: Any, receive: Any, send: Any) -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(write, send)
            while (await receive())["type"] != "http.disconnect":
                pass
            nursery.cancel_scope.cancel()

    async def write(send: Any) -> None:
        nonlocal made
        await send(STREAM)
        while made < 1000:
            made += 1
            await send(part(b"x" * 100_000, more=True))

    async with connected(app) as (stream, connections):
        await stream.send_all(GET)
        await trio.sleep(0.1)
        before = made
        await stream.aclose()
        await connections.ended()
        assert 0 < before <= made <= before + 3
