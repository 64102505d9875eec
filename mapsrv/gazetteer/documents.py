"""The GeoJSON of "builtin:" sources: cities as points, countries and US states as areas. It only computes."""

from __future__ import annotations

import gzip
import json
from collections.abc import Collection, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, TypeAlias

from mapsrv.core.suggest import nearest
from mapsrv.errors import InvalidArgument
from mapsrv.gazetteer.finding import US, country
from mapsrv.gazetteer.names import folded
from mapsrv.gazetteer.places import Places
from mapsrv.gazetteer.turns import in_turns
from mapsrv.wire.builtin import BUILTIN, CITIES, Builtin
from mapsrv.wire.json_text import shown

Json: TypeAlias = Any

FINE = 1 << 20  # bytes of countries: more are drawn coarser, or a map of the world would be ten megabytes

ATTRIBUTION = {
    "cities": "GeoNames (CC BY 4.0)",
    "countries": "Natural Earth, GeoNames (CC BY 4.0)",
    "us-states": "US Census Bureau",
}


def document(places: Places, folder: Path, builtin: Builtin) -> bytes:
    """Return a FeatureCollection. Raises InvalidArgument for countries and states that there are not."""
    features = b",".join(_MAKERS[builtin.name](places, folder, builtin))
    return b'{"type":"FeatureCollection","features":[' + features + b"]}"


def _cities(places: Places, folder: Path, builtin: Builtin) -> Iterator[bytes]:
    codes, states = _codes(places, builtin), _states(places, builtin)
    if states and codes and US not in codes:
        raise InvalidArgument(f"{BUILTIN}cities: a US state is asked for, and no country that has it.")
    codes = frozenset([US]) if states else codes
    least, capitals = builtin.asked.get("min_population", 0), _capitals(places)
    rows = (row for row in places.rows(codes, states) if not places.parts[row])
    large: Iterator[int] = (row for row in rows if places.people[row] >= least)
    found: Iterable[int] = islice(in_turns(large), builtin.asked.get("limit", CITIES))
    if (
        builtin.asked.get("sort") == "name"
    ):  # of the largest: to sort all by name would take a third of a second
        found = sorted(found, key=lambda row: folded(places.name(row)))
    for row in found:
        yield _dumped(_city(places, row, capitals))


def _city(places: Places, row: int, capitals: Collection[int]) -> Json:
    city = places.city(row)
    land = places.countries.get(city.country)
    told = {
        "name": city.name,
        "country": city.country,
        "country_name": land.name if land else None,
        "continent": land.continent if land else None,
        "state": city.region or None,
        "population": city.population,
        "capital": city.id in capitals,
    }
    return {
        "type": "Feature",
        "id": city.id,
        "geometry": {"type": "Point", "coordinates": city.center},
        "properties": {key: item for key, item in told.items() if item is not None},
    }


def _capitals(places: Places) -> frozenset[int]:
    return frozenset(land.capital_id for land in places.countries.values() if land.capital_id is not None)


def _countries(places: Places, folder: Path, builtin: Builtin) -> Iterable[bytes]:
    """Return a few countries as fine as the ground has them from near, and many as it has them from afar."""
    codes = _codes(places, builtin)
    fine = list(_shapes(folder / "countries-fine.geojson.gz", codes)) if codes else []
    if fine and sum(map(len, fine)) <= FINE:
        return fine
    return _shapes(folder / "countries.geojson.gz", codes)


def _us_states(places: Places, folder: Path, builtin: Builtin) -> Iterator[bytes]:
    yield from _shapes(folder / "us-states.geojson.gz", _states(places, builtin))


def _shapes(file: Path, wanted: Collection[str]) -> Iterator[bytes]:
    """Yield the features of a file, a line each behind its code: those wanted, where not all are."""
    for line in gzip.decompress(file.read_bytes()).split(b"\n"):
        code, _, feature = line.partition(b"\t")
        if not wanted or code.decode() in wanted:
            yield feature


def _codes(places: Places, builtin: Builtin) -> frozenset[str]:
    """Return the countries that are asked for; none: all. Raises InvalidArgument."""
    where = f"{BUILTIN}{builtin.name}: country"
    codes = {country(places, name, where).iso_a2 for name in builtin.names("country")}
    continents = builtin.names("continent")
    there = {land.iso_a2 for land in places.countries.values() if land.continent in continents}
    if codes and continents and not codes & there:
        raise InvalidArgument(
            f"{BUILTIN}{builtin.name}: none of these countries is in {', '.join(continents)}."
        )
    return frozenset(codes & there if codes and continents else codes | there)


def _states(places: Places, builtin: Builtin) -> frozenset[str]:
    codes = set()
    for name in builtin.names("state"):
        state = places.state(name)
        if state is None:
            near = nearest(name, [known.name for known in places.states.values()])
            raise InvalidArgument(
                f"{BUILTIN}{builtin.name}: there is no US state {shown(name)}.{near} Send a code like CA, or"
                " its name."
            )
        codes.add(state.code)
    return frozenset(codes)


def _dumped(value: Json) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


_MAKERS = {"cities": _cities, "countries": _countries, "us-states": _us_states}
