"""What an option's text may be: each converter returns the value, or raises WrongValue. No I/O."""

from __future__ import annotations

import ipaddress
import math
import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import urlsplit

Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network

YEAR = 366 * 86400  # seconds

_SIZES = {"": 1, "b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "kib": 2**10, "mib": 2**20, "gib": 2**30}
_TIMES = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}
_AMOUNT = re.compile(r"(\d+(?:\.\d+)?) ?([a-z]*)", re.ASCII | re.IGNORECASE)


class WrongValue(ValueError):
    """What a value must be; read after the option's name: "must be ..."."""


def whole(low: int, high: int) -> Callable[[str], int]:
    """Return a converter of whole numbers within bounds."""

    def convert(text: str) -> int:
        if not (text.isascii() and text.isdigit() and low <= int(text[:18]) <= high):
            raise WrongValue(f"must be a whole number from {low} to {high}")
        return int(text)

    return convert


def _amount(units: Mapping[str, int], low: float, high: float, expected: str) -> Callable[[str], float]:
    def convert(text: str) -> float:
        found = _AMOUNT.fullmatch(text)
        amount = float(found[1]) * units.get(found[2].lower(), math.nan) if found else math.nan
        if not low <= amount <= high:
            raise WrongValue(f"must be {expected}")
        return amount

    return convert


def size(low: int, high: int, expected: str) -> Callable[[str], int]:
    """Return a converter of sizes within bounds, to bytes; `expected` is read after "must be"."""
    convert = _amount(_SIZES, low, high, expected)
    return lambda text: int(convert(text))


def word(words: Mapping[str, Any]) -> Callable[[str], Any]:
    """Return a converter of words to what they stand for."""

    def convert(text: str) -> Any:
        if text.lower() not in words:
            raise WrongValue(f"must be one of {', '.join(words)}")
        return words[text.lower()]

    return convert


def one_of(*words: str) -> Callable[[str], Any]:
    """Return a converter that takes these words alone."""
    return word({each: each for each in words})


def url(text: str) -> str:
    """Return a whole address without a slash at its end."""
    try:
        parts = urlsplit(text)
        plain = not (parts.query or parts.fragment or parts.username or re.search(r"[\s\\]", text))
        good = parts.scheme in ("http", "https") and parts.hostname and plain and parts.port != 0
    except ValueError:
        good = False
    if not good:
        raise WrongValue("must be a whole address, such as https://maps.example.org")
    return text.rstrip("/")


def host(text: str) -> str:
    """Return what a server can listen on, as far as its form tells."""
    if not re.fullmatch(r"[A-Za-z0-9_.:-]+", text):
        raise WrongValue("must be an address or a host name, such as 127.0.0.1, 0.0.0.0 or ::")
    return text


def hosts(text: str) -> tuple[str, ...]:
    """Return the host names of a list with commas, in lower case."""
    names = tuple(name.strip().lower() for name in text.split(",") if name.strip())
    if not all(re.fullmatch(r"([a-z0-9_.-]+|\[[0-9a-f:.]+\])(:\d{1,5})?", name) for name in names):
        raise WrongValue("must be host names, such as maps.example.org or maps.example.org:8443")
    return names


def networks(text: str) -> tuple[Network, ...]:
    """Return the networks of a list with commas; an address alone is a network of one."""
    try:
        return tuple(ipaddress.ip_network(part.strip()) for part in text.split(",") if part.strip())
    except ValueError:
        raise WrongValue("must be addresses or networks, such as 127.0.0.1, 10.0.0.0/8 or fd00::/8") from None


def path(kind: str) -> Callable[[str], Path]:
    """Return a converter of the paths of such a thing; ~ is the user's own folder."""

    def convert(text: str) -> Path:
        if "\0" in text:
            raise WrongValue(f"must be the path of a {kind}")
        return Path(os.path.expanduser(text))

    return convert


port = whole(0, 65535)
count = whole(1, 1_000_000)
body_size = size(1024, 2**30, "a size from 1KiB to 1GiB, such as 16MiB or 16777216")
flight_size = size(2**20, 2**40, "a size from 1MiB to 1024GiB, such as 256MiB or 268435456")
wait = _amount(_TIMES, 0, YEAR, "a time, such as 90s, 15m, 1h or 3600 (seconds)")
some_time = _amount(_TIMES, 0.01, YEAR, "a time longer than nothing, such as 90s, 15m, 1h or 3600 (seconds)")
yes = word({"1": True, "0": False, "true": True, "false": False, "yes": True, "no": False})
level = one_of("debug", "info", "warning", "error")
