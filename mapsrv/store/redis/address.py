"""The address of a Redis, as `--store` takes it: text to Address, before anything is opened.

redis://[[USER]:PASSWORD@]HOST[:PORT][/DB], rediss:// the same over TLS, unix:///PATH[?db=DB],
redis+sentinel://HOST[:PORT][,HOST[:PORT]]/NAME[/DB][?sentinel_user=USER&sentinel_password=PASSWORD].
A password never appears in a message.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from mapsrv.errors import StartupError

PORT, SENTINEL_PORT = 6379, 26379
EXAMPLES = {
    "redis": "redis://localhost:6379/0",
    "rediss": "rediss://redis.example.org:6379/0",
    "unix": "unix:///run/redis/redis.sock",
    "redis+sentinel": "redis+sentinel://sentinel-1:26379,sentinel-2:26379/mymaster",
}
# What may follow the ?, and the client's own name for it.
_TLS = {"ca": "ssl_ca_certs", "cert": "ssl_certfile", "key": "ssl_keyfile"}
OPTIONS: dict[str, dict[str, str]] = {
    "redis": {},
    "rediss": _TLS,
    "unix": {"db": "db"},
    "redis+sentinel": {"sentinel_user": "sentinel_user", "sentinel_password": "sentinel_password"},
}


@dataclass(frozen=True, slots=True)
class Address:
    """Where to connect. `settings` are the client's keywords; `shown` is the address without secrets."""

    scheme: str
    shown: str
    settings: Mapping[str, Any] = field(repr=False)
    sentinels: tuple[tuple[str, int], ...] = ()
    name: str = ""  # of the master that the sentinels watch
    sentinel_user: str | None = None  # whom the sentinels know; None: their default user
    sentinel_password: str | None = field(default=None, repr=False)


def parse_address(text: str) -> Address:
    """Return the Address that an address names. Raises StartupError."""
    try:
        parts = urlsplit(text)
        make = {"unix": _unix, "redis+sentinel": _sentinel}.get(parts.scheme, _server)
        allowed = OPTIONS[parts.scheme]
        asked = dict(parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query)))
        if parts.fragment or not asked.keys() <= allowed.keys():
            raise ValueError
        settings: dict[str, Any] = {allowed[name]: value for name, value in asked.items()}
        user, _, secret = parts.netloc.rpartition("@")[0].partition(":")
        settings |= {"username": unquote(user) or None, "password": unquote(secret) or None}
        if "db" in settings:
            settings["db"] = _number(settings["db"])
        return make(parts, settings)
    except (ValueError, KeyError):
        scheme = text.partition(":")[0]
        examples = EXAMPLES.get(scheme) or ", ".join(EXAMPLES.values())
        raise StartupError(
            f"The address after --store is not one of a Redis: write it as in {examples}."
        ) from None


def _server(parts: SplitResult, settings: dict[str, Any]) -> Address:
    hosts = _hosts(parts, PORT)
    if len(hosts) != 1:
        raise ValueError
    host, port = hosts[0]
    database = _number(parts.path.strip("/") or "0")
    settings |= {"host": host, "port": port, "db": database, "ssl": parts.scheme == "rediss"}
    return Address(parts.scheme, f"{parts.scheme}://{_join(host, port)}/{database}", settings)


def _unix(parts: SplitResult, settings: dict[str, Any]) -> Address:
    path = unquote(parts.path)
    if len(path) < 2 or "\0" in path or parts.netloc.rpartition("@")[2]:
        raise ValueError
    return Address("unix", f"unix://{path}", settings | {"unix_socket_path": path})


def _sentinel(parts: SplitResult, settings: dict[str, Any]) -> Address:
    sentinels = _hosts(parts, SENTINEL_PORT)
    name, _, database = parts.path.removeprefix("/").partition("/")
    if not name:
        raise ValueError
    user, password = settings.pop("sentinel_user", None), settings.pop("sentinel_password", None)
    settings["db"] = _number(database or "0")
    shown = ",".join(_join(host, port) for host, port in sentinels)
    name = unquote(name)
    shown = f"{parts.scheme}://{shown}/{name}"
    return Address(parts.scheme, shown, settings, sentinels, name, user, password)


def _hosts(parts: SplitResult, default: int) -> tuple[tuple[str, int], ...]:
    found = []
    for text in parts.netloc.rpartition("@")[2].split(","):
        match = re.fullmatch(r"(?:\[([0-9A-Fa-f:.]+)\]|([^\[\]:/\s]+))(?::(\d{1,5}))?", text, re.ASCII)
        port = int(match[3]) if match and match[3] else default
        if match is None or not 0 < port < 65536:
            raise ValueError
        found.append((match[1] or match[2], port))
    return tuple(found)


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 6):
        raise ValueError
    return int(text)


def _join(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
