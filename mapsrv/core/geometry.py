"""Geometries as RFC 7946 section 3.1 has them: what is refused, and where the fault is.

Checks never repair: what passes is drawn as it was written, less `bbox` and foreign members.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

from mapsrv.core.state import Json
from mapsrv.core.suggest import nearest
from mapsrv.errors import InvalidGeoJson

MAX_LNG = 540.0  # beyond 180 a shape may cross the antimeridian uncut, as MapLibre draws it
METRES = 1_000  # beyond it, a number is no degree that somebody mistook
MAX_HEIGHT = 1e15  # of the third number and later ones: metres, or times in milliseconds
MAX_NESTING = 8  # GeometryCollections inside each other; RFC 7946 section 3.1.8 advises against any
_NUMBERS = frozenset({int, float})  # by exact type: True is no number

Check = Callable[[Json, str], int]  # coordinates and their path -> how many positions


def refuse(path: str, fault: str) -> InvalidGeoJson:
    """Return the error that names the place of a fault."""
    return InvalidGeoJson(f"{path}: {fault}" if path else fault)


def join(path: str, key: str) -> str:
    """Return the path of a member."""
    return f"{path}.{key}" if path else key


def shown(value: Json) -> str:
    """Return the value, short enough to stand in a message."""
    if isinstance(value, (dict, list)):
        return "an object" if isinstance(value, dict) else f"an array of {len(value)}"
    text = repr(value) if isinstance(value, str) else str(value)[:60]
    return text if len(text) <= 60 else text[:59] + "…"


def position_fault(position: Json) -> str | None:
    """Return what is wrong with a position, [longitude, latitude, height?] in degrees and metres."""
    if type(position) is not list or len(position) < 2:
        return f"expected a position [longitude, latitude], not {shown(position)}"
    for number in position:
        if type(number) not in _NUMBERS:
            return f"expected a position of numbers, not {shown(number)} in it"
    lng, lat = position[0], position[1]
    if -MAX_LNG <= lng <= MAX_LNG and -90 <= lat <= 90:
        if len(position) == 2 or all(-MAX_HEIGHT <= number <= MAX_HEIGHT for number in position[2:]):
            return None
        return "a height must be a finite number of metres"
    if METRES < max(abs(lng), abs(lat)) < math.inf:
        return f"[{shown(lng)}, {shown(lat)}] looks like metres: project the data to degrees (WGS 84) first"
    if -90 <= lng <= 90 and 90 < abs(lat) <= MAX_LNG:
        return f"latitude {shown(lat)} is not within ±90; these look swapped: write [longitude, latitude]"
    if -90 <= lat <= 90:
        return f"longitude {shown(lng)} is not within ±180 degrees; is the data in WGS 84?"
    return f"latitude {shown(lat)} is not within ±90 degrees; is the data in WGS 84?"


def _array(value: Json, path: str) -> list[Any]:
    if type(value) is not list:
        raise refuse(path, f"expected an array, not {shown(value)}")
    return value


def _position(value: Json, path: str) -> int:
    fault = position_fault(value)
    if fault:
        raise refuse(path, fault)
    return 1


def _positions(value: Json, path: str) -> int:
    for place, position in enumerate(_array(value, path)):
        fault = position_fault(position)
        if fault:
            raise refuse(f"{path}[{place}]", fault)
    return len(value)


def _line(value: Json, path: str) -> int:
    count = _positions(value, path)
    if count < 2:
        raise refuse(path, f"a line needs at least 2 positions, not {count}")
    return count


def _ring(value: Json, path: str) -> int:
    count = _positions(value, path)
    if count < 4:
        raise refuse(path, f"a ring needs at least 4 positions, the last equal to the first, not {count}")
    if value[0] != value[-1]:
        raise refuse(path, "the ring is not closed: its last position must equal its first")
    return count


def _each(check: Check) -> Check:
    def check_all(value: Json, path: str) -> int:
        return sum(check(item, f"{path}[{place}]") for place, item in enumerate(_array(value, path)))

    return check_all


_CHECKS: dict[str, Check] = {
    "Point": _position,
    "MultiPoint": _positions,
    "LineString": _line,
    "MultiLineString": _each(_line),
    "Polygon": _each(_ring),
    "MultiPolygon": _each(_each(_ring)),
}
TYPES = (*_CHECKS, "GeometryCollection")


def check_geometry(value: Json, path: str, nesting: int = 0) -> tuple[dict[str, Json] | None, int]:
    """Return the geometry without what is not its own, and its number of positions.

    Empty coordinates mean null, as RFC 7946 section 3.1 allows. Raises InvalidGeoJson.
    """
    if type(value) is not dict:
        raise refuse(path, f"expected a geometry object, not {shown(value)}")
    kind = value.get("type")
    if kind == "GeometryCollection":
        return _check_collection(value, path, nesting)
    check = _CHECKS.get(kind) if isinstance(kind, str) else None
    if check is None:
        hint = nearest(kind, TYPES) if isinstance(kind, str) else ""
        raise refuse(join(path, "type"), f"expected one of {', '.join(TYPES)}, not {shown(kind)}.{hint}")
    if "coordinates" not in value:
        raise refuse(path, f'a {kind} needs "coordinates"')
    coordinates = value["coordinates"]
    if coordinates == []:
        return None, 0
    return {"type": kind, "coordinates": coordinates}, check(coordinates, join(path, "coordinates"))


def _check_collection(value: Json, path: str, nesting: int) -> tuple[dict[str, Json], int]:
    if nesting == MAX_NESTING:
        raise refuse(path, f"geometry collections nest more than {MAX_NESTING} deep")
    path = join(path, "geometries")
    checked = [
        check_geometry(item, f"{path}[{place}]", nesting + 1)
        for place, item in enumerate(_array(value.get("geometries"), path))
    ]
    geometries = [geometry for geometry, _ in checked if geometry is not None]
    return {"type": "GeometryCollection", "geometries": geometries}, sum(count for _, count in checked)


def simple(geometry: Json) -> Iterator[dict[str, Json]]:
    """Yield the geometry itself (nothing for null), or those that a collection holds."""
    if geometry is None:
        return
    if geometry["type"] != "GeometryCollection":
        yield geometry
        return
    for inner in geometry["geometries"]:
        yield from simple(inner)
