"""set_map_view: one of a camera, bounds, or a layer to look at; degrees in GeoJSON's order."""

from __future__ import annotations

import math

from mapsrv.core.commands import SetMapView
from mapsrv.core.state import Json
from mapsrv.errors import InvalidArgument
from mapsrv.wire.fields import number
from mapsrv.wire.json_text import shown
from mapsrv.wire.tools.schema import MAX_IDS, arguments, ids, numbers, text
from mapsrv.wire.tools.tool import RECEIPT, Tool
from mapsrv.wire.tools.values import Values, layer_id

MAX_WEST_EAST = 540  # degrees: bounds over the antimeridian are often written past 180
CAMERA = ("center", "zoom", "bearing", "pitch")

_POINTS = (("lng", "lat"), ("lon", "lat"), ("longitude", "latitude"))
_CORNERS = ("west", "south", "east", "north")


def _parse(values: Values, document: bytes | None) -> SetMapView:
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
        features = tuple(values.get("feature_ids", ()))
        return SetMapView(layer_id=layer_id(values), feature_ids=features, padding=padding)
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


def _point(value: Json) -> Json:
    """Return [lng, lat] of {lng, lat}, whatever their names; anything else as it is."""
    if not isinstance(value, dict):
        return value
    return next(([value[lng], value[lat]] for lng, lat in _POINTS if value.keys() == {lng, lat}), value)


def _box(value: Json) -> Json:
    """Return the four numbers of [[w, s], [e, n]], of two {lng, lat}, or of {west, south, east, north}."""
    if isinstance(value, dict) and value.keys() == set(_CORNERS):
        return [value[name] for name in _CORNERS]
    if not isinstance(value, list) or len(value) != 2:
        return value
    corners = [_point(item) for item in value]
    pairs = all(isinstance(item, list) and len(item) == 2 for item in corners)
    return [item for corner in corners for item in corner] if pairs else value


TOOL = Tool(
    name="set_map_view",
    title="Move the view",
    text=(
        "Move everybody's view: to a center and zoom, to bounds, or to the data of a layer. Send one of the"
        " three. Coordinates are [longitude, latitude], bounds [west, south, east, north]. A person who is"
        " just moving the map is not interrupted but offered to follow. camera_near names a place near the"
        " middle." + RECEIPT
    ),
    example={"center": [8.5417, 47.3769], "zoom": 11},
    schema=arguments(
        center=numbers("[longitude, latitude] in degrees.", 2),
        zoom={
            "type": "number",
            "minimum": 0,
            "maximum": 24,
            "description": "0 the world, 10 a city, 16 a street.",
        },
        bearing={"type": "number", "description": "Degrees clockwise from north that point up."},
        pitch={
            "type": "number",
            "minimum": 0,
            "maximum": 85,
            "description": "Degrees of tilt; 0 looks down.",
        },
        bounds=numbers("[west, south, east, north] in degrees to fit.", 4),
        layer_id=text("Fit the data of this layer."),
        feature_ids=ids("With layer_id: fit only these features.", maxItems=MAX_IDS),
        padding={
            "type": "number",
            "default": 40,
            "minimum": 0,
            "maximum": 1000,
            "description": "CSS pixels around what is fitted.",
        },
    ),
    parse=_parse,
    forms={"center": _point, "bounds": _box},
)
