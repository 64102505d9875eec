"""What is on its way to a child: in order, and bounded, since a child may read slowly or not at all."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

import trio

from mapsrv.change import Change

MAX_BYTES = 4 * 1024 * 1024  # the largest message, or many small ones; who sends more waits


class StdinWriter:
    """Lines go in one by one; what `write` does not write at once goes out as much at once as there is.

    `write` returns how many bytes it wrote: most lines need no task to wait, and its turns of the loop.
    """

    def __init__(self, write: Callable[[bytes], int]) -> None:
        self._write = write
        self._lines: deque[bytes] = deque()  # with their ends; of the first, what was not written
        self._bytes = 0
        self._taken = False  # whether something is on its way that came before all lines
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
        data = line + b"\n"
        if not (self._lines or self._taken):
            data = data[self._write(data) :]
        if data:
            self._lines.append(data)
            self._bytes += len(data)
            self._change.tell()
        return True

    async def take(self) -> bytes:
        """Wait for what is to be written; return all that is there. Raises trio.ClosedResourceError.

        Called again it takes what it gave for written.
        """
        self._taken = False
        await self._change.until(lambda: self._lines or self._closed)
        if not self._lines:
            raise trio.ClosedResourceError("nothing is sent any more")
        data = b"".join(self._lines)
        self._lines.clear()
        self._bytes, self._taken = 0, True
        self._change.tell()
        return data

    def close(self) -> None:
        """Take in nothing more."""
        self._closed = True
        self._change.tell()
