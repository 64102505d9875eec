"""What a child says that is no message, in the log: stderr, and lines on stdout that are none.

It may say that without end. So of each second LINES lines are logged, of each line MOST_BYTES, and no
more is held; the rest is counted, and the log says how much it was, with the next line or at the end.
"""

from __future__ import annotations

import logging
import math

import trio

from mapsrv.logs.stderr import BOUNDED

LINES = 100  # of one child in a second, with the two that tell of others: more is read by nobody
MOST_BYTES = 2000  # of a line: a traceback's lines have a tenth of that
WINDOW_SECONDS = 1.0

log = logging.getLogger("mapsrv.bridge")


class ChildLog:
    """One child's. feed() takes stderr as it comes, say() a line that came elsewhere."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._until = -math.inf  # the end of this second
        self._room = 0  # lines that it still has
        self._head = bytearray()  # of the line on stderr that has not ended
        self._more = 0  # bytes that followed it
        self._skipping = False  # the line began when there was no room
        self._lines = self._bytes = 0  # that were left out and not told of

    def feed(self, data: bytes) -> None:
        """Log the lines that end in these bytes."""
        at = 0
        while at < len(data):
            if not self._has_room():
                return self._leave_out(data[at:])
            end = data.find(b"\n", at)
            self._add(data[at : end if end >= 0 else len(data)])
            if end < 0:
                return
            self._end_line()
            at = end + 1

    def say(self, what: str) -> None:
        """Log a line."""
        if self._has_room():
            self._put(f"{self._name} {what[:MOST_BYTES]}")
        else:
            self._count(1, len(what))

    def close(self) -> None:
        """Log what has no end, and what was left out."""
        if self._head or self._skipping:
            self._end_line()
        self._tell()

    def _has_room(self) -> bool:
        """Return whether one more line may be logged now; in a new second tell what the last left out."""
        now = trio.current_time()
        if now >= self._until:
            self._until = now + WINDOW_SECONDS
            self._room = LINES - 2
            self._tell()
        return self._room > 0

    def _add(self, part: bytes) -> None:
        """Take more of a line, of which the beginning is kept."""
        room = 0 if self._skipping else MOST_BYTES - len(self._head)
        self._head += part[:room]
        self._more += max(0, len(part) - room)

    def _end_line(self) -> None:
        head, more = bytes(self._head).rstrip(b"\r"), self._more
        if self._skipping or not self._has_room():
            self._count(1, len(head) + more)
        elif head.strip() or more:
            said = head.decode(errors="replace")
            self._put(f"{self._name}: {said}" + (f"... and {more:,} bytes more" if more else ""))
        self._head.clear()
        self._more, self._skipping = 0, False

    def _leave_out(self, data: bytes) -> None:
        """Count lines, without looking at them: they may be many."""
        ended, end, rest = data.rpartition(b"\n")
        self._more += len(self._head)
        self._head.clear()
        if end:
            self._count(data.count(end), self._more + len(ended))
            self._more = 0
        self._more += len(rest)
        self._skipping = bool(rest)

    def _count(self, lines: int, size: int) -> None:
        if not self._lines:
            log.info("%s says more than %d lines a second: the rest is counted", self._name, LINES)
        self._lines += lines
        self._bytes += size

    def _tell(self) -> None:
        if self._lines:
            log.info("%s: %d lines (%d bytes) were left out", self._name, self._lines, self._bytes)
        self._lines = self._bytes = 0

    def _put(self, line: str) -> None:
        self._room -= 1
        log.info("%s", line, extra={BOUNDED: True})
