"""Sources that the server has itself: "builtin:cities?country=CH", with what each may be asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias
from urllib.parse import parse_qsl

from mapsrv.core.state import Json
from mapsrv.core.suggest import nearest
from mapsrv.errors import InvalidArgument
from mapsrv.wire.json_text import shown

BUILTIN = "builtin:"
MAX_CITIES = 5_000  # of one source: more than a map can tell apart, and some 1.2 MB
CITIES = 1_000  # where nothing is said
MAX_ASKED = 1_000  # characters: a list of all ISO codes has that many
CONTINENTS = ("Africa", "Antarctica", "Asia", "Europe", "North America", "Oceania", "South America")

Check: TypeAlias = Callable[[str, str], Json]  # (what came, where) -> the value, or InvalidArgument


@dataclass(frozen=True, slots=True)
class Builtin:
    """Which of SETS, and what of it; checked, but for the names of countries and states."""

    name: str
    asked: Mapping[str, Json]

    def names(self, parameter: str) -> tuple[str, ...]:
        """Return the names in a list that is asked for; none: of all."""
        names: tuple[str, ...] = self.asked.get(parameter, ())
        return names


def _list(text: str, where: str) -> tuple[str, ...]:
    names = tuple(name.strip() for name in text.split(",") if name.strip())
    if not names:
        raise InvalidArgument(f"{where} is empty: leave it out, or name one or several with commas between.")
    return names


def _continents(text: str, where: str) -> tuple[str, ...]:
    known = {name.casefold(): name for name in CONTINENTS}
    names = _list(text, where)
    for name in names:
        if name.casefold() not in known:
            raise InvalidArgument(
                f"{where} must be one of {', '.join(CONTINENTS)}; got {shown(name)}."
                f"{nearest(name, CONTINENTS)}"
            )
    return tuple(known[name.casefold()] for name in names)


def _whole(low: int, high: int) -> Check:
    def check(text: str, where: str) -> int:
        if not (text.isascii() and text.isdigit() and len(text) < 12 and low <= int(text) <= high):
            raise InvalidArgument(
                f"{where} must be a whole number from {low:,} to {high:,}; got {shown(text)}."
            )
        return int(text)

    return check


def _sort(text: str, where: str) -> str:
    if text not in ("population", "name"):
        raise InvalidArgument(f"{where} must be population or name; got {shown(text)}.")
    return text


SETS: Mapping[str, Mapping[str, Check]] = {
    "cities": {
        "country": _list,
        "state": _list,
        "continent": _continents,
        "min_population": _whole(0, 100_000_000),
        "sort": _sort,
        "limit": _whole(1, MAX_CITIES),
    },
    "countries": {"country": _list, "continent": _continents},
    "us-states": {"state": _list},
}
_EXAMPLE = f"{BUILTIN}cities?country=CH&sort=population&limit=10"


def parse_builtin(text: str) -> Builtin:
    """Return what the text that begins with BUILTIN asks for. Raises InvalidArgument, with what is there."""
    name, _, query = text.removeprefix(BUILTIN).partition("?")
    if name not in SETS:
        there = ", ".join(f"{BUILTIN}{known}" for known in SETS)
        raise InvalidArgument(f"There is no {shown(text)}.{nearest(name, SETS)} There are {there}.")
    if len(query) > MAX_ASKED:
        raise InvalidArgument(
            f"{BUILTIN}{name} takes at most {MAX_ASKED:,} characters after the question mark."
        )
    asked: dict[str, Json] = {}
    for key, value in parse_qsl(query, keep_blank_values=True):
        if key not in SETS[name]:
            takes = f"It takes: {', '.join(SETS[name])}. Example: {_EXAMPLE}"
            raise InvalidArgument(
                f"{BUILTIN}{name} has no parameter {shown(key)}.{nearest(key, SETS[name])} {takes}"
            )
        if key in asked:
            raise InvalidArgument(f"{BUILTIN}{name}: {key} stands twice. Send it once.")
        asked[key] = SETS[name][key](value, f"{BUILTIN}{name}: {key}")
    return Builtin(name, asked)
