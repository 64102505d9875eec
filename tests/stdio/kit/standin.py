"""Servers as Upstream meets them, in the test's own nursery: they answer, break off, or are strangers."""

from __future__ import annotations

import json
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import h11
import trio

from mapsrv import local
from mapsrv.local import LocalServer

RESULT = {"content": [{"type": "text", "text": "done"}], "isError": False}


@dataclass
class Heard:
    """One request, and the number of the connection that it came by."""

    connection: int
    target: str
    headers: dict[bytes, bytes]
    body: bytes


@dataclass
class Standin:
    """What it hears and does. `breaks`: which requests end their connection in place of an answer."""

    secret: str
    url: str = ""
    heard: list[Heard] = field(default_factory=list)
    connections: list[trio.SocketStream] = field(default_factory=list)
    breaks: Callable[[Heard], bool] = lambda heard: False
    go: trio.Event = field(default_factory=trio.Event)  # calls are answered once this is set

    def calls(self) -> list[Heard]:
        return [heard for heard in self.heard if heard.target.startswith("/mcp")]

    def announce(self, folder: Path) -> LocalServer:
        server = LocalServer(self.url, 1, "1", self.secret)
        local.announce(folder, server)
        return server

    async def serve(self, stream: trio.SocketStream) -> None:
        number, http = len(self.connections), h11.Connection(h11.SERVER)
        self.connections.append(stream)
        async with stream:
            while (heard := await _request(http, stream, number)) is not None:
                self.heard.append(heard)
                if heard.target.startswith("/mcp"):
                    await self.go.wait()
                if self.breaks(heard):
                    return
                parts = _answered(self._body(heard))
                await stream.send_all(b"".join(http.send(part) or b"" for part in parts))
                http.start_next_cycle()

    def _body(self, heard: Heard) -> bytes:
        if heard.target.startswith("/local?nonce="):
            return local.proof(self.secret, heard.target.partition("=")[2]).encode()
        asked = json.loads(heard.body)
        return json.dumps({"jsonrpc": "2.0", "id": asked["id"], "result": RESULT}).encode()

    def hang_up(self) -> None:
        """Close what is open, as a server does with connections that rest."""
        for stream in self.connections:
            stream.socket.close()


def _answered(body: bytes) -> list[h11.Event]:
    head = h11.Response(status_code=200, headers=[("content-length", str(len(body)))])
    return [head, h11.Data(data=body), h11.EndOfMessage()]


async def _request(http: h11.Connection, stream: trio.SocketStream, number: int) -> Heard | None:
    heard: Heard | None = None
    while True:
        event = http.next_event()
        if event is h11.NEED_DATA:
            try:
                http.receive_data(await stream.receive_some(65536))
            except (trio.BrokenResourceError, trio.ClosedResourceError):
                return None
        elif isinstance(event, h11.Request):
            heard = Heard(number, event.target.decode(), dict(event.headers), b"")
        elif isinstance(event, h11.Data) and heard is not None:
            heard.body += event.data
        else:
            return heard


@asynccontextmanager
async def standing_in(secret: str, port: int = 0) -> AsyncIterator[Standin]:
    """Serve until the end, and then leave the port to whoever comes."""
    made = Standin(secret)
    made.go.set()
    async with trio.open_nursery() as nursery, _listening(port) as (listener, made.url):
        await nursery.start(trio.serve_listeners, made.serve, [listener])
        yield made
        made.hang_up()
        nursery.cancel_scope.cancel()


@asynccontextmanager
async def a_stranger(port: int, says: bytes) -> AsyncIterator[bytearray]:
    """Listen at a port as another program would; yield all that it hears."""
    heard = bytearray()

    async def serve(stream: trio.SocketStream) -> None:
        with suppress(trio.BrokenResourceError):
            while data := await stream.receive_some(65536):
                heard.extend(data)
                await stream.send_all(says)
        await trio.aclose_forcefully(stream)

    async with trio.open_nursery() as nursery, _listening(port) as (listener, _url):
        await nursery.start(trio.serve_listeners, serve, [listener])
        yield heard
        nursery.cancel_scope.cancel()


@asynccontextmanager
async def _listening(port: int) -> AsyncIterator[tuple[trio.SocketListener, str]]:
    [listener] = await trio.open_tcp_listeners(port, host="127.0.0.1")
    assert listener.socket.family == socket.AF_INET
    async with listener:
        yield listener, f"http://127.0.0.1:{listener.socket.getsockname()[1]}"


@dataclass
class Relay:
    """Passes on what goes between its callers and a server; while `cuts`, an answer ends the connection."""

    url: str = ""
    cuts: bool = False
    cut: int = 0  # answers that nobody got

    async def serve(self, caller: trio.SocketStream, port: int) -> None:
        server = await trio.open_tcp_stream("127.0.0.1", port)
        async with caller, server, trio.open_nursery() as nursery:
            nursery.start_soon(_pump, caller, server)
            while (data := await server.receive_some(65536)) and not self.cuts:
                await caller.send_all(data)
            self.cut, self.cuts = self.cut + self.cuts, False
            nursery.cancel_scope.cancel()


async def _pump(source: trio.SocketStream, sink: trio.SocketStream) -> None:
    while data := await source.receive_some(65536):
        await sink.send_all(data)


@asynccontextmanager
async def relaying(port: int) -> AsyncIterator[Relay]:
    """Stand between callers and the server at that port."""
    made = Relay()
    async with trio.open_nursery() as nursery, _listening(0) as (listener, made.url):
        await nursery.start(trio.serve_listeners, lambda stream: made.serve(stream, port), [listener])
        yield made
        nursery.cancel_scope.cancel()
