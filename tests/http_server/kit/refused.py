"""Raw requests of which two readers may see two ends, or two senders: what each is answered, alone."""

from __future__ import annotations

POST = b"POST / HTTP/1.1\r\nHost: localhost\r\n"
CHUNKED, LENGTH = b"Transfer-Encoding: chunked\r\n", b"Content-Length: 5\r\n"
END = b"0\r\n\r\n"

# name: (the request, the status)
SMUGGLED: dict[str, tuple[bytes, int]] = {
    "a length, then chunks": (POST + LENGTH + CHUNKED + b"\r\n" + END, 400),
    "chunks, then a length": (POST + CHUNKED + LENGTH + b"\r\n" + END, 400),
    "two lengths": (POST + LENGTH + b"Content-Length: 6\r\n\r\nhello", 400),
    "the same length twice": (POST + LENGTH + LENGTH + b"\r\nhello", 400),
    "two lengths in one line": (POST + b"Content-Length: 5, 5\r\n\r\nhello", 400),
    "a length with a sign": (POST + b"Content-Length: +5\r\n\r\nhello", 400),
    "an empty length": (POST + b"Content-Length:\r\n\r\nhello", 400),
    "a length beyond 64 bits": (POST + b"Content-Length: 18446744073709551621\r\n\r\nhello", 400),
    "a coding of nearly that name": (POST + b"Transfer-Encoding: xchunked\r\n\r\n" + END, 501),
    "another coding before": (POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n" + END, 501),
    "another coding after": (POST + b"Transfer-Encoding: chunked, identity\r\n\r\n" + END, 501),
    "chunks twice": (POST + CHUNKED + CHUNKED + b"\r\n" + END, 501),
    "no coding": (POST + b"Transfer-Encoding:\r\n\r\n" + END, 400),
    "a coding behind a tab that is none": (POST + b"Transfer-Encoding: \x0bchunked\r\n\r\n" + END, 400),
    "a blank before the colon": (POST + b"Transfer-Encoding : chunked\r\n\r\n" + END, 400),
    "a folded coding": (POST + b"Transfer-Encoding:\r\n chunked\r\n\r\n" + END, 400),
    "a folded line": (POST + b"X: y\r\n z\r\n\r\n", 400),
    "a folded first line": (POST.replace(b"\r\nHost", b"\r\n Host") + b"\r\n", 400),
    "chunks in HTTP/1.0": (POST.replace(b"1.1", b"1.0") + CHUNKED + b"\r\n" + END, 400),
    "bare line feeds": ((POST + LENGTH + b"\r\n").replace(b"\r\n", b"\n") + b"hello", 400),
    "a bare line feed": (POST + b"X: y\nContent-Length: 5\r\n\r\nhello", 400),
    "a bare carriage return": (POST + b"X: y\rContent-Length: 5\r\n\r\nhello", 400),
    "NUL in a value": (POST + b"X: a\0b\r\n\r\n", 400),
    "no host": (b"GET / HTTP/1.1\r\n\r\n", 400),
    "two hosts": (POST + b"Host: evil.example\r\n\r\n", 400),
    "two origins": (POST + b"Origin: http://a\r\nOrigin: http://b\r\n\r\n", 400),
    "HTTP/1.9": (POST.replace(b"1.1", b"1.9") + b"\r\n", 400),
    "HTTP/2.0": (POST.replace(b"1.1", b"2.0") + b"\r\n", 400),
    "RTSP": (POST.replace(b"HTTP/1.1", b"RTSP/1.0") + b"\r\n", 400),
    "no version": (b"GET /\r\nHost: localhost\r\n\r\n", 400),
    "two blanks before the target": (POST.replace(b" / ", b"  / ") + b"\r\n", 400),
    "a blank in the target": (POST.replace(b" / ", b" /a b ") + b"\r\n", 400),
    "an empty line first": (b"\r\n" + POST + b"\r\n", 400),
    "a chunk of no size": (POST + CHUNKED + b"\r\n\r\nhello\r\n" + END, 400),
    "a chunk of size 0x5": (POST + CHUNKED + b"\r\n0x5\r\nhello\r\n" + END, 400),
    "a blank after a chunk's size": (POST + CHUNKED + b"\r\n5 \r\nhello\r\n" + END, 400),
    "a chunk that is longer than its size": (POST + CHUNKED + b"\r\n2\r\nhello\r\n" + END, 400),
    "a chunk's size ended by a bare line feed": (POST + CHUNKED + b"\r\n5\nhello\r\n" + END, 400),
    "a chunk ended by a bare line feed": (POST + CHUNKED + b"\r\n5\r\nhello\n" + END, 400),
    "data after the last request": (POST + b"Connection: close\r\n\r\n", 400),
}
