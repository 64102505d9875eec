"""An answer as bytes: what ASGI's messages say, framed as HTTP/1.1 (RFC 9112). Sans-IO.

The head waits for the first part of the body, so that both leave together; a first part that is also the last
gives the length. Parts of a body are passed on uncopied where they are large: many readers may share one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import Enum, auto
from functools import lru_cache
from http import HTTPStatus
from typing import Any

from hypercorn.utils import UnexpectedMessageError, suppress_body

from mapsrv.http_server.parser import Request

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_STATUS = {status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n".encode() for status in HTTPStatus}
_NAME = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110 section 5.6.2
_LENGTH, _CODING, _CONNECTION = b"content-length", b"transfer-encoding", b"connection"
_FRAMING = frozenset({_LENGTH, _CODING, _CONNECTION})
_CLOSE, _KEEP = b"connection: close\r\n", b"connection: keep-alive\r\n"
_CHUNKED, _LAST_CHUNK = b"transfer-encoding: chunked\r\n", b"0\r\n\r\n"


class State(Enum):
    """How far an answer is."""

    NOTHING = auto()
    HEAD = auto()  # it is there, and waits for the body
    BODY = auto()
    OVER = auto()


class Response:
    """The answer to one request. `last`: the connection ends with it, which may be set until it has begun."""

    __slots__ = ("state", "last", "chunked", "_left", "_bare", "_head", "_method", "_version", "_lines")

    def __init__(self, request: Request, lines: bytes) -> None:
        self._method, self._version = request.method, request.version
        self._lines = lines  # of each head, such as the date
        self.state = State.NOTHING
        self.last = request.last
        self.chunked = False
        self._head: Mapping[str, Any] = {}
        self._left: int | None = None  # bytes of the body that are to come, where the head told
        self._bare = False  # whether it has no body, whatever the head says

    @property
    def begun(self) -> bool:
        """Whether any of it may be on its way."""
        return self.state in (State.BODY, State.OVER)

    def take(self, message: Mapping[str, Any]) -> list[bytes]:
        """Return the bytes of a message. Raises ValueError or Hypercorn's error where it is not right."""
        kind = message["type"]
        if kind == "http.response.start" and self.state is State.NOTHING:
            self._head, self.state = message, State.HEAD
            return []
        if kind != "http.response.body" or self.state not in (State.HEAD, State.BODY):
            raise UnexpectedMessageError(self.state, kind)
        body, more = bytes(message.get("body", b"")), bool(message.get("more_body", False))
        parts = []
        if self.state is State.HEAD:
            parts.append(self._begin(body, more))
        if not self._bare:
            parts += self._part(body, more)
        self._head, self.state = {}, State.BODY if more else State.OVER
        return parts

    def _begin(self, body: bytes, more: bool) -> bytes:
        """Return the head."""
        status = self._head["status"]
        self._bare = suppress_body(self._method, status)
        lines = [_STATUS.get(status) or b"HTTP/1.1 %d \r\n" % status]
        for name, value in self._head.get("headers", ()):
            if (lower := _lower(bytes(name))) not in _FRAMING:
                lines.append(b"%b: %b\r\n" % (lower, bytes(value).strip()))
            elif lower == _LENGTH:
                self._left = int(value)
            elif lower == _CONNECTION and bytes(value).strip().lower() == b"close":
                self.last = True
        if framing := self._framing(body, more):
            lines.append(framing)
        if self.last or self._version == "1.0":
            lines.append(_CLOSE if self.last else _KEEP)
        head = b"".join(lines)
        if head.count(b"\n") != head.count(b"\r\n") or head.count(b"\r") != len(lines) or b"\0" in head:
            raise ValueError("a header with a line's end in it")
        return b"%b%b\r\n" % (head, self._lines)

    def _framing(self, body: bytes, more: bool) -> bytes:
        """Return the line that tells where the body ends; without any it ends with the connection."""
        if self._left is None and not self._bare:
            if more and self._version == "1.0":
                self.last = True
                return b""
            if more:
                self.chunked = True
                return _CHUNKED
            self._left = len(body)
        return b"" if self._left is None else b"content-length: %d\r\n" % self._left

    def _part(self, body: bytes, more: bool) -> list[bytes]:
        if self._left is not None:
            self._left -= len(body)
            if self._left < 0 or (self._left and not more):
                raise ValueError("a body that is not as long as its head says")
        if not self.chunked:
            return [body] if body else []
        parts = [b"%x\r\n" % len(body), body, b"\r\n"] if body else []
        return parts if more else [*parts, _LAST_CHUNK]


def refusal(status: int, lines: bytes) -> bytes:
    """Return the whole answer to what cannot be served."""
    return b"%bcontent-length: 0\r\n%b%b\r\n" % (_STATUS[status], _CLOSE, lines)


@lru_cache(maxsize=256)
def _lower(name: bytes) -> bytes:
    """Return a header's name in lower case."""
    if _NAME.fullmatch(name) is None:
        raise ValueError(f"no name of a header: {name!r}")
    return name.lower()
