"""What proxies tell of the requests that they pass on, believed of those alone that --trusted-proxies names.

Theory of operation. Each proxy appends the address of its own peer to X-Forwarded-For, so the list is read
from the right: addresses of trusted proxies are passed over, and the first stranger is who asks. What stands
further left the stranger wrote itself. An entry that is no address ends the reading, and the last good one
counts; so does the end of the list, and the most that is read of it. At worst many count as one.

From the peer itself everything else follows: of one that is not trusted none of these headers is read. It
then counts with its own address for all whose requests it passes on; the log says so once, since a team
behind a proxy that nobody named would share one caller's rates without knowing why.

This comes before all else, and what is found stands in the scope, where ASGI has it: `client`, `scheme`, and
`root_path`, which is the prefix of the client's path that the proxy took away.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any

from mapsrv.addresses import MAX_TEXTS, ip_address
from mapsrv.asgi.caller import forwards
from mapsrv.config.values import Network

MAX_ENTRIES = 100  # of X-Forwarded-For that are read: no request passes more proxies
MAX_ENTRY = 64  # characters; the longest address with a port has 54

SCHEMES = {b"http": "http", b"https": "https"}

_PREFIX = re.compile(rb"(/[A-Za-z0-9_.~-]+)+/?")
_WITH_PORT = re.compile(r"\[([0-9A-Fa-f:.]+)\](?::\d{1,5})?|([0-9.]+):\d{1,5}", re.ASCII)

log = logging.getLogger("mapsrv.http")


class TrustedProxies:
    """`networks` are where trusted proxies stand; none: nobody is believed."""

    def __init__(self, networks: Iterable[Network] = ()) -> None:
        self._networks = tuple(networks)
        self._told = False  # of a proxy that is not trusted
        self._trusts = lru_cache(MAX_TEXTS)(self._is_trusted)

    def trusts(self, scope: Any) -> bool:
        """Return whether a request's peer is to be believed; asked before read(), which names another."""
        client = scope.get("client")
        return bool(self._networks) and client is not None and self._trusts(client[0])

    def read(self, scope: Any) -> None:
        """Put into a request's scope what its proxy tells of it, if that is one to be believed."""
        client = scope.get("client")
        if client is None or not forwards(scope["headers"]):
            return
        if not self._trusts(client[0]):
            return self._tell(client[0])
        headers = scope["headers"]
        scope["client"] = (self._stranger(headers, client[0]), 0)
        if scheme := SCHEMES.get(only(headers, b"x-forwarded-proto").lower()):
            scope["scheme"] = scheme
        prefix = only(headers, b"x-forwarded-prefix")
        if _PREFIX.fullmatch(prefix):
            scope["root_path"] = prefix.decode().rstrip("/")

    def _is_trusted(self, text: str) -> bool:
        address = ip_address(text)
        return address is not None and any(address in network for network in self._networks)

    def _stranger(self, headers: Iterable[tuple[bytes, bytes]], found: str) -> str:
        """Return the first address from the right that is no trusted proxy's; `found` is the peer's."""
        for number, entry in enumerate(_entries(headers)):
            address = _address(entry) if number < MAX_ENTRIES else None
            if address is None:
                break
            found = address
            if not self._trusts(found):
                break
        return found

    def _tell(self, peer: str) -> None:
        if not self._told:
            self._told = True
            log.warning(
                "%s passes on requests of others and is not among --trusted-proxies: all callers behind such"
                " a proxy count as one",
                peer,
            )


def _entries(headers: Iterable[tuple[bytes, bytes]]) -> Iterator[str]:
    """Yield the entries of X-Forwarded-For from the right, of all its lines (RFC 9110 section 5.3)."""
    lines = [value for name, value in headers if name == b"x-forwarded-for"]
    for line in reversed(lines):
        for entry in reversed(line.split(b",")):
            yield entry.strip().decode("latin-1")


def _address(entry: str) -> str | None:
    """Return the address of an entry, which some proxies write with a port."""
    if len(entry) > MAX_ENTRY:
        return None
    found = _WITH_PORT.fullmatch(entry)
    address = ip_address((found[1] or found[2]) if found else entry)
    return None if address is None else str(address)


def only(headers: Iterable[tuple[bytes, bytes]], wanted: bytes) -> bytes:
    """Return a header's value; nothing where it is missing, or was sent twice. The name is in lower case."""
    values = [value.strip() for name, value in headers if name == wanted]
    return values[0] if len(values) == 1 else b""
