"""Who a request comes from, as every bound a client counts: by address, as trusted proxies tell it.

A caller is an address, IPv6 by its /64, since one host has a whole one. None is exempt: a peer on this
machine that says of no other, and one without an address (a Unix socket). A proxy on this machine that
passes its callers' requests on says so in a header, and counts as one caller, unless it is trusted: then
trusted_proxies.py, which comes before all else, has put the address that it told into the scope.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv6Address, IPv6Network
from typing import Any

from mapsrv.addresses import MAX_TEXTS, ip_address, is_loopback

FORWARDING = frozenset(
    {
        b"forwarded",
        b"via",
        b"x-client-ip",
        b"x-forwarded-for",
        b"x-forwarded-host",
        b"x-forwarded-prefix",
        b"x-forwarded-proto",
        b"x-real-ip",
    }
)
THIS_MACHINE = "127.0.0.1"  # all that proxies on it pass on, where they are not trusted
PREFIX = 64  # bits of an IPv6 address: what one host is given (RFC 6177); by more it could be many callers


def caller_of(scope: Any) -> str | None:
    """Return whom a request counts for; None: for nobody."""
    client = scope.get("client")
    if client is None:
        return None
    address: str = client[0]
    if is_loopback(address):
        return THIS_MACHINE if forwards(scope["headers"]) else None
    return _key(address)


def forwards(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    """Return whether they say that the request is somebody else's. Names are in lower case."""
    for name, _ in headers:  # (asked of every request: any() takes three times as long)
        if name in FORWARDING:
            return True
    return False


@lru_cache(MAX_TEXTS)
def _key(text: str) -> str:
    address = ip_address(text)
    if not isinstance(address, IPv6Address):
        return text if address is None else str(address)
    return str(IPv6Network((int(address), PREFIX), strict=False))
