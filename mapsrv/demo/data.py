"""How the demo draws the server's own data: countries by a rate, great cities by size, notes.

By expressions that a legend can be read from: steps and stops of one property each.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeAlias

Json: TypeAlias = dict[str, Any]

COUNTRIES = "builtin:countries"
CITIES = "builtin:cities?min_population=1000001"

NO_DATA = "#c3cad0"
LEAST = "#fff3d6"
STEPS = {
    25: "#fdd49e",
    75: "#fdae6b",
    150: "#f16913",
    300: "#d94801",
    600: "#8c2d04",
}  # people per km2: colour
RADII = {1_000_000: 2.5, 5_000_000: 6, 10_000_000: 9, 25_000_000: 15}  # people: pixels, an area a person


def density_layers() -> list[Json]:
    """Return the style layers of the countries: coloured by people per km2, with thin borders."""
    steps = [part for pair in STEPS.items() for part in pair]
    colour = ["case", ["has", "per_km2"], ["step", ["get", "per_km2"], LEAST, *steps], NO_DATA]
    return [
        {"type": "fill", "paint": {"fill-color": colour, "fill-opacity": 0.75}},
        {"type": "line", "paint": {"line-color": "#ffffff", "line-width": 0.7}},
    ]


def city_layers() -> list[Json]:
    """Return the style layer of the cities: a circle's area follows the number of people."""
    stops = [part for pair in RADII.items() for part in pair]
    paint = {
        "circle-radius": ["interpolate", ["linear"], ["get", "population"], *stops],
        "circle-color": "#1d4e89",
        "circle-opacity": 0.8,
        "circle-stroke-color": "#ffffff",
        "circle-stroke-width": 0.8,
    }
    return [{"type": "circle", "paint": paint}]


def note_layers() -> list[Json]:
    """Return the style layers of the notes: a ring around the place, and the text beside it."""
    ring = {
        "circle-radius": 18,
        "circle-color": "rgba(0, 0, 0, 0)",
        "circle-stroke-color": "#101a24",
        "circle-stroke-width": 2,
    }
    layout = {
        "text-field": ["get", "note"],
        "text-size": 13,
        "text-variable-anchor": ["left", "right", "top", "bottom"],
        "text-radial-offset": 1.7,
        "text-justify": "auto",
    }
    words = {"text-color": "#101a24", "text-halo-color": "#ffffff", "text-halo-width": 1.6}
    return [{"type": "circle", "paint": ring}, {"type": "symbol", "layout": layout, "paint": words}]


def note(place: Json) -> Json:
    """Return the feature that says how many people live in a place that find_places found."""
    people = f"{place['name']}: {place['population'] / 1e6:.1f} million people"
    geometry = {"type": "Point", "coordinates": place["center"]}
    properties = {"name": place["name"], "note": people}
    return {"type": "Feature", "id": place["id"], "geometry": geometry, "properties": properties}


def collection(features: Iterable[Json]) -> Json:
    """Return them as GeoJSON."""
    return {"type": "FeatureCollection", "features": list(features)}
