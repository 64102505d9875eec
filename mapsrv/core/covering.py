"""What lies wholly beneath what: layers that let nothing through, and areas that hold a whole box."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from mapsrv.core.bounds import Bounds
from mapsrv.core.geometry import simple
from mapsrv.core.state import Json, MapLayer
from mapsrv.core.visibility import Drawn, Why, tiles_from

Ring = Sequence[Sequence[float]]


@dataclass(frozen=True, slots=True)
class Cover:
    """A layer that lies above another and lets nothing through where it is: areas of a fill, or tiles."""

    layer: MapLayer
    raster: bool


def covers(above: Iterable[tuple[MapLayer, Drawn]], zoom: float) -> Iterator[Cover]:
    """Yield those of the layers above that may hide what is beneath them, wherever their data is."""
    for layer, drawn in above:
        tiles = tiles_from(layer.source)
        for one in drawn:
            if _is_opaque(one) and max(tiles, one.get("minzoom", 0)) <= zoom < one.get("maxzoom", 24):
                yield Cover(layer, one["type"] == "raster")
                break


def beneath(layer: MapLayer, cover: Cover) -> Why:
    """Return the reason that another layer covers this one. Tiles may have holes."""
    name = json.dumps(cover.layer.id, ensure_ascii=False)
    if cover.raster:
        text = f"It may lie beneath {name}, whose tiles are drawn over it."
    else:
        text = f"It lies wholly beneath {name}, an opaque fill."
    call = {"layer_id": layer.id, "above": cover.layer.id}
    return Why(text, "move_layer", call, sure=not cover.raster)


def _is_opaque(one: Mapping[str, Json]) -> bool:
    """Whether a style layer lets nothing through where it is drawn; what an expression says is not known."""
    paint = one.get("paint", {})
    if one.get("layout", {}).get("visibility") == "none" or "filter" in one:
        return False
    if one.get("type") == "raster":
        return _is_one(paint.get("raster-opacity", 1))
    colour = paint.get("fill-color", "#000000")
    whole = isinstance(colour, str) and not any(
        word in colour for word in ("rgba", "hsla", "transparent", "/")
    )
    plain = whole and not (colour.startswith("#") and len(colour) in (5, 9))
    return (
        one.get("type") == "fill"
        and plain
        and "fill-pattern" not in paint
        and _is_one(paint.get("fill-opacity", 1))
    )


def _is_one(value: Json) -> bool:
    return type(value) in (int, float) and value == 1


# --- areas ---------------------------------------------------------------------


def covered(collection: Mapping[str, Json], box: Bounds) -> bool:
    """Return whether a single area of the FeatureCollection holds all of the box.

    A box over the antimeridian is held by none: areas are cut there (RFC 7946 section 3.1.9).
    """
    if box[0] > box[2]:
        return False
    return any(
        _holds(rings, box) for feature in collection["features"] for rings in _areas(feature["geometry"])
    )


def _areas(geometry: Json) -> Iterable[Sequence[Ring]]:
    for one in simple(geometry):
        if one["type"] == "Polygon":
            yield one["coordinates"]
        elif one["type"] == "MultiPolygon":
            yield from one["coordinates"]


def _holds(rings: Sequence[Ring], box: Bounds) -> bool:
    """No ring has a part within the box, and a corner of it is in the outer ring and in no hole."""
    if any(_touches(ring, box) for ring in rings):
        return False
    return _inside(rings[0], box[0], box[1]) and not any(_inside(hole, box[0], box[1]) for hole in rings[1:])


def _touches(ring: Ring, box: Bounds) -> bool:
    return any(_crosses(ring[place], ring[place + 1], box) for place in range(len(ring) - 1))


def _crosses(start: Sequence[float], end: Sequence[float], box: Bounds) -> bool:
    """Return whether a segment has a point within the box, its edges too (Liang and Barsky)."""
    west, south, east, north = box
    dx, dy = end[0] - start[0], end[1] - start[1]
    first, last = 0.0, 1.0
    for step, room in (
        (-dx, start[0] - west),
        (dx, east - start[0]),
        (-dy, start[1] - south),
        (dy, north - start[1]),
    ):
        if step == 0:
            if room < 0:
                return False
            continue
        reached = room / step
        if step < 0:
            first = max(first, reached)
        else:
            last = min(last, reached)
    return first <= last


def _inside(ring: Ring, x: float, y: float) -> bool:
    """Return whether a point is in a ring, by how often a line to the east crosses it."""
    found = False
    for place in range(len(ring) - 1):
        (ax, ay), (bx, by) = ring[place][:2], ring[place + 1][:2]
        if (ay > y) != (by > y) and x < (bx - ax) * (y - ay) / (by - ay) + ax:
            found = not found
    return found
