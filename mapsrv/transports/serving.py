"""One request of MCP that is being served: how it is told to end, though its client goes on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import trio
from mcp.server.lowlevel import Server

from mapsrv.asgi.message import Message, Receive, Scope

MakeServer: TypeAlias = Callable[[Scope | None], Server[Any]]  # see endpoints.open_mcp


class Serving:
    """One request that is being served, and how to end it before its client does."""

    def __init__(self) -> None:
        self.cancel = trio.CancelScope()
        self.waiting: set[str] = set()  # ids of calls whose answers are to come over it
        self._left = trio.Event()

    def leave(self) -> None:
        """Have it end as if its client had left: the SDK closes all that it opened only then."""
        self._left.set()

    def receive(self, receive: Receive) -> Receive:
        """Return a receive that also tells of leave()."""

        async def receive_or_left() -> Message:
            message: Message = {"type": "http.disconnect"}
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._end, nursery.cancel_scope)
                message = await receive()
                nursery.cancel_scope.cancel()
            return message

        return receive_or_left

    async def _end(self, scope: trio.CancelScope) -> None:
        await self._left.wait()
        scope.cancel()
