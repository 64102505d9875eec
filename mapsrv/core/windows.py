"""What a camera or a viewer shows of the world, as far as it can be known without the browser's size."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from mapsrv.core.bounds import Bounds
from mapsrv.core.state import Camera, Json
from mapsrv.core.view import zoom_of

WIDTH, HEIGHT = 2560, 1440  # CSS pixels of a large window: what is not in it is in no smaller one
TILE = 512  # CSS pixels of the world at zoom 0
ANY_ZOOM = 30.0  # by how much a zoom that nobody told may be another than 0
TILTED = 60.0  # degrees of pitch from which the horizon may be in sight


@dataclass(frozen=True, slots=True)
class Window:
    """A part of the world: None for all of it. `slack` is by how much the zoom may be another."""

    box: Bounds | None
    zoom: float
    slack: float = 0.0


def of_camera(camera: Camera) -> Window:
    """Return at least what any browser shows when it is where the map looks."""
    if camera.center is None:
        # Each browser fits them to its own window, and shows some more to two of the sides.
        box = _grown(camera.bounds, 1.0) if camera.bounds is not None and not camera.pitch else None
        return Window(box, zoom_of(camera), slack=2.0)
    zoom = camera.zoom or 0.0
    if camera.pitch >= TILTED:
        return Window(None, zoom)
    reach = math.hypot(WIDTH, HEIGHT) if camera.bearing or camera.pitch else None
    half = [(reach or size) * (3 if camera.pitch else 1) / TILE / 2**zoom / 2 for size in (WIDTH, HEIGHT)]
    lng, lat = camera.center
    x, y = _mercator(lng, lat)
    if half[0] >= 0.5:
        return Window((-180.0, _latitude(y + half[1]), 180.0, _latitude(y - half[1])), zoom)
    west, east = lng - 360 * half[0], lng + 360 * half[0]
    return Window((_turned(west), _latitude(y + half[1]), _turned(east), _latitude(y - half[1])), zoom)


def of_viewport(viewport: Json) -> Window | None:
    """Return what one viewer shows, as its page says; None where it does not."""
    if not isinstance(viewport, Mapping) or not isinstance(viewport.get("bounds"), list):
        return None
    west, south, east, north = viewport["bounds"]
    zoom, slack = viewport.get("zoom", 0.0), 0.0 if "zoom" in viewport else ANY_ZOOM
    if east - west >= 360:
        return Window((-180.0, south, 180.0, north), zoom, slack)
    return Window((_turned(west), south, _turned(east), north), zoom, slack)


def meets(box: Bounds, window: Window) -> bool:
    """Return whether the box and the window have a place in common."""
    if window.box is None:
        return True
    if box[3] < window.box[1] or window.box[3] < box[1]:
        return False
    return any(
        west <= end and start <= east for west, east in _spans(box) for start, end in _spans(window.box)
    )


def holds(outer: Bounds, inner: Bounds) -> bool:
    """Return whether all of one box lies in the other."""
    if outer[1] > inner[1] or inner[3] > outer[3]:
        return False
    return all(
        any(start <= west and east <= end for start, end in _spans(outer)) for west, east in _spans(inner)
    )


def _spans(box: Bounds) -> list[tuple[float, float]]:
    west, _, east, _ = box
    return [(west, east)] if west <= east else [(west, 180.0), (-180.0, east)]


def _grown(box: Bounds, by: float) -> Bounds:
    """Return the box with `by` of its size more on each side."""
    west, south, east, north = box
    width, height = (east - west) % 360 or 360.0, north - south
    if width * (1 + 2 * by) >= 360:
        west, east = -180.0, 180.0
    else:
        west, east = _turned(west - by * width), _turned(east + by * width)
    # A wide box in a high window shows far more to the north and south than it has itself.
    more = max(by * height, width)
    return west, max(-90.0, south - more), east, min(90.0, north + more)


def _mercator(lng: float, lat: float) -> tuple[float, float]:
    """Return where the place is in the world's square, from 0 to 1; y grows to the south."""
    turned = math.radians(max(-85.06, min(85.06, lat)))
    return (lng + 180) / 360, 0.5 - math.asinh(math.tan(turned)) / (2 * math.pi)


def _latitude(y: float) -> float:
    if y <= 0 or y >= 1:
        return 90.0 if y <= 0 else -90.0
    return math.degrees(math.atan(math.sinh((0.5 - y) * 2 * math.pi)))


def _turned(lng: float) -> float:
    """Return the longitude within -180 and 180."""
    return lng if -180 <= lng <= 180 else (lng + 180) % 360 - 180
