"""Which pages may use a server: the rules for Host and Origin, against rebinding and other sites.

A browser sends any page's requests to any address it resolves, so neither being on loopback nor
knowing nothing protects: the Host must be a name that is ours, and the Origin the page we served.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from mapsrv.addresses import Address, ip_address
from mapsrv.errors import Forbidden

_AUTHORITY = re.compile(r"([a-z0-9_.-]+|\[[0-9a-f:.]+\])(?::([0-9]{1,5}))?", re.ASCII)
_ORIGIN = re.compile(r"(https?)://([^/?#@\\\s]+)", re.ASCII)
DEFAULT_PORTS = {"http": 80, "https": 443}
MAX_NAMES = 256  # that are remembered: all requests but an attacker's name one of a few
_OTHER_SITES = frozenset({"cross-site", "same-site"})  # Fetch Metadata: another origin either way


@dataclass(frozen=True, slots=True)
class Authority:
    """A host and, when it is written, a port. IPv6 literals keep their brackets."""

    name: str
    port: int | None

    def __str__(self) -> str:
        return self.name if self.port is None else f"{self.name}:{self.port}"

    @classmethod
    @lru_cache(MAX_NAMES)
    def parse(cls, text: str) -> Authority | None:
        """Return what a Host header names, or None for anything else."""
        found = _AUTHORITY.fullmatch(text.lower())
        if found is None or (found[2] and int(found[2]) > 65535):
            return None
        return cls(found[1].removesuffix("."), int(found[2]) if found[2] else None)

    def address(self) -> Address | None:
        """Return the IP address that it is, if it is one and no name."""
        return ip_address(self.name.removeprefix("[").removesuffix("]"))

    @property
    def is_loopback(self) -> bool:
        """Whether it is this machine, whoever asks."""
        address = self.address()
        return self.name == "localhost" if address is None else address.is_loopback

    def covers(self, other: Authority, default_port: int | None = None) -> bool:
        """Whether `other` is this host; a host without a port covers all its ports."""
        return self.name == other.name and self.port in (None, other.port or default_port)


class OriginGuard:
    """Made of --host, --public-url and --allowed-host. `port` is the one that is listened on."""

    def __init__(
        self,
        host: str,
        public_url: str | None = None,
        allowed_hosts: Iterable[str] = (),
        *,
        port: int | None = None,
    ) -> None:
        self._port = port
        self._public_url = public_url.rstrip("/") if public_url else None
        parts = urlsplit(self._public_url or "")
        self._public = Authority.parse(parts.netloc)
        self._public_port = parts.port or DEFAULT_PORTS.get(parts.scheme)
        self._allowed = [found for text in allowed_hosts if (found := Authority.parse(text)) is not None]
        bound = Authority.parse(f"[{host}]" if ":" in host else host)
        self._any_address = bound is None or not bound.is_loopback
        if bound is not None and self._any_address and bound.address() is None:
            self._allowed.append(Authority(bound.name, None))  # a name that --host itself says

    def prefixes(self, there: Authority, base_url: str) -> tuple[str, ...]:
        """Return what the paths of our routes may begin with at that host and port; none where others answer.

        `base_url` is what links begin with for who asks: behind a proxy that is where the port is known.
        """
        before = urlsplit(self._public_url or "").path
        public = self._public is not None and self._public.name == there.name
        if public and there.port in self._public_ports():
            return (before,)
        if not self._is_ours(there):
            return ()
        asked = urlsplit(base_url)
        ports = {self._port, asked.port} if asked.port else {self._port, *DEFAULT_PORTS.values()}
        named = any(allowed.covers(there) for allowed in self._allowed)
        # A proxy that takes a prefix away tells of it: base_url has it then.
        return ("", before, asked.path) if named or there.port in ports else ()

    def is_https(self, scope: Any) -> bool:
        """Whether who asks comes by TLS, as a trusted proxy or --public-url says, and is to stay there."""
        return scope.get("scheme") == "https" or (self._public_url or "").startswith("https:")

    def _public_ports(self) -> frozenset[int | None]:
        """Where --public-url is; what comes to port 80 is mostly sent on to 443."""
        usual = frozenset(DEFAULT_PORTS.values())
        return usual if self._public_port in usual else frozenset({self._public_port})

    def check(
        self, host: str | None, origin: str | None, *, fetch_site: str | None = None, navigation: bool = False
    ) -> None:
        """Raise Forbidden unless these headers may change state.

        fetch_site is Sec-Fetch-Site, which tells of other sites where a browser sends no Origin;
        following a link from one (navigation) is right.
        """
        ours = self._checked_host(host)
        if origin is not None:
            self._check_origin(origin, ours)
        elif fetch_site in _OTHER_SITES and not navigation:
            raise Forbidden("Another site's page asked for this. Only pages of this server may.")

    def base_url(self, host: str | None, scheme: str, prefix: str = "") -> str:
        """Return what links begin with, without a slash at its end; raises Forbidden for a Host not ours.

        `prefix` is what a proxy takes off the path.
        """
        return self._public_url or f"{scheme}://{self._checked_host(host)}{prefix}"

    def _checked_host(self, host: str | None) -> Authority:
        ours = Authority.parse(host or "")
        if ours is None or not self._is_ours(ours):
            raise Forbidden(
                f"This server does not go by the name {(host or '')[:100]!r}. Open it as localhost, or start"
                " it with --allowed-host NAME, or behind a proxy with --public-url URL."
            )
        return ours

    def _is_ours(self, host: Authority) -> bool:
        if host.is_loopback or (self._any_address and host.address() is not None):
            return True
        public = self._public is not None and self._public.name == host.name
        return public or any(allowed.covers(host) for allowed in self._allowed)

    def _check_origin(self, origin: str, ours: Authority) -> None:
        found = _ORIGIN.fullmatch(origin.lower())
        page = Authority.parse(found[2]) if found else None
        if found is None or page is None or not self._is_our_page(found[1], page, ours):
            raise Forbidden(
                f"A page of {origin[:100]!r} may not use this server. Open a page of its own, or start the"
                " server with --allowed-host NAME, or behind a proxy with --public-url URL."
            )

    def _is_our_page(self, scheme: str, page: Authority, ours: Authority) -> bool:
        default = DEFAULT_PORTS[scheme]
        port = page.port or default
        # TLS is a proxy's, and one that ends it for a mere address is told by --public-url: without it an
        # https page there is another program's, though it be at the port we have ourselves.
        plain = scheme == "http" or not (ours.is_loopback or ours.address())
        if plain and (page.name, port) == (ours.name, ours.port or default):
            return True
        public = self._public is not None and (page.name, port) == (self._public.name, self._public_port)
        return public or any(allowed.covers(page, default) for allowed in self._allowed)
