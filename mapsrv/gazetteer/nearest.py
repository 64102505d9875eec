"""What place is near: a grid over the globe, in which a point's surroundings are a few slices.

The grid is one column of cities in the order of their cells, row by row from the south, west to east, and
one column of those cells; what is in a stretch of a row is between two bisections. So it needs some 600 KB,
and a search looks at what is around the point and at nothing else: 0.1 ms where many live.
"""

from __future__ import annotations

import math
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator

from mapsrv.gazetteer.columns import GRAIN
from mapsrv.gazetteer.places import LngLat, Places
from mapsrv.gazetteer.turns import in_turns

CELLS = 2  # a degree
ROW = 360 * CELLS
KM = 111.2  # of a degree of latitude
REACHES = (25.0, 200.0, 1_000.0)  # kilometres: past the last nothing is near any more
WINDS = ("N", "NE", "E", "SE", "S", "SW", "W", "NW")
HERE = 1.0  # kilometres, within which a place is where it is


class Grid:
    """The cities by where they are."""

    def __init__(self, places: Places) -> None:
        self._places = places
        self._rows, self._cells = _sorted_by_cell(places)

    def near(self, point: LngLat) -> str:
        """Return where the point [lng, lat] is, as people say it: "3 km N of Bern, Switzerland".

        Of the places not much farther than the nearest the largest is named: one that is known.
        """
        lng, lat = math.remainder(point[0], 360), point[1]
        for reach in REACHES:
            away = self._nearest(lng, lat, reach)
            if away is not None:
                return self._told(lng, lat, self._largest(lng, lat, away + min(away, 40.0) + 10))
        return f"far from any place known (over {REACHES[-1]:,.0f} km)"

    def _nearest(self, lng: float, lat: float, reach: float) -> float | None:
        """Return how many kilometres the nearest city is away; None: more than `reach`."""
        lats, found = self._places.lats, None
        lines = range(_line(lat - reach / KM), _line(lat + reach / KM) + 1)
        for line in sorted(lines, key=lambda line: abs(line - _line(lat))):
            if abs(line - _line(lat)) - 1 > reach / KM * CELLS:
                break  # what was found is nearer than all of this line, and of those after it
            for row in self._along(line, lng, lat, reach):
                if (
                    abs(lats[row] / GRAIN - lat) * KM <= reach
                    and (away := self._away(row, lng, lat)) <= reach
                ):
                    found = reach = away
        return found

    def _largest(self, lng: float, lat: float, reach: float) -> int:
        """Return the largest city within the reach, of which there is one: the first of their table."""
        lats, largest = self._places.lats, len(self._places.lats)
        for line in range(_line(lat - reach / KM), _line(lat + reach / KM) + 1):
            for row in self._along(line, lng, lat, reach):
                if (
                    row < largest
                    and abs(lats[row] / GRAIN - lat) * KM <= reach
                    and self._away(row, lng, lat) <= reach
                ):
                    largest = row
        return largest

    def _away(self, row: int, lng: float, lat: float) -> float:
        """Return how many kilometres a city is away, flat: good enough for so near."""
        north = self._places.lats[row] / GRAIN - lat
        east = math.remainder(self._places.lngs[row] / GRAIN - lng, 360)
        return math.hypot(north, east * math.cos(math.radians(lat + north / 2))) * KM

    def _along(self, line: int, lng: float, lat: float, reach: float) -> Iterator[int]:
        """Yield the cities of a row of cells that may be within the reach."""
        polar = max(abs(lat), abs(line / CELLS - 90), abs((line + 1) / CELLS - 90))
        narrowest = max(0.001, math.cos(math.radians(min(90.0, polar))))
        return self._stretch(line, lng, min(180.0, reach / KM / narrowest))

    def _stretch(self, line: int, lng: float, aside: float) -> Iterator[int]:
        """Yield the cities of a row of cells from `aside` degrees west to as far east."""
        spans = [(lng - aside, lng + aside)]
        spans += [(lng - aside + 360, 180.0)] if lng - aside < -180 else []
        spans += [(-180.0, lng + aside - 360)] if lng + aside > 180 else []
        for west, east in spans:
            first = bisect_left(self._cells, line * ROW + _column(west))
            last = bisect_right(self._cells, line * ROW + _column(east))
            yield from self._rows[first:last]

    def _told(self, lng: float, lat: float, row: int) -> str:
        city = self._places.city(row)
        country = self._places.countries.get(city.country)
        name = ", ".join(part for part in (city.name, city.region, country.name if country else "") if part)
        east = math.remainder(lng - city.center[0], 360) * math.cos(math.radians((lat + city.center[1]) / 2))
        north = lat - city.center[1]
        away = _great_circle((lng, lat), city.center)
        if away < HERE:
            return name
        wind = WINDS[round(math.degrees(math.atan2(east, north)) / 45) % 8]
        return f"{_rounded(away):,} km {wind} of {name}"


def _great_circle(one: LngLat, other: LngLat) -> float:
    """Return the kilometres between two points."""
    (lng, lat), (there, north) = (map(math.radians, point) for point in (one, other))
    half = math.sin((north - lat) / 2) ** 2
    half += math.cos(lat) * math.cos(north) * math.sin((there - lng) / 2) ** 2
    return 2 * math.degrees(math.asin(math.sqrt(half))) * KM


def _rounded(kilometres: float) -> int:
    return round(kilometres) if kilometres < 100 else 10 * round(kilometres / 10)


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
