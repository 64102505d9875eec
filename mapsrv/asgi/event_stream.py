"""A mailbox sent out as an event stream, to a client that may lose it and come back.

Each event bears an id: who lost the stream comes back with it in Last-Event-ID, and gets the rest.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

import trio

from mapsrv.asgi.event_buffer import Reader
from mapsrv.asgi.message import Answer, Receive
from mapsrv.wire.sse import comment, frame

PING_SECONDS = 15.0  # of silence, after which a comment keeps proxies from cutting the stream

Headers = Iterable[tuple[bytes, bytes]]

_HEADERS = (
    (b"content-type", b"text/event-stream"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
)


async def begin(answer: Answer, first: bytes, headers: Headers = ()) -> None:
    """Begin a stream."""
    await answer.send({"type": "http.response.start", "status": 200, "headers": [*_HEADERS, *headers]})
    await send(answer, first)


@asynccontextmanager
async def open_watch(receive: Receive) -> AsyncIterator[None]:
    """Cancel what is done meanwhile when the client leaves."""
    async with trio.open_nursery() as nursery:
        nursery.start_soon(_until_left, receive, nursery.cancel_scope)
        yield
        nursery.cancel_scope.cancel()


async def copy(reader: Reader, name: str | None, answer: Answer) -> None:
    """Send what there is to read until it is over, and end the stream.

    Events' ids begin with the name; without one they have none, and nobody can come back for them.
    """
    while not reader.over:
        while (entry := reader.next()) is not None:
            number, body = entry
            await send(answer, frame("message", body, id=name and f"{name}.{number}"))
            reader.sent(number)
        with trio.move_on_after(PING_SECONDS) as waited:
            await reader.wait()
        if waited.cancelled_caught:
            await send(answer, comment())
    await answer.end()


async def _until_left(receive: Receive, scope: trio.CancelScope) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    scope.cancel()


async def send(answer: Answer, event: bytes) -> None:
    """Send an event of a stream that was begun."""
    await answer.send({"type": "http.response.body", "body": event, "more_body": True})
