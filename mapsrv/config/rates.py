"""How often each caller may ask for what: the text of --rates, and what it is until somebody says more."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TypeAlias

from mapsrv.config.values import WrongValue

DEFAULT = "commands=50/s:500 messages=50/s:500 opens=100/s:2000 sessions=1/s:20 data=2/s:10 presence=10/s:50"
MOST = 1_000_000  # of either number: more is no bound, and `off` says so

_SECONDS = {"s": 1, "m": 60, "h": 3600}
_ONE = re.compile(r"([a-z]+)=([1-9][0-9]{0,6})/([smh]):([1-9][0-9]{0,6})", re.ASCII)
_EXPECTED = (
    f"must be off, or NAME=COUNT/s:BURST (or /m, /h) with numbers up to {MOST}, such as"
    ' "commands=50/s:500 sessions=30/m:20"'
)


@dataclass(frozen=True, slots=True)
class Rate:
    """What each caller may do: so many a second, and `burst` at once after a rest."""

    name: str
    per_second: float
    burst: int


Rates: TypeAlias = tuple[Rate, ...]  # each name once; none: nothing is counted


def _parse(text: str) -> dict[str, Rate]:
    found: dict[str, Rate] = {}
    for word in text.split():
        one = _ONE.fullmatch(word)
        if one is None or max(int(one[2]), int(one[4])) > MOST:
            raise WrongValue(_EXPECTED)
        if one[1] in found:
            raise WrongValue(f"must be one rate a name, and says {one[1]} twice")
        found[one[1]] = Rate(one[1], int(one[2]) / _SECONDS[one[3]], int(one[4]))
    return found


_DEFAULTS = _parse(DEFAULT)


def rates(text: str) -> Rates:
    """Return the rates that a text says; what it leaves out has its default. `off`: none."""
    if text.strip().lower() == "off":
        return ()
    said = _parse(text)
    if unknown := said.keys() - _DEFAULTS.keys():
        raise WrongValue(f"must be rates of {', '.join(_DEFAULTS)}, and there is no {min(unknown)[:50]}")
    return tuple((_DEFAULTS | said).values())


DEFAULT_RATES = rates(DEFAULT)
