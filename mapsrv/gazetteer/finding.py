"""What find_places answers: the places, what is known at all, and what was probably meant.

A name may say where: "Paris, Texas", "Bern, Switzerland", "Portland, OR". What of that is no country and no
US state is passed over, and said.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any, TypeAlias

from mapsrv.core.suggest import nearest
from mapsrv.errors import InvalidArgument
from mapsrv.gazetteer.names import folded
from mapsrv.gazetteer.places import City, Country, Places, State
from mapsrv.gazetteer.search import Place, Wanted, find, near_misses
from mapsrv.wire.json_text import shown
from mapsrv.wire.tools.requests import KINDS, FindPlaces

Json: TypeAlias = Any

US = "US"


def answer(places: Places, request: FindPlaces) -> dict[str, Json]:
    """Return the result of find_places. Raises InvalidArgument for a country that is none."""
    codes = (
        frozenset()
        if request.country is None
        else frozenset([country(places, request.country, "country").iso_a2])
    )
    wanted = Wanted(
        folded(request.query),
        frozenset(KINDS) if request.kind == "any" else frozenset([request.kind]),
        codes,
        min_population=request.min_population,
        by_population=request.sort == "population",
        limit=request.limit,
    )
    told: dict[str, Json] = {"places": []}
    if request.query and not wanted.name:  # nothing but punctuation
        return {**told, "nearest": [], "known": known(places)}
    for reading, passed_over in _readings(places, wanted, request.query):
        found = find(places, reading)
        if found:
            told["places"] = [to_json(places, place) for place in found]
            if passed_over:
                told["passed_over"] = passed_over
            break
    else:
        told["nearest"] = near_misses(places, reading)
    return {**told, "known": known(places)}


def known(places: Places) -> str:
    """Return what there is to find, in one sentence."""
    return (
        f"Known are countries, US states, and {len(places):,} cities of over 5,000 people or seats of a"
        " region, as GeoNames has them: no streets, addresses, mountains or waters."
    )


def country(places: Places, text: str, where: str) -> Country:
    """Return the country of that code or name. Raises InvalidArgument."""
    found = places.country(text)
    if found is None:
        names = [land.name for land in places.countries.values()]
        raise InvalidArgument(
            f"{where}: there is no country {shown(text)}.{nearest(text, names)} Send an ISO code like CH, or"
            " its English name."
        )
    return found


def to_json(places: Places, place: Place) -> dict[str, Json]:
    """Return a place as it is told; what is not known is left out."""
    about: dict[str, Json]
    match place:
        case City():
            land = places.countries.get(place.country)
            about = {
                "country": place.country,
                "country_name": land.name if land else None,
                "region": place.region or None,
                "population": place.population,
            }
        case Country():
            about = {
                "country": place.iso_a2,
                "iso_a3": place.iso_a3,
                "continent": place.continent,
                "capital": place.capital,
                "population": place.population,
            }
        case State():
            about = {"country": US, "region": place.code}
    bounds = None if isinstance(place, City) else place.bounds
    told: dict[str, Json] = {
        "name": place.name,
        "kind": type(place).__name__.lower(),
        **about,
        "center": place.center,
    }
    told |= {"bounds": bounds, "id": place.id}
    return {
        key: list(item) if isinstance(item, tuple) else item for key, item in told.items() if item is not None
    }


def _readings(places: Places, wanted: Wanted, query: str) -> Iterator[tuple[Wanted, str]]:
    """Yield what the query may mean, the likeliest first, each with what of it is passed over."""
    yield wanted, ""
    name, *behind = [part.strip() for part in query.split(",")]
    if not behind or not folded(name):
        return
    plain = replace(wanted, name=folded(name))
    for part in behind:
        if state := places.state(part):
            yield replace(plain, codes=frozenset([US]), regions=frozenset([state.code])), _rest(behind, part)
        if land := places.country(part):
            yield replace(plain, codes=frozenset([land.iso_a2])), _rest(behind, part)
    yield plain, ", ".join(behind)


def _rest(behind: Iterable[str], understood: str) -> str:
    return ", ".join(part for part in behind if part != understood)
