"""The camera after a command: a center and a zoom, or bounds that each browser fits to its own free area."""

from __future__ import annotations

import math

from mapsrv.core.commands import SetMapView
from mapsrv.core.state import Camera


def viewed(now: Camera, command: SetMapView) -> Camera:
    """Return the camera that a command asks for; what it leaves out stays as it is now."""
    bearing = now.bearing if command.bearing is None else command.bearing
    pitch = now.pitch if command.pitch is None else command.pitch
    scalars_only = command.center is None and command.zoom is None
    if command.bounds is not None or (scalars_only and now.bounds is not None):
        bounds, padding = (command.bounds, command.padding) if command.bounds else (now.bounds, now.padding)
        return Camera(None, None, bearing, pitch, bounds, padding)
    center = command.center or now.center or _middle(now)
    zoom = now.zoom if command.zoom is None else command.zoom
    return Camera(center, zoom_of(now) if zoom is None else zoom, bearing, pitch)


def _middle(camera: Camera) -> tuple[float, float]:
    west, south, east, north = camera.bounds or (-180.0, -90.0, 180.0, 90.0)
    lng = (west + east + (360 if west > east else 0)) / 2
    return (lng - 360 if lng > 180 else lng, (south + north) / 2)


def zoom_of(camera: Camera) -> float:
    """Estimate the zoom at which 1,024 CSS pixels (two world tiles of 512) show the bounds' width."""
    west, _, east, _ = camera.bounds or (-180.0, -90.0, 180.0, 90.0)
    width = max((east - west) % 360 or 360.0, 1e-6)
    return max(0.0, min(22.0, round(math.log2(720 / width), 2)))
