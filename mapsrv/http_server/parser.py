"""HTTP/1.1 from bytes to requests, and nothing else. Sans-IO, by llhttp, with what it lets through refused.

Theory of operation. A head is held until its empty line is there, and only then parsed, in one go and by a
parser of its own: so its bytes are counted exactly, however they come, a resting connection holds no parser,
and an Upgrade (which ends a request for llhttp) is simply ignored, as a server may (RFC 9110 section 7.8).
Before that only two things are refused, since nothing else would ever end such a head: what begins like no
method (TLS), and a line that ends without CR. Then:

- next_request() gives a request as soon as its head is whole. What llhttp lets through and we do not: more
  than one blank around the target, RTSP, no Host or two, two of Origin (the guard would judge the first
  alone), codings that nobody decodes, chunks in HTTP/1.0 (a proxy before us may see another end of it).
- take_body() gives what is there of its body; `whole` says whether that was its end.
- What follows stays unparsed: requests that are sent ahead wait as bytes, and whoever feeds this stops
  reading meanwhile. So it holds at most a head and what was fed last.

Whatever the pieces are in which bytes come, the same requests come out, and the same refusal ends them;
after a Refused there is nothing more to parse.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass

import httptools

from mapsrv.http_server.bodies import Body, Chunked, Refused, Sized

MAX_HEAD = 16 * 1024  # bytes, its empty line included
MAX_HEADERS = 100

Headers = list[tuple[bytes, bytes]]

_END = b"\r\n\r\n"
_HOST, _ORIGIN, _CONNECTION, _UPGRADE = b"host", b"origin", b"connection", b"upgrade"
_LENGTH, _CODING, _EXPECT = b"content-length", b"transfer-encoding", b"expect"
_TELLING = frozenset({_HOST, _ORIGIN, _CONNECTION, _UPGRADE, _LENGTH, _CODING, _EXPECT})
_VERSIONS = {b"HTTP/1.1": "1.1", b"HTTP/1.0": "1.0"}
_CODINGS = re.compile(rb"\r\ntransfer-encoding:([\t -~]+)(?=\r\n)", re.IGNORECASE)


@dataclass(slots=True)
class Request:
    """A request's head. `length` is in bytes, None: the body is chunked. Names of headers are in lower case.

    `last`: its client wants no other after it. `expects`: it waits for a 100 before it sends the body.
    """

    method: str
    target: bytes
    version: str
    headers: Headers
    length: int | None
    last: bool
    expects: bool


class Parser:
    """One connection's."""

    __slots__ = ("_held", "_body")

    def __init__(self) -> None:
        self._held = b""
        self._body: Body | None = None

    @property
    def whole(self) -> bool:
        """Whether all of the last request's body has been taken."""
        return self._body is None

    @property
    def holds(self) -> bool:
        """Whether there are bytes that nobody has taken."""
        return bool(self._held)

    def feed(self, data: bytes) -> None:
        """Add what came."""
        self._held = self._held + data if self._held else data

    def next_request(self) -> Request | None:
        """Return the next request, once its head is there, and the last one whole. Raises Refused."""
        assert self._body is None
        end = self._held.find(_END, 0, MAX_HEAD)
        if end < 0:
            _check_begun(self._held[:MAX_HEAD])
            if len(self._held) >= MAX_HEAD:
                raise Refused(431)
            return None
        end += len(_END)
        head, self._held = self._held[:end], self._held[end:]
        request = parse_head(head)
        if request.length != 0:
            self._body = Chunked() if request.length is None else Sized(request.length)
        return request

    def take_body(self) -> bytes:
        """Return what is there of the last request's body. Raises Refused."""
        if self._body is None:
            return b""
        held, self._held = self._held, b""
        taken, self._held = self._body.take(held)
        if self._body.done:
            self._body = None
        return taken


def parse_head(head: bytes) -> Request:
    """Return the request of a whole head. Raises Refused."""
    _check_begun(head)
    parts = head[: head.index(b"\r\n")].split(b" ")
    version = _VERSIONS.get(parts[-1])
    if version is None or len(parts) != 3:
        raise Refused(400)
    sink = _Sink()
    try:
        httptools.HttpRequestParser(sink).feed_data(head)
    except httptools.HttpParserUpgrade:
        pass  # it was whole, and what follows is HTTP/1.1 all the same
    except httptools.HttpParserError:
        raise Refused(_status(head, version)) from None
    if len(sink.headers) > MAX_HEADERS:
        raise Refused(431)
    return _request(parts[0].decode("ascii"), parts[1], version, sink)


class _Sink:
    """What llhttp calls for each header."""

    __slots__ = ("headers", "telling")

    def __init__(self) -> None:
        self.headers: Headers = []
        self.telling: defaultdict[bytes, list[bytes]] = defaultdict(list)  # those that decide something

    def on_header(self, name: bytes, value: bytes) -> None:
        name, value = name.lower(), value.rstrip(b" \t")
        self.headers.append((name, value))
        if name in _TELLING:
            self.telling[name].append(value)


def _request(method: str, target: bytes, version: str, sink: _Sink) -> Request:
    headers, telling = sink.headers, sink.telling
    hosts = len(telling[_HOST])
    if hosts > 1 or (version == "1.1" and not hosts) or len(telling[_ORIGIN]) > 1:
        raise Refused(400)
    if _UPGRADE in telling:
        headers = [header for header in headers if header[0] != _UPGRADE]
    length = _length(version, telling)
    said = _tokens(telling[_CONNECTION]) if _CONNECTION in telling else ()
    last = b"close" in said or (version == "1.0" and b"keep-alive" not in said) or method == "CONNECT"
    expects = version == "1.1" and b"100-continue" in map(bytes.lower, telling.get(_EXPECT, ()))
    return Request(method, target, version, headers, length, last, expects)


def _tokens(values: list[bytes]) -> set[bytes]:
    return {token.strip().lower() for value in values for token in value.split(b",")}


def _length(version: str, telling: dict[bytes, list[bytes]]) -> int | None:
    if _CODING not in telling:
        return int(telling[_LENGTH][0]) if _LENGTH in telling else 0
    if version == "1.0" or _LENGTH in telling:
        raise Refused(400)
    if [value.lower() for value in telling[_CODING]] != [b"chunked"]:
        raise Refused(501)
    return None


def _status(head: bytes, version: str) -> int:
    """Return what answers a head that llhttp refuses: 501 where it has codings that nobody here decodes."""
    codings = [value.strip().lower() for value in _CODINGS.findall(head)]
    unknown = codings != [b"chunked"] and all(codings) and version == "1.1"
    sized = b"\r\ncontent-length" in head.lower()  # then its end is in two places (RFC 9112 section 6.1)
    return 501 if codings and unknown and not sized else 400


def _check_begun(head: bytes) -> None:
    """Raise Refused for what will never be a head, though its end may not be there yet."""
    if head and not 65 <= head[0] <= 90 or head.count(b"\n") != head.count(b"\r\n"):
        raise Refused(400)
