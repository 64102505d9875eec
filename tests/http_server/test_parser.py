"""Laws of the parser: however bytes come, the same requests come out; garbage raises only our own error."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mapsrv.http_server.bodies import MAX_FRAMING, SIZE_LINE, Refused
from mapsrv.http_server.parser import MAX_HEAD, MAX_HEADERS, Parser

HOST = b"Host: x\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n"


def outcome(pieces: Iterable[bytes]) -> list[object]:
    """Return all that a parser says of these: each request with its body, and the status of a refusal."""
    parser, found = Parser(), []
    try:
        for piece in pieces:
            parser.feed(piece)
            while True:
                if not parser.whole:
                    request, body = found.pop()
                    found.append((request, body + parser.take_body()))
                if not parser.whole or (request := parser.next_request()) is None:
                    break
                found.append((request, b""))
    except Refused as refused:
        found.append(refused.status)
    return found


def cut(data: bytes, places: Iterable[int]) -> list[bytes]:
    marks = sorted({0, len(data), *(place % (len(data) + 1) for place in places)})
    return [data[a:b] for a, b in zip(marks, marks[1:], strict=False)]


def head(*lines: bytes, start: bytes = b"POST /a?b HTTP/1.1") -> bytes:
    return b"\r\n".join([start, *lines, b"", b""])


names = st.text("abcdefghijklmnop-", min_size=1, max_size=20).map(lambda text: b"x-" + text.encode())
values = st.binary(max_size=40).map(lambda data: bytes(byte for byte in data if 32 < byte < 127))
lines = st.lists(st.tuples(names, values).map(lambda pair: b"%b: %b" % pair), max_size=6)


@st.composite
def requests(draw: st.DrawFn) -> bytes:
    """A request that is in order, with a body or without."""
    start, body = [b"Host: localhost", *draw(lines)], draw(st.binary(max_size=60))
    kind = draw(st.sampled_from(["none", "sized", "chunked"]))
    if kind == "none":
        return head(*start, start=draw(st.sampled_from([b"GET / HTTP/1.1", b"HEAD /x HTTP/1.0"])))
    if kind == "sized":
        return head(*start, b"Content-Length: %d" % len(body)) + body
    chunks = [chunk for chunk in cut(body, draw(st.lists(st.integers(0, 60), max_size=3))) if chunk]
    extension = draw(st.sampled_from([b"", b";a", b";a=b"]))
    framed = b"".join(b"%x%b\r\n%b\r\n" % (len(chunk), extension, chunk) for chunk in chunks)
    trailer = draw(st.sampled_from([b"", b"x-sum: 1\r\n"]))
    return head(*start, CHUNKED.strip()) + framed + b"0\r\n" + trailer + b"\r\n"


places = st.lists(st.integers(0, 4000), max_size=12)


@given(st.lists(requests(), min_size=1, max_size=3), places)
def test_any_split_gives_the_same_requests(sent: list[bytes], at: list[int]) -> None:
    data = b"".join(sent)
    whole = outcome([data])
    assert outcome(cut(data, at)) == whole and len(whole) == len(sent) and 400 not in whole


@given(requests(), st.integers(0, 4000), st.binary(min_size=1, max_size=3), places)
def test_any_split_of_what_was_damaged_gives_the_same_and_only_refuses(
    sent: bytes, where: int, damage: bytes, at: list[int]
) -> None:
    where %= len(sent)
    data = sent[:where] + damage + sent[where + 1 :] + sent
    whole = outcome([data])
    assert outcome(cut(data, at)) == whole
    assert outcome(data[i : i + 1] for i in range(len(data))) == whole


@given(st.binary(max_size=300), places)
def test_garbage_raises_only_refused(data: bytes, at: list[int]) -> None:
    assert outcome(cut(data, at)) == outcome([data])


@pytest.mark.parametrize("size", [1, 7, 1000, 100_000])
@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"x" * MAX_HEAD, 431),
        (b"GET /" + b"x" * MAX_HEAD + b" HTTP/1.1\r\nHost: x\r\n\r\n", 431),
        (b"GET / HTTP/1.1\r\nHost: x\r\nX:" + b" " * MAX_HEAD + b"x\r\n\r\n", 431),
        (head(HOST.strip(), *[b"a: b"] * MAX_HEADERS), 431),
        (head(HOST.strip(), CHUNKED.strip()) + b"2;" + b"x" * (MAX_FRAMING + SIZE_LINE), 431),
        (head(HOST.strip(), CHUNKED.strip()) + (b"1;" + b"x" * 99 + b"\r\n_\r\n") * 200, 431),
        (head(HOST.strip(), CHUNKED.strip()) + b"0\r\n" + b"a: b\r\n" * (MAX_FRAMING // 6 + 1), 431),
        (b"\x16\x03\x01", 400),
        (b"GET / HTTP/1.1\nHost: x\n", 400),
    ],
)
def test_what_is_too_much_is_refused_however_it_comes(size: int, data: bytes, expected: int) -> None:
    assert outcome(data[i : i + size] for i in range(0, len(data), size))[-1] == expected


def test_what_is_just_not_too_much_is_taken() -> None:
    start = b"GET / HTTP/1.1\r\nHost: x\r\nX: "
    full = start + b"x" * (MAX_HEAD - len(start) - 4) + b"\r\n\r\n"
    [(request, _)] = outcome([full])
    assert len(full) == MAX_HEAD and len(request.headers) == 2
    [(request, _)] = outcome([head(HOST.strip(), *[b"a: b"] * (MAX_HEADERS - 1))])
    assert len(request.headers) == MAX_HEADERS
    small = head(HOST.strip(), CHUNKED.strip()) + b"1\r\n_\r\n" * 20_000 + b"0\r\n\r\n"
    [(_, body)] = outcome([small])
    assert body == b"_" * 20_000


def test_headers_are_lower_case_and_trimmed_and_an_upgrade_is_left_out() -> None:
    sent = head(
        b"HoSt: X", b"Upgrade: h2c", b"CONNECTION: Upgrade", b"X-Y: \t A b \t", b"e:", b"content-length: 2"
    )
    [(request, body), (other, _)] = outcome([sent + b"hi" + head(b"host: x", start=b"GET / HTTP/1.1")])
    assert request.headers == [
        (b"host", b"X"), (b"connection", b"Upgrade"), (b"x-y", b"A b"), (b"e", b""), (b"content-length", b"2")
    ]  # fmt: skip
    assert (request.method, request.target, request.version, body) == ("POST", b"/a?b", "1.1", b"hi")
    assert other.method == "GET"


@pytest.mark.parametrize(
    ("version", "line", "last"),
    [
        ("1.1", b"X: y", False),
        ("1.1", b"Connection: Close", True),
        ("1.1", b"Connection: keep-alive, close", True),
        ("1.0", b"X: y", True),
        ("1.0", b"Connection: Keep-Alive", False),
    ],
)
def test_who_wants_another_request_after_this(version: str, line: bytes, last: bool) -> None:
    [(request, _)] = outcome([head(b"Host: x", line, start=b"GET / HTTP/" + version.encode())])
    assert (request.version, request.last) == (version, last)
