"""Where the body of a request ends: after so many bytes, or after its last chunk. Sans-IO.

llhttp judges every byte of the framing, and this cuts the bytes so that it never sees more than one line, or
the data of one chunk, at a time. So we know where a line begins, what it may cost, and where the message
ends: httptools tells none of that, and would go on into the next request.
"""

from __future__ import annotations

from enum import Enum, auto
from typing import Protocol

import httptools

MAX_FRAMING = 16 * 1024  # bytes of trailers, and of chunks' extensions, in one body: nobody reads them
SIZE_LINE = 20  # bytes of a chunk's size, and its line end, that cost nothing: 64 bits are 16 digits

_HEAD = b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
_NO_CALLBACKS = object()


class Refused(Exception):
    """What came is no request that can be served; `status` is what is answered before the end."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class Body(Protocol):
    """The end of one body."""

    @property
    def done(self) -> bool:
        """Whether it was reached."""
        ...

    def take(self, data: bytes) -> tuple[bytes, bytes]:
        """Return what of this belongs to the body, and what follows it. Raises Refused."""
        ...


class Sized:
    """A body of so many bytes."""

    __slots__ = ("_left",)

    def __init__(self, length: int) -> None:
        self._left = length

    @property
    def done(self) -> bool:
        """Whether all of it is there."""
        return not self._left

    def take(self, data: bytes) -> tuple[bytes, bytes]:
        """Return what of this belongs to the body, and what follows it."""
        body, rest = data[: self._left], data[self._left :]
        self._left -= len(body)
        return body, rest


class Part(Enum):
    """What of a chunked body comes next (RFC 9112 section 7.1)."""

    SIZE = auto()  # a chunk's size, with its extensions
    DATA = auto()
    DATA_END = auto()  # the line end after it
    TRAILER = auto()  # one more line, of which the empty one is the last


class Chunked:
    """A body in chunks."""

    __slots__ = ("_judge", "_part", "_line", "_left", "_spare", "done")

    def __init__(self) -> None:
        self._judge = httptools.HttpRequestParser(_NO_CALLBACKS)
        self._judge.feed_data(_HEAD)
        self._part, self._line = Part.SIZE, b""
        self._left = 0  # bytes of this chunk's data
        self._spare = MAX_FRAMING
        self.done = False

    def take(self, data: bytes) -> tuple[bytes, bytes]:
        """Return what of this belongs to the body, and what follows it. Raises Refused."""
        parts, at = [], 0
        while at < len(data) and not self.done:
            if self._part is Part.DATA:
                piece = data[at : at + self._left]
                parts.append(piece)
                self._take_data(piece)
            else:
                end = data.find(b"\n", at, at + self._room)
                piece = data[at : end + 1] if end >= 0 else data[at : at + self._room]
                self._take_line(piece)
            at += len(piece)
        return b"".join(parts), data[at:]

    @property
    def _room(self) -> int:
        """How many bytes more this line may have."""
        spare = {Part.SIZE: SIZE_LINE + self._spare, Part.DATA_END: 2, Part.TRAILER: self._spare}
        return spare[self._part] - len(self._line)

    def _take_data(self, data: bytes) -> None:
        self._tell(data)
        self._left -= len(data)
        if not self._left:
            self._part = Part.DATA_END

    def _take_line(self, piece: bytes) -> None:
        self._tell(piece)
        self._line += piece
        if self._line.endswith(b"\n"):
            line, self._line = self._line, b""
            self._end_line(line)
        elif not self._room:
            raise Refused(431)

    def _end_line(self, line: bytes) -> None:
        if self._part is Part.SIZE:
            self._left = int(line.partition(b";")[0], 16)
            self._spare -= max(0, len(line) - SIZE_LINE)
            self._part = Part.DATA if self._left else Part.TRAILER
        elif self._part is Part.DATA_END:
            self._part = Part.SIZE
        else:
            self._spare -= len(line)
            self.done = line == b"\r\n"

    def _tell(self, data: bytes) -> None:
        """Have llhttp see it. Raises Refused."""
        try:
            self._judge.feed_data(data)
        except httptools.HttpParserError:
            raise Refused(400) from None
