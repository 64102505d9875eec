"""Which texts are IP addresses, and which of those are this machine. Asked of every request."""

from __future__ import annotations

import ipaddress
from functools import lru_cache
from typing import TypeAlias

MAX_TEXTS = 1_024  # that are remembered: of most requests it is one of a few

Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address


@lru_cache(MAX_TEXTS)
def ip_address(text: str) -> Address | None:
    """Return the address that a text is, IPv4 where IPv6 merely maps it; None for a name."""
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found


def is_loopback(text: str) -> bool:
    """Return whether it is an address of this machine, whoever asks."""
    found = ip_address(text)
    return found is not None and found.is_loopback
