"""The two ways in which a stream goes out over ASGI; stream.py says when which, and why."""

from __future__ import annotations

import trio

from mapsrv.asgi.message import Message, Receive, Send
from mapsrv.asgi.peer import Peer
from mapsrv.hub.subscribers import MAX_TAKE, Subscriber
from mapsrv.web.stream import RETRY_MS, Stream, retry

JOINED_BYTES = 2 * MAX_TAKE  # what is no longer leaves in one piece; a large state is copied for nobody


async def run_pulled(stream: Stream, receive: Receive, send: Send) -> None:
    """Send a stream behind its head, until it ends or its reader leaves."""
    async with trio.open_nursery() as nursery:
        nursery.start_soon(_watch, receive, nursery.cancel_scope)
        async with stream:
            async for part in stream:
                await send(_part(part))
        await send(_part(b"", more=False))
        nursery.cancel_scope.cancel()


async def _watch(receive: Receive, reader: trio.CancelScope) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    reader.cancel()


async def run_seated(stream: Stream, peer: Peer, send: Send) -> None:
    """The same, where the rounds write what is new to `peer`."""
    async with stream:
        if stream.entered:
            await _give(stream.subscriber, send, retry())
            if not await _sit(stream, peer, send):
                return
            await send(_part(stream.last()))
    await send(_part(b"", more=False))


async def _sit(stream: Stream, peer: Peer, send: Send) -> bool:
    """Sit as long as the stream may; return whether its reader is still there then."""
    subscriber = stream.subscriber
    while True:
        while stream.leaves is None and await _give(subscriber, send):
            pass
        if subscriber.gone and stream.leaves is None:
            stream.leaves = "newer", RETRY_MS
        if stream.leaves is not None:
            return True
        # No checkpoint since nothing was left to take.
        stream.sleep = trio.CancelScope()
        seat = stream.seat = subscriber.sit(peer, stream.sleep.cancel)
        try:
            with stream.sleep:
                await peer.gone()
        finally:
            stream.seat = None
            subscriber.rise(seat)
        if not stream.sleep.cancelled_caught:
            return False
        try:
            if seat.rest:
                await peer.write(seat.rest)
        except trio.BrokenResourceError:
            return False


async def _give(subscriber: Subscriber, send: Send, begun: bytes = b"") -> bool:
    """Send some of what there is to take; return, without a checkpoint, False where there is nothing."""
    parts, size = [begun] if begun else [], len(begun)
    while part := subscriber.rest() or (subscriber.take() if size < MAX_TAKE else None):
        parts.append(part)
        size += len(part)
    for body in [b"".join(parts)] if 0 < size <= JOINED_BYTES else parts:
        await send(_part(body))
    return bool(parts)


def _part(body: bytes, *, more: bool = True) -> Message:
    return {"type": "http.response.body", "body": body, "more_body": more}
