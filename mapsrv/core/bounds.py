"""Bounds of features: [west, south, east, north] in degrees; west > east crosses the antimeridian.

Each line and ring covers the longitudes between its own least and greatest (RFC 7946 section 3.1.9
has what crosses the antimeridian cut there), so the way round may only be shortened between parts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeAlias

from mapsrv.core.geometry import simple
from mapsrv.core.state import Json

Bounds: TypeAlias = tuple[float, float, float, float]
DECIMALS = 5  # of a degree that is told
Spans: TypeAlias = list[tuple[float, float]]  # least and greatest longitude of each part


def bounds(collection: Mapping[str, Json]) -> Bounds | None:
    """Return (west, south, east, north) of a FeatureCollection, or None when it has no coordinates."""
    return bounds_of(feature["geometry"] for feature in collection["features"])


def bounds_of(geometries: Iterable[Json]) -> Bounds | None:
    """Return (west, south, east, north) of checked geometries (None among them), or None."""
    spans: Spans = []
    south, north = 90.0, -90.0
    for geometry in geometries:
        for part in parts(geometry):
            lngs = [position[0] for position in part]
            lats = [position[1] for position in part]
            spans.append((min(lngs), max(lngs)))
            south, north = min(south, min(lats)), max(north, max(lats))
    if not spans:
        return None
    west, east = _across(spans)
    return west, south, east, north


def told(box: Bounds | None) -> list[float] | None:
    """Return the bounds as an answer has them: to a metre on the ground."""
    return None if box is None else [round(number, DECIMALS) for number in box]


def middle(box: Bounds) -> tuple[float, float]:
    """Return the [lng, lat] in the middle of the bounds."""
    west, south, east, north = box
    if west > east:
        east += 360
    lng = (west + east) / 2
    return (lng - 360 if lng > 180 else lng), (south + north) / 2


def parts(geometry: Json) -> Iterator[list[Any]]:
    """Yield the positions of each point, line and ring by itself; nothing for null."""
    for one in simple(geometry):
        kind, coordinates = one["type"], one["coordinates"]
        if kind == "Point":
            yield [coordinates]
        elif kind == "MultiPoint":
            yield from ([position] for position in coordinates)
        elif kind == "LineString":
            yield coordinates
        elif kind == "MultiPolygon":
            for polygon in coordinates:
                yield from polygon
        else:
            yield from coordinates


def _across(spans: Spans) -> tuple[float, float]:
    """Return (west, east) of the shortest box round the globe that covers the spans."""
    west, east = min(span[0] for span in spans), max(span[1] for span in spans)
    if east - west > 180:  # else no gap inside is wider than the one outside
        west, east = _shortest(spans)
    if east - west >= 360:
        return -180.0, 180.0
    turn = _turn(west) if abs(west) > 180 else 0
    west, east = west - turn, east - turn
    return west, (east - 360 if east > 180 else east)


def _shortest(spans: Spans) -> tuple[float, float]:
    """Return what is left of the circle without the widest gap between spans."""
    turned = sorted(piece for span in spans for piece in _pieces(*span))
    first, reach = turned[0]
    widest, west, east = 0.0, first, reach
    for least, greatest in turned[1:]:
        if least - reach > widest:
            widest, west, east = least - reach, least, reach
        reach = max(reach, greatest)
    if first + 360 - reach >= widest:
        return first, reach
    return west, east


def _pieces(least: float, greatest: float) -> Spans:
    """Return the span as it lies within -180 and 180: in two pieces when it crosses the antimeridian."""
    if greatest - least >= 360:
        return [(-180.0, 180.0)]
    turn = _turn(least)
    least, greatest = least - turn, greatest - turn
    return [(least, greatest)] if greatest <= 180 else [(least, 180.0), (-180.0, greatest - 360)]


def _turn(lng: float) -> float:
    """Return the whole circles to take off, so that the longitude stands within -180 and 180."""
    return 360 * ((lng + 180) // 360)
