"""Which addresses of sources are this server's own routes, however they are spelled: those are refused.

Every viewer's browser fetches what a source names, and opens six connections to a host: seven sources
that are /events, which never ends, and the map locks itself for all who look at it. Stored data and the
built-in basemap are there to be fetched, and what else stands beside us at our host is not ours.

An address is read as browsers read it (WHATWG URL), which is not as urllib does. Where that costs too
much the stricter reading is taken: it concerns only addresses at our own names. What a third party's
TileJSON names, or redirects to, only the browser sees: it cannot be known here.
"""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from mapsrv.asgi.origin_guard import DEFAULT_PORTS, Authority, OriginGuard
from mapsrv.asgi.routes import TILES
from mapsrv.core.commands import AddLayer
from mapsrv.core.state import Json
from mapsrv.errors import InvalidArgument

OPEN = frozenset({"/data/<name>", "/basemap/<name>", TILES})  # routes that are there for sources
ADDRESSES = ("data", "url", "tiles")  # the keys of a source that name what a browser fetches

# What MapLibre puts for a placeholder of a tile's address, as far as letters of a route may come of it.
_NOTHING = ("{ratio}", "{quadkey}")
_PREFIX, _HEX_PAIR = "{prefix}", "[0-9a-f]{2}"
_BUILT_ESCAPE = re.compile(r"%[0-9a-fA-F]?\{")  # "%6{z}vents": an escape that is completed in the browser
_NUMBER = re.compile(r"0x[0-9a-f]*|[0-9]+", re.ASCII)
_PORT = re.compile(r"(.*?)(?::([0-9]*))?", re.ASCII | re.DOTALL)


@dataclass(frozen=True, slots=True)
class OwnRoutes:
    """`routes` are the paths of all that the server serves, as it routes them: /data/<name>."""

    origins: OriginGuard
    routes: tuple[str, ...] = ()

    def check(self, request: object, base_url: str) -> None:
        """Raise InvalidArgument where it adds a layer of a route of ours.

        base_url is what links begin with, for who asks.
        """
        if not isinstance(request, AddLayer):
            return
        for key, address in _addresses(request.source):
            if self.has(address, base_url):
                raise InvalidArgument(
                    f"source.{key} is an address of this map server itself, which is no data: every browser"
                    " that has the map open would hold connections to it. Send GeoJSON itself, data/NAME as"
                    " POST /data answers it, or the address of another server."
                )

    def has(self, address: str, base_url: str) -> bool:
        """Return whether a browser that is sent to the address may come to a route of ours."""
        found = _read(address)
        if found is None:
            return False
        there, path = found
        prefixes = ("",) if there is None else self.origins.prefixes(there, base_url)
        inner = [_within(path, _path(prefix).rstrip("/")) for prefix in prefixes]
        return any(self._leads(route) for route in inner if route is not None)

    def _leads(self, path: str) -> bool:
        if _BUILT_ESCAPE.search(path):
            return True
        parts = [_pattern(part) for part in path.split("/")]
        return any(_matches(parts, route.split("/")) for route in self.routes if route not in OPEN)


NO_ROUTES = OwnRoutes(OriginGuard("127.0.0.1"))


def _addresses(source: Mapping[str, Json]) -> Iterator[tuple[str, str]]:
    for key in ADDRESSES:
        value = source.get(key)
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, str):
                yield key, item


def _matches(parts: list[re.Pattern[str]], route: list[str]) -> bool:
    if len(parts) != len(route):
        return False
    return all(part.startswith("<") or one.fullmatch(part) for one, part in zip(parts, route))


def _pattern(part: str) -> re.Pattern[str]:
    return re.compile(_HEX_PAIR.join(re.escape(piece) for piece in part.split(_PREFIX)))


def _within(path: str, prefix: str) -> str | None:
    """Return the path without the prefix, None where it is not under it."""
    return path.removeprefix(prefix) or "/" if f"{path}/".startswith(f"{prefix}/") else None


# --- as browsers read it --------------------------------------------------------------


def _read(address: str) -> tuple[Authority | None, str] | None:
    """Return host, port and path; None for the host where it has placeholders. None for no web address.

    There is always a port.
    """
    scheme, colon, rest = address.strip().removeprefix("pmtiles://").partition(":")
    default = DEFAULT_PORTS.get(scheme.lower())
    if not colon or default is None:
        return None
    for placeholder in _NOTHING:
        rest = rest.replace(placeholder, "")
    rest = re.split("[?#]", rest.replace("\\", "/").lstrip("/"), maxsplit=1)[0]
    netloc, _slash, path = rest.partition("/")
    netloc = netloc.rpartition("@")[2]
    if "{" in netloc:
        return None, _path(path)
    there = _authority(netloc, default)
    return None if there is None else (there, _path(path))


def _authority(netloc: str, default_port: int) -> Authority | None:
    host, port = _PORT.fullmatch(netloc).groups()  # type: ignore[union-attr]
    name = _name(unquote(host))
    number = int(port or default_port)
    return Authority(name, number) if name and number <= 65535 else None


def _name(host: str) -> str:
    """Return a host in its one spelling; nothing for what no browser takes."""
    if host.startswith("["):
        try:
            return _shown(ipaddress.IPv6Address(host[1:-1] if host.endswith("]") else ""))
        except ValueError:
            return ""
    # UTS 46, or stricter: full-width letters and dots are plain ones, what is not seen is not there.
    plain = unicodedata.normalize("NFKC", host).lower().replace("\u3002", ".")
    plain = "".join(letter for letter in plain if unicodedata.category(letter) not in ("Cf", "Mn"))
    plain = plain.removesuffix(".")
    address = _ipv4(plain)
    if address is not None:
        return _shown(address)
    return "localhost" if plain.endswith(".localhost") else plain


def _shown(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> str:
    address = getattr(address, "ipv4_mapped", None) or address
    if address.is_unspecified:  # systems connect to themselves then
        return "127.0.0.1"
    return f"[{address}]" if address.version == 6 else str(address)


def _ipv4(name: str) -> ipaddress.IPv4Address | None:
    """Return what browsers take one to four numbers for: 127.1, 0x7f.1, 017700000001, 2130706433."""
    labels = name.split(".")
    if len(labels) > 4 or not all(_NUMBER.fullmatch(label) for label in labels):
        return None
    try:
        *first, last = [_number(label) for label in labels]
    except ValueError:  # 08: an octal number that is none
        return None
    if any(number > 255 for number in first) or last >= 256 ** (4 - len(first)):
        return None
    return ipaddress.IPv4Address(last + sum(number << 8 * (3 - at) for at, number in enumerate(first)))


def _number(label: str) -> int:
    if label.startswith("0x"):
        return int(label[2:] or "0", 16)
    return int(label, 8 if label.startswith("0") else 10)


def _path(text: str) -> str:
    """Return the path without escapes, dots, and empty parts."""
    while (plain := unquote(text)) != text:  # a proxy may decode once more than we do
        text = plain
    parts: list[str] = []
    for part in text.replace("\\", "/").split("/"):
        if part == "..":
            parts = parts[:-1]
        elif part not in ("", "."):
            parts.append(part)
    return "/" + "/".join(parts)
