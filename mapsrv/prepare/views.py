"""Where layers, features and added data are, as a view: prepare of set_map_view, and what `fit` asks for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from math import isfinite

from mapsrv.core.bounds import Bounds, middle
from mapsrv.core.commands import SetMapView
from mapsrv.core.data_summary import Summary
from mapsrv.core.drawing_order import find
from mapsrv.core.prepared import Prepared
from mapsrv.core.state import Camera, Json, MapLayer, MapState
from mapsrv.errors import InvalidArgument
from mapsrv.prepare.geojson_blobs import Documents

POINT_ZOOM = 12.0  # a town and its surroundings, where the bounds have no size
FIT_PADDING = 40.0  # CSS pixels
CANNOT_FIT = (
    "The camera was not moved: the data is loaded by the browser, so its bounds are not known here."
    " Call set_map_view with bounds."
)


async def prepare_view(command: SetMapView, state: MapState, documents: Documents) -> Prepared:
    """Return the command with `bounds` of the layer or features; for a point, or with a zoom, `center`."""
    if command.layer_id is None:
        if command.feature_ids:
            raise InvalidArgument("feature_ids: give the layer_id of the layer that has these features.")
        return Prepared(command)
    if command.center is not None or command.bounds is not None:
        raise InvalidArgument("Give one of center, bounds and layer_id, not several.")
    layer, _ = find(state, command.layer_id)
    box = await _bounds(command, layer, documents)
    if command.zoom is not None or is_point(box):
        zoom = command.zoom if command.zoom is not None else max(POINT_ZOOM, state.camera.zoom or 0.0)
        completed = replace(command, center=middle(box), zoom=zoom)
    else:
        completed = replace(command, bounds=box)
    return Prepared(completed, {layer.id: layer})


def is_point(box: Bounds) -> bool:
    """Return whether the bounds have no size."""
    west, south, east, north = box
    return west == east and south == north


async def _bounds(command: SetMapView, layer: MapLayer, documents: Documents) -> Bounds:
    if command.feature_ids:
        body = await documents.body(layer.source)
        known = body is not None
        box = await documents.bounds_of_features(body, command.feature_ids) if body is not None else None
    else:
        summary = await documents.summary(layer.source)
        known, box = summary is not None, summary.bounds if summary else None
    if box is not None:
        return box
    if known:
        raise InvalidArgument(f'There are no coordinates to look at in "{layer.id}": give center or bounds.')
    raise InvalidArgument(
        f'The data of "{layer.id}" is loaded by the browser: where it is, is not known here. Give bounds.'
    )


def fitted(source: Mapping[str, Json], summary: Summary | None, state: MapState) -> Camera | None:
    """Return the camera that shows the data of a source, or None where it is not known where that is."""
    box = _said_bounds(source) if summary is None else summary.bounds
    if box is None:
        return None
    if is_point(box):
        return Camera(center=(box[0], box[1]), zoom=max(POINT_ZOOM, state.camera.zoom or 0.0))
    return Camera(center=None, zoom=None, bounds=box, padding=FIT_PADDING)


def _said_bounds(source: Mapping[str, Json]) -> Bounds | None:
    """Return where a tile source says that it is."""
    said = source.get("bounds")
    if not isinstance(said, list) or len(said) != 4:
        return None
    if not all(type(number) in (int, float) and isfinite(number) and abs(number) <= 180 for number in said):
        return None
    west, south, east, north = said
    return (west, south, east, north) if -90 <= south <= north <= 90 else None
