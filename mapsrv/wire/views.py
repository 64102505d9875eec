"""Where set_map_view's arguments look: one of a camera, bounds, or a layer; degrees in GeoJSON's order."""

from __future__ import annotations

import math
from collections.abc import Mapping

from mapsrv.core.commands import SetMapView
from mapsrv.core.state import Json
from mapsrv.errors import InvalidArgument
from mapsrv.wire.fields import any_id, number
from mapsrv.wire.json_text import shown

MAX_WEST_EAST = 540  # degrees: bounds over the antimeridian are often written past 180
CAMERA = ("center", "zoom", "bearing", "pitch")


def parse_view(values: Mapping[str, Json]) -> SetMapView:
    """Return the command; raises InvalidArgument for a mixture, and for swapped coordinates."""
    camera = [name for name in CAMERA if name in values]
    ways = [name for name in ("bounds", "layer_id") if name in values]
    if len(ways) + bool(camera) != 1:
        given = ", ".join([*camera, *ways]) or "none of them"
        raise InvalidArgument(
            "set_map_view takes one of: a camera (center, zoom, bearing, pitch, any of them), bounds, or"
            " layer_id; "
            f'got {given}. Example: set_map_view {{"center": [8.54, 47.37], "zoom": 10}}'
        )
    if "feature_ids" in values and "layer_id" not in values:
        raise InvalidArgument("feature_ids are of a layer: send layer_id with them.")
    padding = number(values.get("padding", 40), "padding", 0, 1_000)
    if "bounds" in values:
        return SetMapView(bounds=_bounds(values["bounds"]), padding=padding)
    if "layer_id" in values:
        ids = tuple(values.get("feature_ids", ()))
        return SetMapView(layer_id=any_id(values["layer_id"], "layer_id"), feature_ids=ids, padding=padding)
    return SetMapView(
        center=_center(values["center"]) if "center" in values else None,
        zoom=number(values["zoom"], "zoom", 0, 24) if "zoom" in values else None,
        bearing=_wrapped(values["bearing"]) if "bearing" in values else None,
        pitch=number(values["pitch"], "pitch", 0, 85) if "pitch" in values else None,
        padding=padding,
    )


def _center(value: Json) -> tuple[float, float]:
    lng, lat = value
    if abs(lat) > 90:
        swapped = (
            f" These look swapped: send [{lat:g}, {lng:g}]." if abs(lng) <= 90 and abs(lat) <= 180 else ""
        )
        raise InvalidArgument(
            f"center must be [longitude, latitude] with latitude from -90 to 90; got {shown(value)}.{swapped}"
        )
    return number(lng, "center's longitude", -180, 180), float(lat)


def _bounds(value: Json) -> tuple[float, float, float, float]:
    west, south, east, north = (float(item) for item in value)
    if max(abs(south), abs(north)) > 90:
        swapped = max(abs(west), abs(east)) <= 90 and max(abs(south), abs(north)) <= 180
        hint = f" These look swapped: send [{south:g}, {west:g}, {north:g}, {east:g}]." if swapped else ""
        raise InvalidArgument(
            "bounds must be [west, south, east, north] with latitudes from -90 to 90; got"
            f" {shown(value)}.{hint}"
        )
    if south > north:
        raise InvalidArgument(
            f"bounds must be [west, south, east, north]; south {south:g} is above north {north:g} in"
            f" {shown(value)}."
        )
    for name, lng in (("west", west), ("east", east)):
        number(lng, f"bounds' {name}", -MAX_WEST_EAST, MAX_WEST_EAST)
    if east - west > 360:
        raise InvalidArgument(
            f"bounds are wider than the world: {shown(value)}. Send [-180, -85, 180, 85] for all."
        )
    return west, south, east, north


def _wrapped(bearing: Json) -> float:
    """Return the bearing within -180..180; what is within stays exactly as it is."""
    if -180 <= bearing <= 180:
        return float(bearing)
    return math.remainder(bearing, 360)
