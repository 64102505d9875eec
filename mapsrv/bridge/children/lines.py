"""Lines out of a pipe's bytes, and the last of what was said. No I/O."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

KEPT_BYTES = 64 * 1024


class LongLine(ValueError):
    """A line is longer than is read."""


class Lines:
    """Cuts what is fed into lines, without their ends; empty ones are left out."""

    def __init__(self, longest: float) -> None:
        self._longest = longest
        self._parts: list[bytes] = []
        self._size = 0

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield the lines that end in the data. Raises LongLine, after which nothing more may be fed."""
        *ends, rest = data.split(b"\n")
        for end in ends:
            self._check(len(end))
            line = b"".join([*self._parts, end]).rstrip(b"\r")
            self._parts, self._size = [], 0
            if line.strip():
                yield line
        self._check(len(rest))
        if rest:
            self._parts.append(rest)
            self._size += len(rest)

    def _check(self, more: int) -> None:
        if self._size + more > self._longest:
            raise LongLine


class Tail:
    """The last KEPT_BYTES of what was said."""

    def __init__(self) -> None:
        self._parts: deque[bytes] = deque()
        self._size = 0

    def add(self, data: bytes) -> None:
        """Note more of it."""
        data = data[-KEPT_BYTES:]
        self._parts.append(data)
        self._size += len(data)
        while self._size - len(self._parts[0]) >= KEPT_BYTES:
            self._size -= len(self._parts.popleft())

    @property
    def text(self) -> str:
        """All that is kept."""
        return b"".join(self._parts)[-KEPT_BYTES:].decode(errors="replace")

    @property
    def last(self) -> str:
        """The last line that says anything."""
        lines = [line.strip() for line in self.text.splitlines() if line.strip()]
        return lines[-1] if lines else ""
