"""What the demo draws: the world's great cities (GeoNames) and its countries (Natural Earth).

Nothing is fetched: what is known of cities and countries was cut out of GeoNames by the build (setup.py), and
the countries' shapes come with the built page.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, TypeAlias

import mapsrv
from mapsrv.errors import StartupError

GEONAMES = Path(__file__).with_name("geonames.json")
COUNTRIES = Path(mapsrv.__file__).parent / "page" / "basemap" / "countries-110m.geojson"

Json: TypeAlias = dict[str, Any]

CONTINENTS = {
    "AF": ("Africa", "#e9c46a"),
    "AN": ("Antarctica", "#dfe7ec"),
    "AS": ("Asia", "#e76f51"),
    "EU": ("Europe", "#457b9d"),
    "NA": ("North America", "#2a9d8f"),
    "OC": ("Oceania", "#9b5de5"),
    "SA": ("South America", "#8ab17d"),
}


def cities() -> Json:
    """Return a FeatureCollection of the cities of over a million people, the largest first."""
    found = sorted(_read(GEONAMES)["cities"], key=lambda city: -city["population"])
    return {"type": "FeatureCollection", "features": [_city(city) for city in found]}


def _read(path: Path) -> Json:
    """Return what the build has made. Raises StartupError where it did not run."""
    try:
        made: Json = json.loads(path.read_bytes())
    except OSError as error:
        raise StartupError(
            "The page is not built, and what the demo draws comes with it: install mapsrv."
        ) from error
    return made


def _city(city: Json) -> Json:
    where = [round(city["longitude"], 3), round(city["latitude"], 3)]  # degrees; some 100 m
    return {
        "type": "Feature",
        "id": city["geonameid"],
        "geometry": {"type": "Point", "coordinates": where},
        "properties": {
            "name": city["name"],
            "country": city["countrycode"],
            "population": city["population"],
            "millions": round(city["population"] / 1e6, 1),
        },
    }


def countries() -> Json:
    """Return a FeatureCollection of the countries, with continent, population and people per km²."""
    collection = _read(COUNTRIES)
    known = {country["isonumeric"]: country for country in _read(GEONAMES)["countries"]}
    for feature in collection["features"]:
        number = str(feature["properties"].get("iso_n3") or "")
        country = known.get(int(number)) if number.isdigit() else None
        feature["properties"] = {
            "name": feature["properties"].get("name"),
            **(_facts(country) if country else {}),
        }
    return collection


def _facts(country: Json) -> Json:
    people, area = country["population"], country["areakm2"] or 0
    facts = {
        "continent": CONTINENTS[country["continentcode"]][0],
        "capital": country["capital"],
        "population": people,
    }
    return {**facts, "per_km2": round(people / area, 1)} if area else facts


def country_layers() -> list[Json]:
    """Return the style layers of the countries: coloured by continent, with thin borders."""
    colours = [part for pair in CONTINENTS.values() for part in pair]
    fill = {"fill-color": ["match", ["get", "continent"], *colours, "#c9c9c9"], "fill-opacity": 0.55}
    return [
        {"id": "countries-fill", "type": "fill", "paint": fill},
        {"id": "countries-line", "type": "line", "paint": {"line-color": "#ffffff", "line-width": 0.8}},
    ]


def city_layers() -> list[Json]:
    """Return the style layer of the cities: a circle's area follows the number of people."""
    root = ["sqrt", ["get", "population"]]
    paint = {
        "circle-radius": ["interpolate", ["linear"], root, 1000, 2.5, 5000, 16],  # pixels at 1 and 25 million
        "circle-color": ["case", ["==", ["get", "largest"], True], "#ffb703", "#d62828"],
        "circle-opacity": 0.75,
        "circle-stroke-color": "#ffffff",
        "circle-stroke-width": 0.7,
    }
    return [{"id": "cities-circle", "type": "circle", "paint": paint}]
