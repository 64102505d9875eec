"""The table of attacks on the framing of HTTP/1.1: what is sent, and what is answered before the end.

Where a proxy before the server may see another end of a request than the server does, or another
request, it must be refused: what follows would be somebody else's.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Attack:
    name: str
    sent: bytes
    answers: tuple[int, ...]  # the statuses, after which the server closes the connection
    end: bool = False  # whether the attacker then says that nothing more comes
    or_else: tuple[tuple[int, ...], ...] = ()  # where that end may be seen before or after an answer


def get(lines: bytes = b"", path: bytes = b"/health") -> bytes:
    return b"GET " + path + b" HTTP/1.1\r\nHost: localhost\r\n" + lines + b"\r\n"


def post(lines: bytes, body: bytes = b"", path: bytes = b"/sessions") -> bytes:
    head = b"POST " + path + b" HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    return head + lines + b"\r\n" + body


CLOSE = b"Connection: close\r\n"
CHUNKED, LENGTH = b"Transfer-Encoding: chunked\r\n", b"Content-Length: 2\r\n"
SMUGGLED = get(CLOSE)  # what must not be answered, as it is the body of another request, or garbage
FRAMES = b"\0\0\6\4\0\0\0\0\0\0\4\0\0\0\0" + b"\0\0\4\3\0\0\0\0\1\0\0\0\10" * 500  # SETTINGS, RST_STREAM
SETTINGS = b"HTTP2-Settings: AAQAAAAA\r\n"  # a window of 0
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
H2C = b"Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings, close\r\n" + SETTINGS
WEBSOCKET = b"Upgrade: websocket\r\nConnection: Upgrade, close\r\nSec-WebSocket-Version: 13\r\n"

OTHER_PROTOCOLS = (
    Attack("HTTP/2 by prior knowledge", PREFACE, (400,)),
    Attack("HTTP/2 with a window of 0, and resets", PREFACE + FRAMES, (400,)),
    Attack("HTTP/2 after a request", get() + PREFACE + FRAMES, (200, 400)),
    Attack("Upgrade: h2c", get(H2C), (200,)),
    Attack("Upgrade: h2c, and HTTP/2 at once", get(H2C) + PREFACE + FRAMES, (400,)),
    Attack("Upgrade: h2c with a body", post(H2C + LENGTH, b"{}"), (201,)),
    Attack("Upgrade: websocket", get(WEBSOCKET + b"Sec-WebSocket-Key: AA==\r\n"), (200,)),
    Attack("TLS", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 40 + b"\r\n\r\n", (400,)),
    Attack("HTTP/0.9", b"GET /health\r\n\r\n", (400,)),
    Attack("HTTP/9.9", get().replace(b"1.1", b"9.9"), (400,)),
    Attack("CONNECT", get(CLOSE).replace(b"GET /health", b"CONNECT localhost:443"), (404,)),
)
TWO_ENDS = (
    Attack("a length and chunks", post(LENGTH + CHUNKED, b"0\r\n\r\n" + SMUGGLED), (400,)),
    Attack("chunks and a length", post(CHUNKED + LENGTH, b"0\r\n\r\n" + SMUGGLED), (400,)),
    Attack("two lengths", post(LENGTH + b"Content-Length: 40\r\n", b"{}" + SMUGGLED), (400,)),
    Attack("two lengths in one line", post(b"Content-Length: 2, 40\r\n", b"{}" + SMUGGLED), (400,)),
    Attack("a negative length", post(b"Content-Length: -1\r\n", SMUGGLED), (400,)),
    Attack("a length with a sign", post(b"Content-Length: +2\r\n", b"{}" + SMUGGLED), (400,)),
    Attack("a hexadecimal length", post(b"Content-Length: 0x2\r\n", b"{}" + SMUGGLED), (400,)),
    Attack("a length of many digits", post(b"Content-Length: " + b"9" * 5000 + b"\r\n"), (400,)),
    Attack("a length of other digits", post("Content-Length: ２\r\n".encode(), b"{}" + SMUGGLED), (400,)),
    Attack("a space before the colon", post(b"Content-Length : 2\r\n", b"{}" + SMUGGLED), (400,)),
    Attack("another coding", post(b"Transfer-Encoding: gzip, chunked\r\n", b"0\r\n\r\n" + SMUGGLED), (501,)),
    Attack("chunks twice", post(CHUNKED + CHUNKED, b"0\r\n\r\n" + SMUGGLED), (501,)),
    Attack("a coding of nearly that name", post(b"Transfer-Encoding: \x0bchunked\r\n", SMUGGLED), (400,)),
    Attack("chunks in HTTP/1.0", post(CHUNKED, b"0\r\n\r\n" + SMUGGLED).replace(b"1.1", b"1.0", 1), (400,)),
)
CHUNKS = (
    Attack("a chunk of no size", post(CHUNKED, b"\r\n{}\r\n0\r\n\r\n"), (400,)),
    Attack("a chunk of size zz", post(CHUNKED, b"zz\r\n{}\r\n0\r\n\r\n"), (400,)),
    Attack("a chunk of size -1", post(CHUNKED, b"-1\r\n{}\r\n0\r\n\r\n"), (400,)),
    Attack("a chunk of size 0x2", post(CHUNKED, b"0x2\r\n{}\r\n0\r\n\r\n"), (400,)),
    Attack("a chunk of size 2_0", post(CHUNKED, b"2_0\r\n{}\r\n0\r\n\r\n"), (400,)),
    Attack("a chunk of a size of many digits", post(CHUNKED, b"f" * 300 + b"\r\n{}"), (400,)),
    Attack("a chunk longer than its size", post(CHUNKED, b"2\r\n{}xx\r\n0\r\n\r\n" + SMUGGLED), (400,)),
    Attack("a chunk's extension without end", post(CHUNKED, b"2;" + b"x" * 100_000), (431,)),
    Attack("trailers without end", post(CHUNKED, b"2\r\n{}\r\n0\r\n" + b"a: b\r\n" * 20_000), (431,)),
    Attack("a chunk cut off", post(CHUNKED, b"2\r\n{"), (400,), True, ((201,),)),
    Attack("a body cut off", post(LENGTH, b"{"), (400,), True, ((201,),)),
)
HEADS = (
    Attack("a head of 100 KB", get(b"X: " + b"x" * 100_000 + b"\r\n"), (431,)),
    Attack("a head of 20,000 lines", get(b"a: b\r\n" * 20_000), (431,)),
    Attack("a target of 100 KB", get(path=b"/" + b"x" * 100_000), (431,)),
    Attack("a head cut off", b"GET /health HTTP/1.1\r\nHost: loc", (400,), True),
    Attack("nothing but line ends", b"\r\n" * 50_000, (400,)),
    Attack("line ends without CR", get(CLOSE).replace(b"\r\n", b"\n"), (400,)),
    Attack("line ends without LF", get().replace(b"\r\n", b"\r") + b"\r\n\r\n", (400,)),
    Attack("a folded line", get(b"X: a\r\n b\r\n" + CLOSE), (400,)),
    Attack("a folded first line", b"GET /health HTTP/1.1\r\n Host: localhost\r\n\r\n", (400,)),
    Attack("NUL in a value", get(b"X: a\0b\r\n"), (400,)),
    Attack("NUL in a name", get(b"X\0: a\r\n"), (400,)),
    Attack("CR in a value", get(b"X: a\rb\r\n"), (400,)),
    Attack("a line without a colon", get(b"garbage\r\n"), (400,)),
    Attack("a line without a name", get(b": a\r\n"), (400,)),
    Attack("two hosts", get(b"Host: evil.example\r\n"), (400,)),
    Attack("no host", b"GET /health HTTP/1.1\r\n\r\n", (400,)),
    Attack("two origins", post(b"Origin: http://localhost\r\nOrigin: http://evil.example\r\n"), (400,)),
    Attack("another host in the target", get(CLOSE, b"http://evil.example/health"), (200,)),
    Attack("a target of other bytes", get(CLOSE, b"/\xff\x80"), (400,)),
    Attack("a target with a NUL", get(CLOSE, b"/a\0b"), (400,)),
    Attack("a target above the root", get(CLOSE, b"/assets/..%2f..%2f..%2fetc/passwd"), (404,)),
    Attack("no target", get(CLOSE, b""), (400,)),
    Attack("a method of other bytes", get().replace(b"GET", b"G\x00T"), (400,)),
)
ORDER = (
    Attack("200 requests at once", get() * 199 + get(CLOSE), (200,) * 200),
    Attack("a request after one that is refused", get(b"X\0: a\r\n") + SMUGGLED, (400,)),
    Attack("a request after the last", get(CLOSE) + SMUGGLED, (400,)),
    Attack("a request after a GET's body", get(LENGTH) + b"{}" + SMUGGLED, (200, 200)),
    Attack("a request in a body", post(b"Content-Length: %d\r\n" % len(SMUGGLED) + CLOSE, SMUGGLED), (201,)),
    Attack("a request that ends the sending", get(), (200,), True, ((),)),
    Attack("an expectation", post(b"Expect: 100-continue\r\n" + LENGTH), (100, 400), True, ((100, 201),)),
    Attack("garbage after an answer", get() + b"\x00\xff" * 1000 + b"\r\n\r\n", (200, 400)),
)

ATTACKS = (*OTHER_PROTOCOLS, *TWO_ENDS, *CHUNKS, *HEADS, *ORDER)
