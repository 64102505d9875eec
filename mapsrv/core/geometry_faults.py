"""What is odd about the geometry of features that can be drawn all the same: told with their ids.

Nothing of it is refused. A ring the wrong way is drawn as meant, so that is a note and no warning
(RFC 7946 section 3.1.6). How much is looked through is bounded, since this runs on the loop for small data.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise

from mapsrv.core.bounds import parts
from mapsrv.core.geometry import shown, simple
from mapsrv.core.state import Json

MAX_NAMED = 3  # ids that one sentence names
MAX_PAIRS = 10  # pairs of edges that are compared, for each position of the data
SWAPPED_FAR = 5  # sizes of the rest that a feature lies away from it, before it looks swapped
LEAST_REST = 3  # features without it that make a rest

Feature = Mapping[str, Json]
Point = Sequence[float]
SAME = 1e-6  # degrees: a tenth of a metre, as coordinates are written
_AREAL = frozenset({"Polygon", "MultiPolygon", "GeometryCollection"})
_NONE = {"type": None}
_NUMBERS = (int, float)
_LNG = ("lng", "lon", "long", "longitude")
_LAT = ("lat", "latitude")


@dataclass(frozen=True, slots=True)
class Oddities:
    """`faults` are worth a warning; `notes` are told to who asks."""

    faults: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def oddities(features: Sequence[Feature]) -> Oddities:
    """Return what is odd about the geometry of regular features."""
    bare = [feature for feature in features if feature["geometry"] is None]
    crossing, backward = _areas(features)
    faults = []
    if 0 < len(bare) < len(features):
        faults.append(f"{len(bare)} of {len(features)} features have no geometry: {_named(bare)}.")
    if crossing:
        told = _these(crossing, "area crosses its", "areas cross their")
        faults.append(f"{told} own edge: {_named(crossing)}.")
    faults += _swapped([feature for feature in features if feature["geometry"] is not None])
    notes = []
    if backward:
        notes.append(
            f"{_these(backward, 'area has', 'areas have')} a ring the wrong way, drawn as meant:"
            f" {_named(backward)}."
        )
    return Oddities(tuple(faults), tuple(notes))


def _these(features: Sequence[Feature], one: str, many: str) -> str:
    return f"1 {one}" if len(features) == 1 else f"{len(features)} {many}"


def _named(features: Sequence[Feature]) -> str:
    names = ", ".join(f"feature {shown(feature['id'])}" for feature in features[:MAX_NAMED])
    return names + (f" and {len(features) - MAX_NAMED} more" if len(features) > MAX_NAMED else "")


# --- areas -------------------------------------------------------------------------


def _areas(features: Sequence[Feature]) -> tuple[list[Feature], list[Feature]]:
    """Return the features with an area that crosses itself, and those with a ring the wrong way."""
    crossing, backward = [], []
    areal = (feature for feature in features if (feature["geometry"] or _NONE)["type"] in _AREAL)
    rings_of = [(feature, list(_rings(feature["geometry"]))) for feature in areal]
    pairs = MAX_PAIRS * sum(len(ring) for _, rings in rings_of for ring, _ in rings)
    for feature, rings in rings_of:
        if any((_turn(ring) < 0) is outer for ring, outer in rings if _turn(ring)):
            backward.append(feature)
        for ring, _ in rings:
            found, pairs = _crosses_itself(ring, pairs)
            if found:
                crossing.append(feature)
                break
    return crossing, backward


def _rings(geometry: Json) -> Iterator[tuple[Sequence[Point], bool]]:
    """Yield each ring, and whether it is the outer one of its area."""
    for one in simple(geometry):
        coordinates = one["coordinates"]
        areas = {"Polygon": [coordinates], "MultiPolygon": coordinates}.get(one["type"], [])
        for rings in areas:
            yield from ((ring, place == 0) for place, ring in enumerate(rings))


def _turn(ring: Sequence[Point]) -> float:
    """Return twice the signed area: positive for a ring counterclockwise."""
    low = ring[0][1]  # near the ring, so that little is lost by large numbers
    return -sum((b[0] - a[0]) * (a[1] - low + b[1] - low) for a, b in pairwise(ring))


def _crosses_itself(ring: Sequence[Point], pairs: int) -> tuple[bool, int]:
    """Return whether two edges of a ring cross, and how many pairs may still be compared.

    A line sweeps from west to east; edges are compared that it meets together.
    """
    last = len(ring) - 2
    if last < 3:
        return False, pairs  # a triangle
    edges = sorted((min(ring[at][0], ring[at + 1][0]), at) for at in range(last + 1))
    active: list[int] = []
    for west, at in edges:
        active = [other for other in active if max(ring[other][0], ring[other + 1][0]) >= west]
        pairs -= len(active)
        if pairs < 0:
            return False, 0
        for other in active:
            apart = abs(at - other)
            if 1 < apart < last and _cross(ring[at], ring[at + 1], ring[other], ring[other + 1]):
                return True, pairs
        active.append(at)
    return False, pairs


def _cross(a: Point, b: Point, c: Point, d: Point) -> bool:
    """Return whether two edges cross between their ends; touching is none."""
    return _side(a, b, c) * _side(a, b, d) < 0 and _side(c, d, a) * _side(c, d, b) < 0


def _side(a: Point, b: Point, c: Point) -> float:
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])


# --- swapped coordinates -------------------------------------------------------------


def _swapped(features: Sequence[Feature]) -> Iterator[str]:
    """Say which features look as if latitude stood before longitude."""
    firsts = [(feature, place) for feature in features if (place := _first(feature["geometry"])) is not None]
    told = list(_says_swapped(firsts)) or _far_but_for_a_swap(firsts)
    if told:
        first = next(place for feature, place in firsts if feature is told[0])
        yield (
            f"The coordinates of {_named(told)} look swapped: write [longitude, latitude],"
            f" [{first[1]:g}, {first[0]:g}] for the first."
        )


def _first(geometry: Json) -> Point | None:
    """Return the first position of a geometry; None for an empty collection."""
    if geometry["type"] == "Point":
        place: Point = geometry["coordinates"]
        return place
    return next((part[0] for part in parts(geometry)), None)


def _says_swapped(firsts: Sequence[tuple[Feature, Point]]) -> Iterator[Feature]:
    """Yield features whose own properties name the same two numbers the other way round."""
    names = dict.fromkeys(chain.from_iterable(feature["properties"] for feature, _ in firsts))
    lng = next((name for name in names if name.casefold() in _LNG), None)
    lat = next((name for name in names if name.casefold() in _LAT), None)
    if lng is None or lat is None:
        return
    for feature, place in firsts:
        x, y = feature["properties"].get(lng), feature["properties"].get(lat)
        if type(x) in _NUMBERS and type(y) in _NUMBERS and x != y:
            if abs(place[0] - y) < SAME and abs(place[1] - x) < SAME:
                yield feature


def _far_but_for_a_swap(firsts: Sequence[tuple[Feature, Point]]) -> list[Feature]:
    """Return features far away from all others that would lie among them the other way round."""
    if len(firsts) <= LEAST_REST:
        return []
    lngs = sorted(place[0] for _, place in firsts)
    lats = sorted(place[1] for _, place in firsts)
    # The middle three quarters are the rest: a few swapped ones are not among them.
    cut = max(1, len(firsts) // 8)
    west, east, south, north = lngs[cut], lngs[-1 - cut], lats[cut], lats[-1 - cut]
    size = max(east - west, north - south, 1.0)

    def among(x: float, y: float, room: float) -> bool:
        return west - room <= x <= east + room and south - room <= y <= north + room

    found = [
        feature for feature, (x, y, *_) in firsts if not among(x, y, SWAPPED_FAR * size) and among(y, x, size)
    ]
    return found if len(found) <= len(firsts) // 4 else []
