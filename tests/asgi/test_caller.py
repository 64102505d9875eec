"""Whom a request counts for: an address, a /64 of IPv6, or nobody on this machine who asks for itself."""

from __future__ import annotations

import ipaddress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mapsrv.asgi.caller import FORWARDING, caller_of


def scope(address: str | None, *headers: tuple[bytes, bytes]) -> dict[str, Any]:
    client = None if address is None else (address, 50000)
    return {"type": "http", "client": client, "headers": [(b"host", b"localhost"), *headers]}


@pytest.mark.parametrize(
    ("address", "caller"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::", "2001:db8:1:3::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("no address", "no address"),
    ],
)
def test_a_caller_is_an_address_and_of_ipv6_a_whole_64(address: str, caller: str) -> None:
    assert caller_of(scope(address)) == caller
    assert caller_of(scope(address, (b"x-forwarded-for", b"198.51.100.1"))) == caller


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1", None])
def test_who_asks_on_this_machine_for_itself_counts_for_nobody(address: str | None) -> None:
    assert caller_of(scope(address)) is None


@pytest.mark.parametrize("name", sorted(FORWARDING))
@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.8.8", "::ffff:127.0.0.1", "::1"])
def test_what_proxies_on_this_machine_pass_on_counts_as_one_caller(name: bytes, address: str) -> None:
    assert caller_of(scope(address, (name, b"anything"))) == "127.0.0.1"


def test_the_headers_that_the_common_proxies_send_are_known() -> None:
    assert {b"x-forwarded-for", b"forwarded", b"x-real-ip", b"x-forwarded-proto", b"via"} <= FORWARDING


@given(st.ip_addresses(v=6), st.integers(0, 2**64 - 1))
def test_all_addresses_of_a_64_are_one_caller(address: ipaddress.IPv6Address, host: int) -> None:
    other = ipaddress.IPv6Address((int(address) >> 64 << 64) | host)
    if address.ipv4_mapped is None and other.ipv4_mapped is None and not {address, other} & LOOPBACK:
        assert caller_of(scope(str(address))) == caller_of(scope(str(other)))


LOOPBACK = {ipaddress.IPv6Address("::1")}
