"""The columns of cities: which are kept, by which names they are found, which are parts of others."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Any, TypeAlias

from mapsrv.gazetteer import columns
from mapsrv.gazetteer.names import folded

Json: TypeAlias = Any

LATIN, ALL = 15_000, 500_000  # people, from which on other names are kept: in Latin letters, in any
NAME = range(2, 41)  # letters of another name

# A region that is one city, by country and region: what else GeoNames has there are its parts.
CITIES = {
    ("AT", "09"), ("CD", "06"), ("CZ", "52"), ("DE", "04"), ("DE", "16"), ("HU", "05"), ("KR", "11"),
    ("MX", "09"), ("RU", "48"), ("RU", "66"), ("TR", "34"),
}  # fmt: skip
BOROUGHS = {"Brooklyn", "Queens", "Manhattan", "The Bronx", "Staten Island"}
GREATER_LONDON = (-0.12574, 51.50853, 0.2)  # lng, lat and degrees of latitude around
DISTRICT = re.compile(r"\(Kreis \d+\)|^(?:Paris|Lyon|Marseille) \d\d\b")


def columns_of(cities: list[Json]) -> tuple[dict[str, bytes], dict[str, list[int]]]:
    """Return the columns of texts and of numbers, as columns.packed() takes them."""
    texts = {
        "names": "\n".join(city["name"] for city in cities).encode(),
        "searched": "\n".join(_searched(city) for city in cities).encode(),
        "codes": "".join(city["countrycode"] for city in cities).encode(),
        "regions": "".join(_region(city) for city in cities).encode(),
        "parts": bytes(_parts(cities)),
    }
    numbers = {
        "lngs": [round(city["longitude"] * columns.GRAIN) for city in cities],
        "lats": [round(city["latitude"] * columns.GRAIN) for city in cities],
        "people": [city["population"] for city in cities],
        "ids": [city["geonameid"] for city in cities],
    }
    return texts, numbers


def _region(city: Json) -> str:
    """Return two letters of a US state, else two spaces."""
    code = city["admin1code"] if city["countrycode"] == "US" else ""
    return code if re.fullmatch("[A-Z]{2}", code) else "  "


def _searched(city: Json) -> str:
    """Return a city's names; GeoNames' transliterations by machine, which begin small, are left out."""
    names = {folded(city["name"]): None}
    for name in city["alternatenames"] if city["population"] >= LATIN else ():
        latin = all(ord(letter) < 0x250 for letter in name)
        wanted = (
            not (name[:1].islower() or re.fullmatch("[A-Z]{3}", name)) if latin else city["population"] >= ALL
        )
        phonetic = not latin and any(0x250 <= ord(letter) < 0x2B0 for letter in name)
        plain = folded(name) if wanted and not phonetic else ""
        if len(plain) in NAME or (not latin and plain):
            names[plain] = None
    return f"|{'|'.join(names)}|"


def _parts(cities: list[Json]) -> Iterator[int]:
    """Yield 1 for what is a part of a city that is here as a whole."""
    whole: set[tuple[str, str]] = set()
    lng, lat, around = GREATER_LONDON
    for city in cities:
        region = (city["countrycode"], city["admin1code"])
        part = region in CITIES and region in whole
        whole.add(region)
        if city["countrycode"] == "GB" and city["name"] != "London":
            away = math.hypot((city["longitude"] - lng) * 0.62, city["latitude"] - lat)
            part = part or away < around
        borough = region == ("US", "NY") and city["name"] in BOROUGHS
        yield int(part or borough or bool(DISTRICT.search(city["name"])))
