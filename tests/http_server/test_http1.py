"""HTTP/1.1 and no other protocol, and no request whose end two readers could see in two places."""

from __future__ import annotations

from typing import Any

import pytest
import trio

from tests.http_server.kit.refused import SMUGGLED
from tests.http_server.kit.serving import GET, STREAM, connected, part, says_ok, some, until

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0\0\0\4\0\0\0\0\0"  # RFC 9113 section 3.4
H2C = b"Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n"
WEBSOCKET = (
    b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
)
CHUNKED, LENGTH = b"Transfer-Encoding: chunked\r\n", b"Content-Length: 5\r\n"
OURS, THEIRS = b"Origin: http://localhost\r\n", b"Origin: http://evil.example\r\n"
POST = GET.replace(b"GET", b"POST")


def with_lines(request: bytes, lines: bytes) -> bytes:
    return request[:-2] + lines + b"\r\n"


async def never_asked(scope: Any, receive: Any, send: Any) -> None:
    await trio.lowlevel.checkpoint()
    raise AssertionError(scope)


@pytest.mark.parametrize(
    "request_",
    [
        pytest.param(PREFACE, id="HTTP/2 by prior knowledge"),
        pytest.param(GET.replace(b"1.1", b"2.0"), id="another version"),
        pytest.param(with_lines(POST, CHUNKED + LENGTH) + b"0\r\n\r\n", id="both, the length last"),
        pytest.param(with_lines(POST, LENGTH + CHUNKED) + b"0\r\n\r\n", id="both, the length first"),
        pytest.param(with_lines(GET, H2C + LENGTH + CHUNKED) + b"0\r\n\r\n", id="both, with an upgrade"),
        pytest.param(with_lines(POST, CHUNKED).replace(b"1.1", b"1.0") + b"0\r\n\r\n", id="chunks in 1.0"),
        pytest.param(with_lines(GET, OURS + THEIRS), id="two origins"),
        pytest.param(with_lines(POST, THEIRS + b"Content-Length: 0\r\n" + OURS), id="two origins, apart"),
        pytest.param(with_lines(GET, OURS + OURS.lower()), id="the same origin twice"),
    ],
)
async def test_what_is_not_plainly_one_request_is_400_and_the_end(request_: bytes, caplog: Any) -> None:
    async with connected(never_asked) as (stream, connections):
        await stream.send_all(request_ + GET)
        answer = await until_closed(stream)
        assert answer.startswith(b"HTTP/1.1 400") and answer.count(b"HTTP/1.1") == 1
        await connections.ended()
    assert not caplog.records


@pytest.mark.parametrize("name", SMUGGLED)
async def test_what_two_readers_may_read_in_two_ways_is_refused_with_all_after_it(
    name: str, caplog: Any
) -> None:
    sent, status = SMUGGLED[name]
    async with connected(never_asked) as (stream, connections):
        await stream.send_all(sent + GET)
        answer = await until_closed(stream)
        assert answer.startswith(b"HTTP/1.1 %d " % status) and answer.count(b"HTTP/1.1") == 1
        assert b"connection: close" in answer and b"content-length: 0" in answer
        await stream.aclose()
        await connections.ended()
    assert not caplog.records


@pytest.mark.parametrize("upgrade", [H2C, H2C.replace(b"h2c", b"H2C, x"), WEBSOCKET])
async def test_an_upgrade_is_ignored_and_the_connection_goes_on(upgrade: bytes) -> None:
    async with connected(says_ok) as (stream, _):
        for request in (with_lines(GET, upgrade), GET, with_lines(POST, upgrade + LENGTH) + b"hello", GET):
            await stream.send_all(request)
            answer = await until(stream, b"ok")
            assert answer.startswith(b"HTTP/1.1 200")
        await stream.send_all(with_lines(GET, upgrade) * 3)
        answer = await until(stream, b"ok")
        while answer.count(b"HTTP/1.1 200") < 3:
            answer += await until(stream, b"ok")


async def test_who_leaves_a_stream_that_was_to_be_upgraded_is_seen_to_leave() -> None:
    left = trio.Event()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send(STREAM)
        await send(part(b"one", more=True))
        while (await receive())["type"] != "http.disconnect":
            pass
        left.set()

    async with connected(app) as (stream, _):
        await stream.send_all(with_lines(GET, H2C))
        await until(stream, b"one\r\n")
        await stream.aclose()
        await left.wait()


async def until_closed(stream: trio.SocketStream) -> bytes:
    data = b""
    try:
        while more := await some(stream):
            data += more
    except trio.BrokenResourceError:
        pass  # what it was sent further was not read
    return data
