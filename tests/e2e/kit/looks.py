"""What a map may look like: twenty layers of every kind of paint, as a stand-in says them."""

from __future__ import annotations

import math
from typing import Any

from tests.e2e.kit.standin import Standin

Layer = dict[str, Any]
SHARED, BRANCH = "shared.4.0badcafe", "branch.1.0badcafe"
CAMERA = {"center": [10.0, 48.0], "zoom": 4}
ADDED = {"kind": "model", "name": "Claude", "at": "2026-11-23T09:30:00Z"}
PEOPLE = {"count": 3, "viewers": [{"name": "Ana"}, {"name": "Blue heron"}, {"name": "Ben Achterberg"}]}
CITIES = (
    ("London", -0.13, 51.51, 8_900_000),
    ("Paris", 2.35, 48.86, 2_100_000),
    ("Berlin", 13.4, 52.52, 3_700_000),
    ("Madrid", -3.7, 40.42, 3_300_000),
    ("Rome", 12.5, 41.9, 2_800_000),
    ("Wien", 16.37, 48.21, 1_900_000),
    ("Bern", 7.45, 46.95, 134_000),
    ("Warszawa", 21.01, 52.23, 1_800_000),
    ("København", 12.57, 55.68, 640_000),
    ("Praha", 14.42, 50.09, 1_300_000),
)
KINDS = ("port", "capital", "spa")
MATCH = ["match", ["get", "kind"], "port", "#1f78b4", "capital", "#e31a1c", "#8a8a8a"]
STEP = ["step", ["get", "rate"], "#edf8e9", 20, "#bae4b3", 40, "#74c476", 60, "#238b45"]
RAMP = ["interpolate", ["linear"], ["get", "rate"], 0, "#fee8c8", 50, "#fdbb84", 100, "#b30000"]
CASE = ["case", [">", ["get", "rate"], 50], "#6a3d9a", "#cab2d6"]
COALESCE = ["coalesce", ["get", "colour"], "#b15928"]
RADIUS = ["interpolate", ["linear"], ["get", "population"], 100_000, 4, 9_000_000, 22]
BY_ZOOM = ["interpolate", ["linear"], ["zoom"], 3, 2, 8, 10]
WIDTH = ["step", ["get", "rate"], 1, 30, 3, 60, 6]
HEAT = ["interpolate", ["linear"], ["heatmap-density"], 0, "rgba(0,0,0,0)", 0.4, "#fd8d3c", 1, "#bd0026"]
WHITE = {"circle-stroke-color": "#ffffff", "circle-stroke-width": 1.5}


def collection(*features: tuple[dict[str, Any], dict[str, Any]]) -> dict[str, Any]:
    """Return geometries and properties as a source."""
    made = [{"type": "Feature", "geometry": shape, "properties": told} for shape, told in features]
    return {"type": "geojson", "data": {"type": "FeatureCollection", "features": made}, "generateId": True}


def cities(east: float) -> dict[str, Any]:
    """Return points, moved a little so that layers do not hide each other."""
    about = "A long account of a city, which nobody reads to its end on a map. " * 4
    return collection(
        *(
            (
                {"type": "Point", "coordinates": [lng + east, lat - east / 2]},
                {"name": name, "population": people, "kind": KINDS[n % 3], "rate": n * 11, "about": about},
            )
            for n, (name, lng, lat, people) in enumerate(CITIES)
        )
    )


def regions(north: float) -> dict[str, Any]:
    """Return a row of squares with a rate each."""

    def ring(west: float) -> list[list[float]]:
        south, east = north - 2.5, west + 3.5
        return [[west, south], [east, south], [east, north], [west, north], [west, south]]

    rows = range(9)
    return collection(
        *(
            ({"type": "Polygon", "coordinates": [ring(-8 + n * 4)]}, {"name": f"Region {n}", "rate": n * 12})
            for n in rows
        )
    )


def rivers(north: float) -> dict[str, Any]:
    """Return lines that wind, with a rate each."""

    def line(n: int) -> list[list[float]]:
        return [[-8 + 2 * x, north + n * 1.5 + math.sin(x + n)] for x in range(16)]

    told = ({"name": f"River {n}", "rate": n * 30} for n in range(3))
    return collection(
        *(({"type": "LineString", "coordinates": line(n)}, each) for n, each in enumerate(told))
    )


def layer(number: int, title: str, kind: str, source: dict[str, Any], paint: Layer, **more: Any) -> Layer:
    """Return a layer as a snapshot has it; `filter` and `visible` among what else it says."""
    own = {"id": f"layer-{number}", "type": kind, "paint": paint, **more.pop("style", {})}
    is_raster = kind == "raster"
    about = {"id": own["id"], "title": title, "type": "raster" if is_raster else "vector", "visible": True}
    return {
        **about,
        "rank": f"a{number:03}",
        "source": source,
        "style_layers": [own],
        "added": ADDED,
        **more,
    }


def made(number: int) -> Layer:
    """Return one of twenty layers, from the bottom up."""
    name, at = {"text-field": ["get", "name"], "text-size": 12}, number * 0.13
    looks: tuple[tuple[str, str, dict[str, Any], Layer, Layer], ...] = (
        ("Rate by region", "fill", regions(46), {"fill-color": STEP, "fill-opacity": 0.7}, {}),
        ("Rivers", "line", rivers(50), {"line-color": "#1f78b4", "line-width": 2}, {}),
        ("Cities", "circle", cities(at), {"circle-color": "#e31a1c", "circle-radius": RADIUS, **WHITE}, {}),
        ("Kinds of cities", "circle", cities(at), {"circle-color": MATCH, "circle-radius": 6}, {}),
        (
            "A layer whose title is much longer than any panel is wide, as models like them",
            "fill",
            regions(54),
            {"fill-color": RAMP, "fill-opacity": 0.6},
            {},
        ),
        ("Load of roads", "line", rivers(42), {"line-color": "#ff7f00", "line-width": WIDTH}, {}),
        ("Crowds", "heatmap", cities(at), {"heatmap-color": HEAT, "heatmap-radius": 40}, {}),
        ("Above half", "fill", regions(40), {"fill-color": CASE}, {"filter": [">=", ["get", "rate"], 24]}),
        ("Own colours", "circle", cities(at), {"circle-color": COALESCE, "circle-radius": BY_ZOOM}, {}),
        (
            "Names",
            "symbol",
            cities(at),
            {"text-halo-width": 1, "text-halo-color": "#fff"},
            {"style": {"layout": name}},
        ),
        (
            "Borders",
            "line",
            regions(46),
            {"line-color": "#555555", "line-dasharray": [2, 2]},
            {"visible": False},
        ),
        ("Close by only", "circle", cities(at), {"circle-color": "#33a02c"}, {"style": {"minzoom": 9}}),
    )
    title, kind, source, paint, more = looks[number % len(looks)]
    again = number // len(looks)
    return layer(number, f"{title} {again + 1}" if again else title, kind, source, paint, **more)


def a_state(count: int, *more: Layer) -> dict[str, Any]:
    """Return the state of a map with so many layers, and others above them."""
    layers = [*(made(number) for number in range(count)), *more]
    title = "Cities and regions of Europe" if count else ""
    return {"title": title, "basemap": "natural-earth", "camera": CAMERA, "layers": layers}


def dead_tiles(url: str) -> Layer:
    """Return a layer whose tiles nobody serves."""
    tiles = {"type": "raster", "tiles": [url + "/{z}/{x}/{y}.png"], "tileSize": 256}
    return layer(900, "Dead tiles", "raster", tiles, {})


def greet(standin: Standin, number: int, count: int, *more: Layer) -> None:
    """Say on a stream that opens what a server says first."""
    standin.opens(number)
    standin.snapshot(SHARED, a_state(count, *more))
    standin.say("presence", PEOPLE)
    standin.status("disk")
