"""An event stream's client: written to past the messages, by whoever has news, and seen to leave."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
import trio

from mapsrv.asgi.peer import PEER, Peer
from mapsrv.http_server.exchange import MAX_DROPPED
from tests.http_server.kit.serving import GET, STREAM, connected, part, some, until

OLD = GET.replace(b"1.1", b"1.0")


class Streaming:
    """An application that opens a stream, hands its peer over, and waits until it is gone."""

    def __init__(self, meanwhile: Callable[[Peer], Awaitable[None]] | None = None) -> None:
        self.peers: list[Peer] = []
        self.begun, self.gone = trio.Event(), trio.Event()
        self._meanwhile = meanwhile

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        peer: Peer = scope["extensions"][PEER]
        await send(STREAM)
        await send(part(b"first", more=True))
        self.peers.append(peer)
        self.begun.set()
        if self._meanwhile is not None:
            await self._meanwhile(peer)
            return await send(part(b""))
        await peer.gone()
        self.gone.set()


@asynccontextmanager
async def open_stream(app: Streaming, request: bytes = GET) -> AsyncIterator[tuple[trio.SocketStream, Peer]]:
    async with connected(app) as (stream, connections):
        await stream.send_all(request)
        await app.begun.wait()
        yield stream, app.peers[0]
        await stream.aclose()
        await connections.ended()


async def test_head_and_first_part_come_in_one_piece_and_raw_bytes_follow() -> None:
    async with open_stream(Streaming()) as (stream, peer):
        assert (await some(stream)).endswith(b"\r\n\r\n5\r\nfirst\r\n")
        assert peer.chunked and peer.write_nowait(b"3\r\nnew\r\n") == 8
        assert await some(stream) == b"3\r\nnew\r\n"
        await peer.write(b"2\r\nok\r\n")
        assert await some(stream) == b"2\r\nok\r\n"


async def test_to_an_old_client_it_is_not_chunked() -> None:
    async with open_stream(Streaming(), OLD) as (stream, peer):
        assert (await some(stream)).endswith(b"\r\n\r\nfirst") and not peer.chunked


@pytest.mark.parametrize("how", ["leaves", "ends its side", "sends on and on"])
async def test_who_leaves_is_gone_and_is_not_written_to(how: str) -> None:
    app = Streaming()
    async with open_stream(app) as (stream, peer):
        if how == "leaves":
            await stream.aclose()
        elif how == "ends its side":
            await stream.send_eof()
        else:
            await stream.send_all(b"x" * (MAX_DROPPED - 1))
            await trio.testing.wait_all_tasks_blocked(0.05)
            assert not app.gone.is_set()
            with pytest.raises(trio.BrokenResourceError):
                while True:
                    await stream.send_all(b"x" * 1000)
        await app.gone.wait()
        with pytest.raises(trio.BrokenResourceError):
            peer.write_nowait(b"x")
        with pytest.raises(trio.BrokenResourceError):
            await peer.write(b"x")


async def test_nothing_comes_between_what_waits() -> None:
    """A short write is finished first: until then others write nothing, or wait for their turn."""
    large = b"x" * 20_000_000
    async with open_stream(Streaming()) as (stream, peer), trio.open_nursery() as nursery:
        taken = peer.write_nowait(large)
        assert 0 < taken < len(large)
        nursery.start_soon(peer.write, large[taken:] + b"1")
        await trio.testing.wait_all_tasks_blocked(0.02)
        nursery.start_soon(peer.write, b"2")
        assert peer.write_nowait(b"no") == 0
        data = await until(stream, b"2")
        assert data.endswith(b"x12") and b"no" not in data and data.count(b"x") == len(large)
        assert peer.write_nowait(b"3") == 1


async def test_an_answer_that_ends_ends_the_wait_and_the_connection_goes_on() -> None:
    ended = trio.Event()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send(STREAM)
        await send(part(b"first", more=True))
        async with trio.open_nursery() as nursery:
            nursery.start_soon(end, send)
            await scope["extensions"][PEER].gone()
            ended.set()

    async def end(send: Any) -> None:
        await trio.testing.wait_all_tasks_blocked(0.02)
        await send(part(b""))

    async with connected(app) as (stream, _):
        for _ in range(2):
            await stream.send_all(GET)
            await until(stream, b"0\r\n\r\n")
            await ended.wait()


async def test_who_sent_more_than_its_request_gets_no_other() -> None:
    async def ends(peer: Peer) -> None:
        with trio.move_on_after(0.05):
            await peer.gone()

    async with open_stream(Streaming(ends)) as (stream, _):
        await stream.send_all(GET)
        assert (await until(stream, b"0\r\n\r\n")).count(b"HTTP/1.1 200") == 1 and await some(stream) == b""
