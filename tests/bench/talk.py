"""The least HTTP client that can load a server: requests made once, one connection, answers with a length."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from itertools import count
from typing import Any, NamedTuple

import trio

from tests.bench.report import percentile

ANSWER_SECONDS = 60.0  # for any one answer; more means that the server is stuck
WARM_UP = 20  # requests before the clock starts


class Rate(NamedTuple):
    """Answers a second, and how many ms one waited for them."""

    a_second: float
    p50: float
    p99: float


class Refused(Exception):
    """An answer that is no 2xx; holds what it said."""


class Talker:
    """One connection at a time, one request at a time. Servers end a connection after some requests."""

    def __init__(self, port: int, stream: trio.SocketStream) -> None:
        self._port = port
        self._stream = stream
        self._rest = b""
        self._last = False  # whether the server ends this connection

    def close(self) -> None:
        """Close the connection."""
        self._stream.socket.close()

    async def ask(self, request: bytes) -> bytes:
        """Return the body of the answer. Raises Refused."""
        with trio.fail_after(ANSWER_SECONDS):
            if self._last:
                self.close()
                self._stream = await trio.open_tcp_stream("127.0.0.1", self._port)
            await self._stream.send_all(request)
            while (end := self._rest.find(b"\r\n\r\n")) < 0:
                await self._more()
            head = self._rest[:end].lower()
            at = head.index(b"content-length:") + 15
            end += 4 + int(head[at:].split(b"\r\n", 1)[0])
            while len(self._rest) < end:
                await self._more()
        self._last = b"connection: close" in head
        body, self._rest = self._rest[len(head) + 4 : end], self._rest[end:]
        if head[9:10] != b"2":
            raise Refused((head[:40] + b" " + body[:500]).decode("utf-8", "replace"))
        return body

    async def _more(self) -> None:
        data = await self._stream.receive_some(262_144)
        if not data:
            raise Refused("the server closed the connection")
        self._rest += data


@asynccontextmanager
async def open_talker(port: int) -> AsyncIterator[Talker]:
    """Connect to a server on this machine."""
    talker = Talker(port, await trio.open_tcp_stream("127.0.0.1", port))
    try:
        yield talker
    finally:
        talker.close()


def post(port: int, path: str, body: Any, *, person: int = 0) -> bytes:
    """Return a POST of JSON; `person` tells one author from another."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    cookie = f"mapsrv_viewer=person-of-the-benchmark-{person:04}"
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n"
        f"Cookie: {cookie}\r\nContent-Length: {len(data)}\r\n\r\n"
    )
    return head.encode() + data


async def rate(port: int, request: Callable[[int, int], bytes], talkers: int, seconds: float) -> Rate:
    """Return how fast so many connections are answered. request(number, talker) makes each request."""
    numbers, waits = count(), []

    async def talk(who: int, until: float) -> None:
        async with open_talker(port) as talker:
            while time.perf_counter() < until:
                begun = time.perf_counter()
                await talker.ask(request(next(numbers), who))
                waits.append(time.perf_counter() - begun)

    async with open_talker(port) as warm:
        for _ in range(WARM_UP):
            await warm.ask(request(next(numbers), 0))
    begun = time.perf_counter()
    async with trio.open_nursery() as nursery:
        for who in range(talkers):
            nursery.start_soon(talk, who, begun + seconds)
    took = time.perf_counter() - begun
    return Rate(len(waits) / took, percentile(waits, 0.5) * 1000, percentile(waits, 0.99) * 1000)


async def each_once(port: int, requests: Iterable[bytes], talkers: int) -> list[bytes]:
    """Send each request once, over so many connections; return the answers, in the order of requests."""
    left, answers = enumerate(requests), dict[int, bytes]()

    async def talk() -> None:
        async with open_talker(port) as talker:
            for number, request in left:
                answers[number] = await talker.ask(request)

    async with trio.open_nursery() as nursery:
        for _ in range(talkers):
            nursery.start_soon(talk)
    return [answers[number] for number in sorted(answers)]
