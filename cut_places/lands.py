"""Countries and US states: what is known of each, and their shapes with it."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, TypeAlias

from cut_places.geometry import area, bounds, main_parts, middle, rounded
from mapsrv.gazetteer.names import folded

Json: TypeAlias = Any

CONTINENTS = {
    "AF": "Africa", "AN": "Antarctica", "AS": "Asia", "EU": "Europe", "NA": "North America", "OC": "Oceania",
    "SA": "South America",
}  # fmt: skip
GONE = ("AN", "CS")  # countries that are none any more
# What else people call countries, by ISO code.
CALLED = {
    "AE": ["UAE", "Emirates"], "BA": ["Bosnia"], "CD": ["DR Congo", "DRC", "Congo-Kinshasa", "Congo (DRC)"],
    "CG": ["Congo", "Congo-Brazzaville"], "CI": ["Côte d'Ivoire"], "CV": ["Cape Verde"],
    "CZ": ["Czech Republic"],
    "DE": ["Deutschland"], "CH": ["Schweiz", "Suisse", "Svizzera"], "AT": ["Österreich"], "ES": ["España"],
    "GB": ["UK", "Great Britain", "Britain"], "KP": ["DPRK"], "KR": ["Korea", "Republic of Korea"],
    "MK": ["Macedonia"], "MM": ["Burma"], "NL": ["Netherlands", "Holland"], "PS": ["Palestine"],
    "RU": ["Russian Federation"], "SZ": ["Swaziland"], "TL": ["East Timor"], "TR": ["Türkiye"],
    "US": ["United States of America", "America"], "VA": ["Vatican City", "Holy See"], "VN": ["Viet Nam"],
    "BQ": ["Caribbean Netherlands"], "SY": ["Syrian Arab Republic"], "LA": ["Lao PDR"], "BR": ["Brasil"],
    "IT": ["Italia"], "JP": ["Nippon"], "MX": ["México"], "TZ": ["United Republic of Tanzania"],
}  # fmt: skip
# Where GeoNames' list of countries spells a capital otherwise than its list of cities, or has an older one.
CAPITALS = {
    "EH": "Laayoune", "GD": "Saint George's", "GG": "Saint Peter Port", "KZ": "Astana", "MO": "Macau",
    "MN": "Ulan Bator", "PW": "Ngerulmud", "FO": "Tórshavn", "GU": "Hagåtña",
}  # fmt: skip
# What the atlas has beside the country whose ground it is, and whose ground nobody disputes.
LEASED = {"Baikonur": "Kazakhstan", "USNB Guantanamo Bay": "Cuba"}


def country(land: Json, capital: Json) -> Json:
    """Return what is known of a country, without what its shape tells."""
    name = land["name"].strip()
    return {
        "id": land["geonameid"],
        "name": name,
        "iso_a2": land["iso"],
        "iso_a3": land["iso3"],
        "iso_n3": f"{land['isonumeric']:03}" if land["isonumeric"] else "",
        "continent": CONTINENTS[land["continentcode"]],
        "capital": capital["name"] if capital else None,
        "capital_id": capital["geonameid"] if capital else None,
        "population": land["population"],
        "area_km2": land["areakm2"] or None,
        "center": rounded((capital["longitude"], capital["latitude"])) if capital else None,
        "bounds": None,
        "names": sorted(
            {folded(text) for text in (name, land["iso"], land["iso3"], *CALLED.get(land["iso"], ()))}
        ),
    }


def capital(land: Json, cities: Iterable[Json]) -> Json:
    """Return the city that is a country's capital; None where the cities have none of that name."""
    wanted = folded(CAPITALS.get(land["iso"], land["capital"]))
    there = [city for city in cities if city["countrycode"] == land["iso"]]
    named = [city for city in there if folded(city["name"]) == wanted]
    also = [city for city in there if wanted in map(folded, city["alternatenames"])]
    return next(iter([*named, *also]), None) if wanted else None


def place(countries: list[Json], shapes: list[Json], labels: list[Json]) -> None:
    """Give each country that has a shape the bounds of its main land and the place of its label."""
    by_shape = sorted(zip(shapes, labels), key=lambda pair: area(main_parts(pair[0]["geometry"])[0]))
    for shape, label in by_shape:  # the largest shape of a country comes last, and stays
        country = _of_shape(shape, countries)
        if country is not None:
            country["names"] = sorted({*country["names"], folded(shape["properties"]["name"])})
            country["center"] = label["geometry"]["coordinates"]
            country["bounds"] = bounds(shape["geometry"])


def _of_shape(shape: Json, countries: Iterable[Json]) -> Json:
    """Return the country of a shape, by its ISO number or else its name; None where it is none here."""
    number = shape["properties"]["iso_n3"]
    name = folded(LEASED.get(shape["properties"]["name"], shape["properties"]["name"]))
    return next(
        (
            land
            for land in countries
            if (land["iso_n3"] == number if number else folded(land["name"]) == name)
        ),
        None,
    )


def states(shapes: list[Json], known: Json) -> list[Json]:
    """Return what is known of the US states."""
    by_number = {shape["properties"]["fips"]: shape["geometry"] for shape in shapes}
    return [
        {
            "id": state["geonameid"],
            "name": state["name"],
            "code": code,
            "fips": state["fips"],
            "center": middle(main_parts(by_number[state["fips"]])[0][0]),
            "bounds": bounds(by_number[state["fips"]]),
        }
        for code, state in known.items()
    ]


def _whole(shapes: list[Json], countries: list[Json]) -> Iterator[tuple[Json, Json]]:
    """Yield each country with all its shapes as one; those of no country as they are, with None."""
    found = [(_of_shape(shape, countries), shape) for shape in shapes]
    parts: dict[int, list[Json]] = {}
    for land, shape in found:
        if land is not None:
            parts.setdefault(land["id"], []).extend(shape["geometry"]["coordinates"])
    for land, shape in found:
        if land is None:
            yield land, shape
        elif coordinates := parts.pop(land["id"], None):
            yield land, {**shape, "geometry": {"type": "MultiPolygon", "coordinates": coordinates}}


def country_shapes(shapes: list[Json], countries: list[Json]) -> Iterator[Json]:
    """Yield the shapes, which are MultiPolygons, as features with the countries' ids and numbers."""
    for land, shape in _whole(shapes, countries):
        if land is None:
            yield {**shape, "properties": {"name": shape["properties"]["name"]}}
            continue
        told = {
            key: land[key]
            for key in ("name", "iso_a2", "iso_a3", "continent", "capital", "population", "area_km2")
        }
        if land["area_km2"]:
            told["per_km2"] = round(land["population"] / land["area_km2"], 1)
        yield {
            **shape,
            "id": land["id"],
            "properties": {key: item for key, item in told.items() if item is not None},
        }


def state_shapes(shapes: list[Json], states: list[Json]) -> Iterator[Json]:
    """Yield the shapes of states as features with their ids and codes."""
    by_number = {state["fips"]: state for state in states}
    for shape in shapes:
        state = by_number.get(shape["properties"]["fips"])  # else a territory, which is no state
        if state is not None:
            yield {
                **shape,
                "id": state["id"],
                "properties": {key: state[key] for key in ("name", "code", "fips")},
            }


def _dumped(feature: Json) -> str:
    return json.dumps(feature, ensure_ascii=False, separators=(",", ":"))


def write(target: Path, features: Iterable[Json], key: str) -> None:
    """Write the features, a line each behind its code, so that some can be had without parsing any."""
    lines = [f"{feature['properties'].get(key, '')}\t{_dumped(feature)}" for feature in features]
    target.write_bytes(gzip.compress("\n".join(lines).encode(), 9, mtime=0))
