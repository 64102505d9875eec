"""A reader of server-sent events (WHATWG HTML, section 9.2), for the tests that read a server's streams."""

from __future__ import annotations

import re
from dataclasses import dataclass

from mapsrv.errors import TooLarge

MAX_MESSAGE = 64 * 1024 * 1024  # bytes of one message: beyond any snapshot, so that no stream fills memory
_ENDS = re.compile(rb"\r\n|\r|\n")
_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a stream; id is the last one that the stream sent, retry in ms if this one set it."""

    event: str
    data: bytes
    id: str
    retry: int | None


class Parser:
    """Bytes in as they come, messages out. A field that nobody knows is skipped, as the standard says."""

    def __init__(self, *, max_message: int = MAX_MESSAGE) -> None:
        self._max_message = max_message
        self._buffer = bytearray()
        self._scanned = 0  # bytes of the buffer known to hold no line end
        self._begun = False
        self._after_cr = False
        self._last_id = ""
        self._event = ""
        self._retry: int | None = None
        self._data: list[bytes] = []
        self._size = 0

    def feed(self, data: bytes) -> list[Message]:
        """Return the messages that these bytes complete; raises TooLarge past max_message."""
        self._buffer += data
        if not self._skip_bom():
            return []
        messages = [message for line in self._lines() if (message := self._line(line)) is not None]
        if len(self._buffer) + self._size > self._max_message:
            raise TooLarge(f"A message of the stream is over {self._max_message:,} bytes.")
        return messages

    def _skip_bom(self) -> bool:
        """Drop a byte order mark at the very start; False while it cannot be told."""
        if not self._begun:
            if len(self._buffer) < len(_BOM) and _BOM.startswith(bytes(self._buffer)):
                return False
            self._begun = True
            if self._buffer.startswith(_BOM):
                del self._buffer[: len(_BOM)]
        return True

    def _lines(self) -> list[bytes]:
        if not self._buffer:
            return []
        if self._after_cr and self._buffer[:1] == b"\n":  # the other half of a CRLF that was split
            del self._buffer[:1]
        lines, start = [], 0
        for end in _ENDS.finditer(self._buffer, self._scanned):
            lines.append(bytes(self._buffer[start : end.start()]))
            start = end.end()
        self._after_cr = start > 0 and start == len(self._buffer) and self._buffer[-1:] == b"\r"
        del self._buffer[:start]
        self._scanned = len(self._buffer)
        return lines

    def _line(self, line: bytes) -> Message | None:
        if not line:
            return self._dispatch()
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if name == b"data":
            self._data.append(value)
            self._size += len(value) + 1
        elif name == b"event":
            self._event = value.decode("utf-8", "replace")
        elif name == b"id" and b"\0" not in value:
            self._last_id = value.decode("utf-8", "replace")
        elif name == b"retry" and value.isdigit() and len(value) < 10:
            self._retry = int(value)
        return None

    def _dispatch(self) -> Message | None:
        """End a message. One without data is none, but its id and retry count."""
        event, data, self._event, self._data, self._size = self._event, self._data, "", [], 0
        if not data:
            return None
        retry, self._retry = self._retry, None
        return Message(event or "message", b"\n".join(data), self._last_id, retry)


def parse(*parts: bytes) -> list[Message]:
    """Return the messages of a stream that came in these parts."""
    parser = Parser()
    return [message for part in parts for message in parser.feed(part)]
