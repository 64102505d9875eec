"""Where within its bounds data lies, as a grid of GRID by GRID cells in one integer, a bit each.

Bounds alone say little of cities on two continents: what lies between is empty. A cell that is set may be
empty too, since each line and ring counts with its own bounds; one that is not set is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from mapsrv.core.bounds import Bounds, parts
from mapsrv.core.state import Json

GRID = 32
WHOLE = (1 << GRID) - 1  # a row
ROUNDED = 1e-9  # cells, that a sum may be off
LEAST = 1e-9  # degrees: what is smaller is one cell, and a number by which nothing can be divided


def cells(features: Iterable[Mapping[str, Json]], box: Bounds) -> int:
    """Return the cells of the bounds in which features may be: bit y * GRID + x, from the south-west."""
    west, south, _, north = box
    across, up = _scale(_width(box)), _scale(north - south)
    found = 0
    for feature in features:
        geometry = feature["geometry"]
        if geometry is not None and geometry["type"] == "Point":
            lng, lat, *_ = geometry["coordinates"]
            found |= 1 << (_cell((lat - south) * up) * GRID + _cell((lng - west) % 360 * across))
            continue
        for part in parts(geometry):
            lngs, lats = [position[0] for position in part], [position[1] for position in part]
            row = _row((min(lngs) - west) % 360, max(lngs) - min(lngs), across)
            for y in range(_cell((min(lats) - south) * up), _cell((max(lats) - south) * up) + 1):
                found |= row << (y * GRID)
    return found


def boxes(found: int, box: Bounds) -> Iterator[Bounds]:
    """Yield the bounds of each cell that is set."""
    west, south, _, north = box
    wide, high = _width(box) / GRID, (north - south) / GRID
    for y in range(GRID):
        row = found >> (y * GRID) & WHOLE
        for x in range(GRID):
            if row >> x & 1:
                least, greatest = _turned(west + x * wide), _turned(west + (x + 1) * wide)
                yield least, south + y * high, greatest, south + (y + 1) * high


def _width(box: Bounds) -> float:
    west, _, east, _ = box
    return east - west if west <= east else east - west + 360


def _scale(size: float) -> float:
    return GRID / size if size > LEAST else 0.0


def _cell(place: float) -> int:
    return max(0, min(GRID - 1, int(place)))


def _row(start: float, size: float, across: float) -> int:
    """Return the bits of a part in a row; what goes on behind the end of the bounds may be anywhere."""
    first, last = _cell(start * across), _cell((start + size) * across)
    if (start + size) * across > GRID + ROUNDED:
        return WHOLE
    return (1 << (last - first + 1)) - 1 << first


def _turned(lng: float) -> float:
    return lng if lng <= 180 else lng - 360
