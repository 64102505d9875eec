"""Lines on stderr, each whole or not at all, and no harm where they cannot be written.

A line goes to the descriptor in one write: past all buffers, which would keep what a full disk refused and
fail again at the very end; and so that processes which share a file do not mix their lines. What cannot be
written (the disk is full, the reader has gone, or does not read a pipe that does not block) is lost and
counted, and the first line that is written again says how many. A line that was torn is ended first.

Nothing is raised, and nothing that goes wrong here is logged: it would go wrong again.
"""

from __future__ import annotations

import logging
import os
from contextlib import suppress

from mapsrv.logs.flood import Event, Flood

BOUNDED = "is_bounded"  # as extra={BOUNDED: True}, of a line whose number somebody else bounds
LEFT_OUT = "lines=left_out"
LOST = "lines=lost"


class StderrHandler(logging.Handler):
    """Writes to a descriptor, which may be closed; `flood` says which lines are left out."""

    def __init__(self, descriptor: int, flood: Flood) -> None:
        super().__init__()
        self._descriptor, self._flood = descriptor, flood
        self._lost = 0
        self._torn = False  # whether the line that was written last has no end

    def emit(self, record: logging.LogRecord) -> None:
        """Write a line, unless there were too many of its kind."""
        self._tell(self._flood.left_out())
        bounded = getattr(record, BOUNDED, False)
        if bounded or self._flood.take((record.name, record.levelno, str(record.msg))):
            self._write(record)

    def tell_left_out(self) -> None:
        """Say what was left out of a second that is over, though nothing else is said."""
        self.acquire()
        try:
            self._tell(self._flood.left_out())
        finally:
            self.release()

    def close(self) -> None:
        """Say what was left out at last."""
        self._tell(self._flood.left_out(early=True))
        super().close()

    def _tell(self, left_out: list[tuple[Event, int]]) -> None:
        for (name, level, text), count in left_out:
            self._write(_record(name, level, LEFT_OUT, of=text, count=count))

    def _write(self, record: logging.LogRecord) -> None:
        if self._lost:
            lost = _record("mapsrv.logs", logging.WARNING, LOST, count=self._lost)
            if self._put(self._line(lost)):
                self._lost = 0
        if self._lost or not self._put(self._line(record)):
            self._lost += 1

    def _line(self, record: logging.LogRecord) -> bytes:
        """Return a record's line; nothing where none can be made of it."""
        bare = _record(record.name, record.levelno, str(record.msg))
        bare.exc_info = record.exc_info
        for each in (record, bare):  # its arguments may not fit, or fail: a bug, and no reason to end
            with suppress(Exception):
                return self.format(each).encode("utf-8", "backslashreplace") + b"\n"
        return b""

    def _put(self, line: bytes) -> bool:
        """Write it, and return whether that was done."""
        if not line:
            return False
        data = memoryview(b"\n" + line if self._torn else line)
        try:
            while data:
                sent = os.write(self._descriptor, data)
                self._torn = data[sent - 1] != ord("\n")
                data = data[sent:]
        except OSError:
            return False
        return True


def _record(name: str, level: int, event: str, **keys: object) -> logging.LogRecord:
    said = {"name": name, "levelno": level, "levelname": logging.getLevelName(level), "msg": event}
    return logging.makeLogRecord(said | keys)
