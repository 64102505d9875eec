"""The main land of a country or state: its bounds, and its middle. GeoJSON geometries, in degrees."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any, TypeAlias

from mapsrv.core.bounds import bounds_of

Json: TypeAlias = Any

DECIMALS = 3
NEAR = 3.0  # degrees between parts of one country that a view of it shows together
LARGE = 0.25  # of the largest part: what is as large is shown too, wherever it lies


def _polygons(geometry: Json) -> list[Json]:
    return [geometry["coordinates"]] if geometry["type"] == "Polygon" else geometry["coordinates"]


def area(polygon: Json) -> float:
    """Return about how large a polygon is, in square degrees at the equator."""
    ring = polygon[0]
    twice = sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(ring, ring[1:]))
    return abs(twice) / 2 * math.cos(math.radians(sum(point[1] for point in ring) / len(ring)))


def main_parts(geometry: Json) -> list[Json]:
    """Return the largest polygon, those about as large, and all that lie near one of these."""
    rest = sorted(_polygons(geometry), key=area, reverse=True)
    kept = [part for part in rest if area(part) >= LARGE * area(rest[0])]
    rest = rest[len(kept) :]
    while near := [part for part in rest if any(_near(part, other) for other in kept)]:
        kept += near
        rest = [part for part in rest if part not in near]
    return kept


def _near(one: Json, other: Json) -> bool:
    west, south, east, north = _box(one)
    left, below, right, above = _box(other)
    apart = max(below - north, south - above)
    across = min(max(left + turn - east, west - right - turn) for turn in (-360, 0, 360))
    return apart <= NEAR and across <= NEAR


def _box(polygon: Json) -> tuple[float, float, float, float]:
    lngs, lats = [point[0] for point in polygon[0]], [point[1] for point in polygon[0]]
    return min(lngs), min(lats), max(lngs), max(lats)


def bounds(geometry: Json) -> list[float]:
    """Return [west, south, east, north] of the main parts."""
    box = bounds_of([{"type": "MultiPolygon", "coordinates": main_parts(geometry)}])
    assert box is not None
    return rounded(box)


def middle(ring: Json) -> list[float]:
    """Return the centre of gravity of a ring."""
    pairs = [(a, b, a[0] * b[1] - b[0] * a[1]) for a, b in zip(ring, ring[1:])]
    whole = sum(weight for _, _, weight in pairs) * 3
    return rounded(sum((a[axis] + b[axis]) * weight for a, b, weight in pairs) / whole for axis in (0, 1))


def rounded(numbers: Iterable[float]) -> list[float]:
    """Return the numbers with as many decimals as are kept."""
    return [round(number, DECIMALS) for number in numbers]
