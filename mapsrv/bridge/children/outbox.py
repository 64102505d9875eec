"""What is on its way to a child: in order, and bounded, since a child may read slowly or not at all."""

from __future__ import annotations

from collections import deque

import trio

from mapsrv.change import Change

MAX_BYTES = 4 * 1024 * 1024  # the largest message, or many small ones; who sends more waits


class Outbox:
    """Lines go in one by one, and out as many at once as there are."""

    def __init__(self) -> None:
        self._lines: deque[bytes] = deque()
        self._bytes = 0
        self._closed = False
        self._change = Change()

    async def put(self, line: bytes) -> None:
        """Add a line; waits for room. Raises trio.ClosedResourceError."""
        await self._change.until(lambda: self.put_nowait(line))

    def put_nowait(self, line: bytes) -> bool:
        """Add a line, if there is room; return whether there was. Raises trio.ClosedResourceError."""
        if self._closed:
            raise trio.ClosedResourceError("nothing is sent any more")
        if self._lines and self._bytes + len(line) > MAX_BYTES:
            return False
        self._lines.append(line)
        self._bytes += len(line)
        self._change.tell()
        return True

    async def take(self) -> bytes:
        """Wait for lines; return all that are there, each with its end. Raises trio.ClosedResourceError."""
        await self._change.until(lambda: self._lines or self._closed)
        if not self._lines:
            raise trio.ClosedResourceError("nothing is sent any more")
        data = b"\n".join([*self._lines, b""])
        self._lines.clear()
        self._bytes = 0
        self._change.tell()
        return data

    def close(self) -> None:
        """Take in nothing more."""
        self._closed = True
        self._change.tell()
