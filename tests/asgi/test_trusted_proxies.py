"""X-Forwarded- headers: read from the right to the first stranger, and of trusted proxies alone."""

from __future__ import annotations

import logging
from ipaddress import ip_network
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mapsrv.asgi.caller import caller_of
from mapsrv.asgi.trusted_proxies import MAX_ENTRIES, TrustedProxies

PROXY, STRANGER, OTHER = "10.0.0.1", "203.0.113.9", "198.51.100.7"
NETWORKS = [ip_network(text) for text in ("10.0.0.0/8", "fd00::/8", "127.0.0.1")]


def read(address: str | None, *headers: tuple[str, str], proxies: TrustedProxies | None = None) -> Any:
    """Return the scope of a request when all was read that its proxy tells."""
    scope = {
        "type": "http",
        "scheme": "http",
        "root_path": "",
        "client": None if address is None else (address, 50000),
        "headers": [(name.encode(), value.encode("latin-1")) for name, value in headers],
    }
    (proxies or TrustedProxies(NETWORKS)).read(scope)
    return scope


def found(*lines: str, peer: str = PROXY) -> str:
    """Return the address that is found by these lines of X-Forwarded-For."""
    address: str = read(peer, *(("x-forwarded-for", line) for line in lines))["client"][0]
    return address


@pytest.mark.parametrize(
    ("lines", "address"),
    [
        ([STRANGER], STRANGER),
        ([f"{OTHER}, {STRANGER}"], STRANGER),
        ([f"{STRANGER}, 10.0.0.2, 10.9.9.9"], STRANGER),
        ([f"{OTHER},{STRANGER},10.0.0.2"], STRANGER),
        ([OTHER, f"{STRANGER}, fd00::2"], STRANGER),
        ([STRANGER, "10.0.0.2"], STRANGER),
        (["2001:db8::1"], "2001:db8::1"),
        (["::ffff:203.0.113.9"], STRANGER),
        ([f"{STRANGER}:4711"], STRANGER),
        (["[2001:db8::1]:4711"], "2001:db8::1"),
        (["[2001:db8::1]"], "2001:db8::1"),
        (["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
        ([f"127.0.0.1, {STRANGER}"], STRANGER),
    ],
)
def test_the_first_stranger_from_the_right_is_who_asks(lines: list[str], address: str) -> None:
    assert found(*lines) == address


GARBAGE = ["", "unknown", "_hidden", "203.0.113.9.1", "1.2.3", "localhost", "a" * 5000, "\xff", "[::1", "1e3"]


@pytest.mark.parametrize("garbage", GARBAGE)
def test_garbage_ends_the_reading_and_the_last_good_one_counts(garbage: str) -> None:
    assert found(garbage) == PROXY
    assert found(f"{STRANGER}, {garbage}") == PROXY
    assert found(f"{STRANGER}, {garbage}, 10.0.0.2") == "10.0.0.2"
    assert found(f"{garbage}, {STRANGER}") == STRANGER


def test_of_a_hundred_entries_all_are_read_and_of_more_no_more() -> None:
    inner = ["10.0.0.2"] * (MAX_ENTRIES - 1)
    assert found(", ".join([OTHER, STRANGER, *inner])) == STRANGER
    assert found(", ".join([OTHER, STRANGER, *inner, "10.0.0.3"])) == "10.0.0.2"
    assert found(", ".join([OTHER] * 100)) == OTHER


entries = st.lists(
    st.sampled_from([STRANGER, OTHER, "10.0.0.2", "fd00::1", *GARBAGE])
    | st.text("0123456789.:[]a, ", max_size=20),
    max_size=150,
)


@given(entries, st.integers(1, 5))
def test_what_a_stranger_writes_never_makes_it_another_or_nobody(forged: list[str], lines: int) -> None:
    """What the proxy appended stands at the right, whatever stands before it."""
    sent = [",".join(forged)] * lines
    assert found(*sent, STRANGER) == found(",".join([*forged, STRANGER])) == STRANGER
    scope = read("127.0.0.1", *(("x-forwarded-for", line) for line in sent))
    assert caller_of(scope) is not None, "behind a trusted proxy on this machine nobody is exempt"


@pytest.mark.parametrize("peer", [STRANGER, "2001:db8::1", "127.0.0.2", "::1", "no address"])
def test_of_others_nothing_is_read(peer: str) -> None:
    headers = [("x-forwarded-for", OTHER), ("x-forwarded-proto", "https"), ("x-forwarded-prefix", "/maps")]
    scope = read(peer, *headers)
    assert (scope["client"], scope["scheme"], scope["root_path"]) == ((peer, 50000), "http", "")
    assert read(None, *headers)["client"] is None


@pytest.mark.parametrize("peer", ["10.1.2.3", "::ffff:10.1.2.3", "fd12::1", "127.0.0.1"])
def test_a_trusted_proxy_is_known_however_its_address_is_written(peer: str) -> None:
    assert found(STRANGER, peer=peer) == STRANGER


@pytest.mark.parametrize(
    ("sent", "scheme"),
    [(["https"], "https"), (["HTTPS"], "https"), (["http"], "http"), (["ftp"], "http"), (["a, http"], "http"),
     (["https", "https"], "http"), (["https, http"], "http"), ([""], "http")],
)  # fmt: skip
def test_the_scheme_is_http_or_https_and_said_once(sent: list[str], scheme: str) -> None:
    assert read(PROXY, *(("x-forwarded-proto", one) for one in sent))["scheme"] == scheme


@pytest.mark.parametrize(
    ("sent", "prefix"),
    [(["/maps"], "/maps"), (["/tools/v1/"], "/tools/v1"), (["//evil.example/x"], ""), (["maps"], ""),
     (["/"], ""), (["/a\r\nb"], ""), (["/a b"], ""), (["/a?b"], ""), (["/a", "/b"], ""), (["/%2e"], "")],
)  # fmt: skip
def test_a_prefix_is_a_plain_path_and_said_once(sent: list[str], prefix: str) -> None:
    assert read(PROXY, *(("x-forwarded-prefix", one) for one in sent))["root_path"] == prefix


def test_one_line_a_process_says_that_a_proxy_is_not_trusted(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    proxies = TrustedProxies(NETWORKS)
    read(STRANGER, ("user-agent", "curl"), proxies=proxies)
    read(PROXY, ("x-forwarded-for", OTHER), proxies=proxies)
    assert caplog.messages == [], "nothing to tell of who passes nothing on, or is trusted"
    for peer in (STRANGER, "192.0.2.1", STRANGER):
        read(peer, ("x-forwarded-for", OTHER), proxies=proxies)
    [line] = caplog.messages
    assert line.startswith(STRANGER) and "--trusted-proxies" in line and "count as one" in line
    assert OTHER not in line
