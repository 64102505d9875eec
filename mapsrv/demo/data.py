"""How the demo draws the server's own data: the countries by continent, the great cities by size."""

from __future__ import annotations

from typing import Any, TypeAlias

Json: TypeAlias = dict[str, Any]

COUNTRIES = "builtin:countries"
CITIES = "builtin:cities?min_population=1000001"

COLOURS = {
    "Africa": "#e9c46a",
    "Antarctica": "#dfe7ec",
    "Asia": "#e76f51",
    "Europe": "#457b9d",
    "North America": "#2a9d8f",
    "Oceania": "#9b5de5",
    "South America": "#8ab17d",
}


def country_layers() -> list[Json]:
    """Return the style layers of the countries: coloured by continent, with thin borders."""
    colours = [part for pair in COLOURS.items() for part in pair]
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
