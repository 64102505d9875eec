"""What place is near: a grid over the globe, in which a point's surroundings are a few slices.

The grid is one column of cities in the order of their cells, row by row from the south, west to east, and
one column of those cells; what is in a stretch of a row is between two bisections. So it needs some 600 KB,
and a search looks at what is around the point and at nothing else.

A city is compared with the point by unit vectors from the middle of the Earth: their product is the cosine
of what lies between them, right at the poles and over the antimeridian, and nothing is cheaper to ask. Each
command that moves the view asks what is near, and mostly near to where the one before did: so the areas
that were looked at lately are kept. That is 15 us then, and 0.1 to 0.2 ms far from all that.
"""

from __future__ import annotations

import math
from array import array
from bisect import bisect_left, bisect_right
from functools import lru_cache
from typing import TypeAlias

from mapsrv.gazetteer.columns import GRAIN
from mapsrv.gazetteer.places import LngLat, Places
from mapsrv.gazetteer.turns import in_turns

CELLS = 4  # a degree
ROW = 360 * CELLS
KM = 111.2  # of a degree of latitude
WINDS = ("N", "NE", "E", "SE", "S", "SW", "W", "NW")
HERE = 1.0  # kilometres, within which a place is where it is
MAX_NAMES = 1_000  # of cities that were told lately
KEPT = 80.0  # kilometres, up to which an area is kept: a larger one may have thousands of cities
MAX_AREAS = 32  # that are kept: less than 1 MB, but 8 MB where most people live

Area: TypeAlias = tuple[tuple[int, ...], tuple[tuple[float, float, float], ...]]  # rows, and their vectors


class Grid:
    """The cities by where they are."""

    def __init__(self, places: Places) -> None:
        self._places = places
        self._rows, self._cells = _sorted_by_cell(places)
        self._area = lru_cache(MAX_AREAS)(self._gathered)
        self._name = lru_cache(MAX_NAMES)(self._named)

    def near(self, point: LngLat) -> str:
        """Return where the point [lng, lat] is, as people say it: "3 km N of Bern, Switzerland".

        Of the places not much farther than the nearest the largest is named: one that is known.
        """
        lng, lat = math.remainder(point[0], 360), point[1]
        x, y, z = _vector(lng, lat)

        def around(reach: float) -> tuple[tuple[int, ...], list[float]]:
            area = self._area if reach <= KEPT else self._gathered
            rows, vectors = area(*_box(lng, lat, reach / KM))
            return rows, [a * x + b * y + c * z for a, b, c in vectors]

        for reach, farthest in REACHES.items():
            rows, cosines = around(reach)
            if not rows or (nearest := max(cosines)) < farthest:
                continue
            away = _kilometres(nearest)
            told = away + min(away, 40.0) + 10
            if told > reach:
                rows, cosines = around(told)
            least = _cosine(told)
            for row, cosine in zip(rows, cosines, strict=True):
                if cosine >= least:
                    return self._told(lng, lat, row, _kilometres(cosine))
        return f"far from any place known (over {max(REACHES):,.0f} km)"

    def _gathered(self, lines: tuple[int, int], columns: tuple[int, int]) -> Area:
        """Return the cities in a box of cells, the largest first: in the order of their table."""
        west, east = columns
        spans = [(max(west, 0), min(east, ROW - 1))]
        spans += [(west + ROW, ROW - 1)] if west < 0 else []
        spans += [(0, east - ROW)] if east >= ROW else []
        rows: list[int] = []  # a cell may be in two spans, which does no harm
        for line in range(lines[0], lines[1] + 1):
            for west, east in spans:
                first = bisect_left(self._cells, line * ROW + west)
                last = bisect_right(self._cells, line * ROW + east, first)
                rows += self._rows[first:last]
        rows.sort()
        lngs, lats = self._places.lngs, self._places.lats
        return tuple(rows), tuple(_vector(lngs[row] / GRAIN, lats[row] / GRAIN) for row in rows)

    def _told(self, lng: float, lat: float, row: int, away: float) -> str:
        name, center = self._name(row)
        if away < HERE:
            return name
        north = lat - center[1]
        east = math.remainder(lng - center[0], 360) * math.cos(math.radians((lat + center[1]) / 2))
        wind = WINDS[round(math.degrees(math.atan2(east, north)) / 45) % 8]
        return f"{_rounded(away):,} km {wind} of {name}"

    def _named(self, row: int) -> tuple[str, LngLat]:
        """Return what a city is called, with its state and its country, and where it is."""
        city = self._places.city(row)
        country = self._places.countries.get(city.country)
        parts = city.name, city.region, country.name if country else ""
        return ", ".join(part for part in parts if part), city.center


def _vector(lng: float, lat: float) -> tuple[float, float, float]:
    """Return the unit vector to a point in degrees."""
    lng, lat = math.radians(lng), math.radians(lat)
    flat = math.cos(lat)
    return flat * math.cos(lng), flat * math.sin(lng), math.sin(lat)


def _cosine(kilometres: float) -> float:
    """Return what two vectors' product is at that distance."""
    return math.cos(math.radians(kilometres / KM))


# Kilometres, in which is looked one after the other, and their cosines: past the last nothing is near any
# more. From each to the next so little is added that nothing is looked at in vain where many live.
REACHES = {reach: _cosine(reach) for reach in (35.0, 80.0, 200.0, 450.0, 1_000.0)}


def _kilometres(cosine: float) -> float:
    """Return the distance again; of a product that rounding made larger than one, too."""
    return math.degrees(math.acos(min(1.0, cosine))) * KM


def _rounded(kilometres: float) -> int:
    return round(kilometres) if kilometres < 100 else 10 * round(kilometres / 10)


def _box(lng: float, lat: float, north: float) -> tuple[tuple[int, int], tuple[int, int]]:
    """Return the first and the last row, and column, of what is within so many degrees.

    Columns past either end of a row are those of its other end.
    """
    lines = _line(lat - north), _line(lat + north)
    narrowest = math.cos(math.radians(min(90.0, abs(lat) + north)))
    aside = north / max(0.001, narrowest)
    if aside >= 180:
        return lines, (0, ROW - 1)
    return lines, (math.floor((lng - aside + 180) * CELLS), math.floor((lng + aside + 180) * CELLS))


def _line(lat: float) -> int:
    return int((min(90.0, max(-90.0, lat)) + 90) * CELLS)


def _column(lng: float) -> int:
    return min(ROW - 1, max(0, int((lng + 180) * CELLS)))


def _sorted_by_cell(places: Places) -> tuple[array[int], array[int]]:
    """Return the cities by cell, and the cells; in steps of which none is long."""
    of_cell: dict[int, array[int]] = {}
    for row, (lng, lat) in enumerate(in_turns(zip(places.lngs, places.lats))):
        cell = _line(lat / GRAIN) * ROW + _column(lng / GRAIN)
        of_cell.setdefault(cell, array("I")).append(row)
    rows, cells = array("I"), array("I")
    for cell in in_turns(sorted(of_cell)):
        rows.extend(of_cell[cell])
        cells.extend([cell] * len(of_cell[cell]))
    return rows, cells
