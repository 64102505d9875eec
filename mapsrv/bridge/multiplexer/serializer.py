"""Turns at a child that asks its callers something: one caller's calls at a time, in the order they came.

A question does not say for which call it is asked. While one caller's calls alone are under way it is clear.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

import trio

from mapsrv.change import Change

TURN_SECONDS = 30.0  # then a call goes on all the same: another may take for ever

# The calls during which a child may ask: for roots, sampling or elicitation.
MAY_ASK = frozenset({"tools/call", "prompts/get", "resources/read"})


class Serializer:
    """Who waits."""

    def __init__(self) -> None:
        self._queue: deque[object] = deque()
        self._change = Change()

    def tell(self) -> None:
        """Have those who wait look again."""
        self._change.tell()

    def join(self) -> object:
        """Return a place in the queue, to wait() with."""
        ticket = object()
        self._queue.append(ticket)
        return ticket

    async def wait(self, ticket: object, may: Callable[[], bool]) -> None:
        """Wait until all who came before have gone on, and it is true. Who returns must act at once."""
        try:
            with trio.move_on_after(TURN_SECONDS):
                await self._change.until(lambda: self._queue[0] is ticket and may())
        finally:
            self._queue.remove(ticket)
            self.tell()
