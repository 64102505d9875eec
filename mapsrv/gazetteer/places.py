"""What is known of places: cities as columns, countries and states as values. Immutable once it is read."""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any, TypeAlias

from mapsrv.gazetteer.columns import GRAIN, unpacked
from mapsrv.gazetteer.names import folded
from mapsrv.gazetteer.turns import in_turns

_END = re.compile(b"\n")

LngLat: TypeAlias = tuple[float, float]
Box: TypeAlias = tuple[float, float, float, float]  # west, south, east, north; west > east: over 180 degrees


@dataclass(frozen=True, slots=True)
class Country:
    """A country, or a territory with an ISO code. `bounds` are of its main land; `names` are folded."""

    id: int
    name: str
    iso_a2: str
    iso_a3: str
    continent: str
    capital: str | None
    capital_id: int | None
    population: int
    center: LngLat | None
    bounds: Box | None
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class State:
    """One of the United States, or their capital's district."""

    id: int
    name: str
    code: str
    fips: str
    center: LngLat
    bounds: Box


@dataclass(frozen=True, slots=True)
class City:
    """A place where people live. `country` and `region` (a US state) are codes, region may be empty."""

    id: int
    name: str
    country: str
    region: str
    population: int
    center: LngLat


class Places:
    """All that is known. Cities are numbered from the largest down."""

    def __init__(self, file: bytes) -> None:
        """Read the build's file. Raises ValueError or zlib.error where it is none."""
        head, texts, numbers = unpacked(file)
        countries = [_value(Country, land) for land in head["countries"]]
        self.countries: Mapping[str, Country] = {land.iso_a2: land for land in countries}
        self.states: Mapping[str, State] = {state["code"]: _value(State, state) for state in head["states"]}
        self.searched, self._names = texts["searched"], texts["names"]
        self._codes, self._regions, self.parts = texts["codes"], texts["regions"], texts["parts"]
        self.lngs, self.lats = numbers["lngs"], numbers["lats"]
        self.people, self._ids = numbers["people"], numbers["ids"]
        self.starts, self._name_starts = _line_starts(self.searched), _line_starts(self._names)
        self._called = {name: land.iso_a2 for land in countries for name in land.names}
        self._states_called = {folded(state.name): code for code, state in self.states.items()}

    def __len__(self) -> int:
        """Return how many cities there are."""
        return len(self._ids)

    def code(self, row: int) -> str:
        """Return the ISO code of a city's country."""
        return self._codes[2 * row : 2 * row + 2].decode()

    def region(self, row: int) -> str:
        """Return the US state that a city is in, or ''."""
        return self._regions[2 * row : 2 * row + 2].decode().strip()

    def name(self, row: int) -> str:
        """Return what a city is called."""
        return self._names[self._name_starts[row] : self._name_starts[row + 1] - 1].decode()

    def city(self, row: int) -> City:
        """Return a city as a value."""
        center = (self.lngs[row] / GRAIN, self.lats[row] / GRAIN)
        code, region = self.code(row), self.region(row)
        return City(self._ids[row], self.name(row), code, region, self.people[row], center)

    def rows(self, codes: frozenset[str], regions: frozenset[str] = frozenset()) -> Iterator[int]:
        """Yield the cities of these countries, and of these states, the largest first; none said: of all."""
        for row in in_turns(range(len(self))):
            if (not codes or self.code(row) in codes) and (not regions or self.region(row) in regions):
                yield row

    def country(self, text: str) -> Country | None:
        """Return the country of that code or name."""
        code = self._called.get(folded(text))
        return None if code is None else self.countries[code]

    def state(self, text: str) -> State | None:
        """Return the US state of that postal code or name."""
        code = text.strip().upper()
        return self.states.get(code if code in self.states else self._states_called.get(folded(text), ""))


def _value(kind: type[Any], told: Mapping[str, Any]) -> Any:
    """Return the dataclass of what the file tells, its lists as tuples, and nothing besides."""
    values = {field.name: told[field.name] for field in fields(kind)}
    return kind(**{name: tuple(item) if isinstance(item, list) else item for name, item in values.items()})


def _line_starts(text: bytes) -> array[int]:
    """Return where each line begins, and where one after the last would.

    Line by line: split() would keep the interpreter from everybody for 10 ms.
    """
    starts = array("I", [0])
    starts.extend(match.end() for match in in_turns(_END.finditer(text)))
    starts.append(len(text) + 1)
    return starts
