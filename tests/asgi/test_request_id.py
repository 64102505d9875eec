"""What a request is called: by whom that is believed, and in which form."""

from __future__ import annotations

import re
from ipaddress import ip_network

import pytest

from mapsrv.asgi.request_id import MAX_ID, new_id, request_id, told_id
from mapsrv.asgi.trusted_proxies import TrustedProxies

TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
TRACEPARENT = f"00-{TRACE}-{PARENT}-01".encode()
ID = b"7c9e6679-7425-40de-944b-e07fc1f90ae7"
MADE = re.compile("[0-9a-f]{16}")


def headers(**lines: bytes) -> list[tuple[bytes, bytes]]:
    return [(name.replace("_", "-").encode(), value) for name, value in lines.items()]


def test_the_trace_comes_before_the_id() -> None:
    assert told_id(headers(traceparent=TRACEPARENT, x_request_id=ID)) == TRACE
    assert told_id(headers(x_request_id=ID)) == ID.decode()
    assert told_id(headers(accept=b"*/*")) is None


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"00",
        TRACEPARENT.upper(),
        TRACEPARENT + b"-more",  # version 00 has nothing behind the flags
        b"ff" + TRACEPARENT[2:],
        b"00-" + b"0" * 32 + TRACEPARENT[35:],
        TRACEPARENT[:36] + b"0" * 16 + b"-01",
        TRACEPARENT[:-1],
        b" " + TRACEPARENT[:20],
        b"00-" + b"g" * 32 + TRACEPARENT[35:],
        b"x" * 100_000,
    ],
)
def test_a_traceparent_that_is_none_is_passed_over(text: bytes) -> None:
    lines = [(b"traceparent", text)]
    assert told_id(lines) is None
    assert told_id([*lines, (b"x-request-id", ID)]) == ID.decode()
    assert told_id([(b"traceparent", TRACEPARENT), *lines]) is None, "sent twice, it is nobody's"


def test_a_later_version_may_say_more() -> None:
    assert told_id(headers(traceparent=b"cc" + TRACEPARENT[2:] + b"-what-comes")) == TRACE
    assert told_id(headers(traceparent=b"cc" + TRACEPARENT[2:] + b".")) is None


@pytest.mark.parametrize(
    "text",
    [b"", b"a b", b"a\x00b", b"a\nb", b"\x1b[31m", b'a"b', b"a,b", "ö".encode(), b"a" * (MAX_ID + 1), b"{}"],
)
def test_an_id_that_would_do_harm_is_passed_over(text: bytes) -> None:
    assert told_id(headers(x_request_id=text)) is None


@pytest.mark.parametrize(
    "text", [ID, b"a" * MAX_ID, b"Root=1-5759e988-bd862e3fe1be46a994272793", b"a/b:c+d="]
)
def test_ids_as_proxies_write_them_are_taken(text: bytes) -> None:
    assert told_id(headers(x_request_id=text)) == text.decode()


def test_only_a_trusted_peer_is_believed() -> None:
    proxies = TrustedProxies([ip_network("10.0.0.0/8")])
    lines = headers(traceparent=TRACEPARENT, x_request_id=ID)
    assert request_id({"client": ("10.1.2.3", 5), "headers": lines}, proxies) == TRACE
    for peer in (("192.0.2.1", 5), ("127.0.0.1", 5), ("none", 5), None):
        assert MADE.fullmatch(request_id({"client": peer, "headers": lines}, proxies))
    assert MADE.fullmatch(request_id({"client": ("10.1.2.3", 5), "headers": lines}, TrustedProxies()))
    assert MADE.fullmatch(request_id({"client": ("10.1.2.3", 5), "headers": []}, proxies))


def test_no_two_of_ours_are_the_same() -> None:
    assert len({new_id() for _ in range(1000)}) == 1000
