"""Finding places by name, and listing them by size. All of it computes; a thread is the right place for it.

Names are looked for in the text of all folded names, so there is no index to build or to keep. Cities are
in order of size: whatever is found first is the largest, and a search may end when it has enough.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import chain, islice
from typing import TypeAlias

from mapsrv.gazetteer.names import folded
from mapsrv.gazetteer.places import City, Country, Places, State

CANDIDATES = 2_000  # names that a misspelt one is compared with: some 40 ms of a thread
SUGGESTED = 5
LIKENESS = 0.7  # of difflib's ratio, from which on a name is worth telling

Place: TypeAlias = City | Country | State


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is looked for: folded name, or '' for all; `kinds` of city, country and state."""

    name: str
    kinds: frozenset[str]
    codes: frozenset[str] = frozenset()
    regions: frozenset[str] = frozenset()
    min_population: int = 0
    by_population: bool = False
    limit: int = 10


def find(places: Places, wanted: Wanted) -> list[Place]:
    """Return the places, those first whose name is exactly that, then the larger ones first."""
    if not wanted.name:
        return _listed(places, wanted)
    found: dict[int, tuple[int, int, int, Place]] = {}
    for rank, place in chain(_lands(places, wanted), _cities(places, wanted)):
        kind = 1 if isinstance(place, State) else 0 if isinstance(place, Country) else 2
        found.setdefault(place.id, (rank, kind, -population(place), place))
    ranked = sorted(found.values(), key=lambda item: item[2:3] if wanted.by_population else item[:3])
    return [item[3] for item in ranked[: wanted.limit]]


def _listed(places: Places, wanted: Wanted) -> list[Place]:
    """Return the largest of all; parts of cities are not told as cities of their own."""
    found: list[Place] = []
    if "city" in wanted.kinds:
        rows = (row for row in places.rows(wanted.codes, wanted.regions) if not places.parts[row])
        large = (row for row in rows if places.people[row] >= wanted.min_population)
        found += [places.city(row) for row in islice(large, wanted.limit)]
    found += [place for place in _all_lands(places, wanted)]
    return sorted(found, key=population, reverse=True)[: wanted.limit]


def population(place: Place) -> int:
    """Return how many live there; 0 where it is not known."""
    return 0 if isinstance(place, State) else place.population


# --- countries and states -----------------------------------------------------------------


def _all_lands(places: Places, wanted: Wanted) -> Iterator[Country | State]:
    if "country" in wanted.kinds and not wanted.regions:
        for land in places.countries.values():
            if (not wanted.codes or land.iso_a2 in wanted.codes) and land.population >= wanted.min_population:
                if land.center is not None:
                    yield land
    if "state" in wanted.kinds and (not wanted.codes or "US" in wanted.codes) and not wanted.min_population:
        yield from (
            state for state in places.states.values() if not wanted.regions or state.code in wanted.regions
        )


def _lands(places: Places, wanted: Wanted) -> Iterator[tuple[int, Place]]:
    for land in _all_lands(places, wanted):
        names = (folded(land.name), folded(land.code)) if isinstance(land, State) else land.names
        rank = min((_rank(name, wanted.name) for name in names), default=_NONE)
        if rank < _NONE:
            yield rank, land


_EXACT, _ALSO, _BEGINS, _WITHIN, _NONE = range(5)


def _rank(name: str, wanted: str) -> int:
    if name == wanted:
        return _EXACT
    if name.startswith(wanted) and len(wanted) > 2:  # "ch" is a code, and begins much
        return _BEGINS
    return _WITHIN if len(wanted) > 2 and f" {wanted}" in name else _NONE


# --- cities ---------------------------------------------------------------------------


def _cities(places: Places, wanted: Wanted) -> Iterator[tuple[int, Place]]:
    if "city" not in wanted.kinds:
        return

    def fits(row: int) -> bool:
        return (
            places.people[row] >= wanted.min_population
            and (not wanted.codes or places.code(row) in wanted.codes)
            and (not wanted.regions or places.region(row) in wanted.regions)
        )

    name, found = wanted.name.encode(), 0
    exact = b"|" + name + b"|"
    for row in islice(_hits(places, exact, fits), wanted.limit):
        found += 1
        yield (_EXACT if places.searched.startswith(exact, places.starts[row]) else _ALSO), places.city(row)
    for whole in (True, False):  # other names, of which there are dozens, only where no own name says so
        for needle, rank in ((b"|" + name, _BEGINS), (b" " + name, _WITHIN)):
            for row in islice(_hits(places, needle, fits, own=whole), wanted.limit):
                found += 1
                yield rank, places.city(row)
        if found:
            return


def _hits(places: Places, needle: bytes, fits: Callable[[int], bool], *, own: bool = False) -> Iterator[int]:
    """Yield the cities with the needle among their names, or in the first one, their own."""
    at = 0
    while (at := places.searched.find(needle, at)) >= 0:
        row = bisect_right(places.starts, at) - 1
        if (not own or at < places.searched.find(b"|", places.starts[row] + 1)) and fits(row):
            yield row
        at = places.starts[row + 1]


# --- what was probably meant ----------------------------------------------------------------


def near_misses(places: Places, wanted: Wanted) -> list[str]:
    """Return a few names like the one that is not there: of the places that were looked through."""
    names = {folded(land.name): land.name for land in _all_lands(places, wanted)}
    if "city" in wanted.kinds:
        names = {**{folded(places.name(row)): places.name(row) for row in _alike(places, wanted)}, **names}
    return [names[name] for name in get_close_matches(wanted.name, names, n=SUGGESTED, cutoff=LIKENESS)]


def _alike(places: Places, wanted: Wanted) -> Iterable[int]:
    """Return the largest cities whose name begins alike and is about as long."""

    def fits(row: int) -> bool:
        start = places.starts[row] + 1
        length = places.searched.find(b"|", start) - start
        begins = places.searched.startswith(first, start)
        alike = begins and abs(length - len(wanted.name.encode())) <= 2
        return alike and (not wanted.codes or places.code(row) in wanted.codes)

    first = wanted.name[:1].encode()
    return islice(_hits(places, b"|" + first, fits, own=True), CANDIDATES)
