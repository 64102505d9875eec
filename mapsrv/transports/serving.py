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
        self.is_read = True  # whether somebody reads its body, or waits to hear that its client has left
        self.is_slow = False
        self._left = trio.Event()
        self._watch: trio.CancelScope | None = None
        self._watched = trio.Event()

    def end(self) -> None:
        """Have it end as if its client had left: the SDK closes all that it opened only then."""
        self._left.set()

    def receive(self, receive: Receive) -> Receive:
        """Return a receive that also tells of end()."""

        async def receive_or_left() -> Message:
            self.is_read = True
            message: Message = {"type": "http.disconnect"}
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._end, nursery.cancel_scope)
                message = await receive()
                nursery.cancel_scope.cancel()
            return message

        return receive_or_left

    def watch(self, nursery: trio.Nursery, until_left: Receive) -> None:
        """Have it cancelled when its client leaves; for one that nobody reads."""
        self.is_read = True
        self._watch = trio.CancelScope()  # made at once: it may have to end before its task begins
        nursery.start_soon(self._cancel_when_left, self._watch, until_left)

    async def _cancel_when_left(self, scope: trio.CancelScope, until_left: Receive) -> None:
        try:
            with scope:
                while (await until_left())["type"] != "http.disconnect":
                    pass
                self.cancel.cancel()
        finally:
            self._watched.set()

    async def unwatch(self) -> None:
        """Have nobody read it any more: what comes next is the connection's."""
        if self._watch is not None:
            self._watch.cancel()
            with trio.CancelScope(shield=True):  # it only waits for a wait to end
                await self._watched.wait()

    async def _end(self, scope: trio.CancelScope) -> None:
        await self._left.wait()
        scope.cancel()
