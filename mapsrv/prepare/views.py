"""prepare of set_map_view: where a layer, or some of its features, are."""

from __future__ import annotations

from dataclasses import replace

from mapsrv.core.bounds import Bounds, middle
from mapsrv.core.commands import Prepared, SetMapView
from mapsrv.core.drawing_order import find
from mapsrv.core.state import MapLayer, MapState
from mapsrv.errors import InvalidArgument
from mapsrv.prepare.geojson_blobs import Documents

POINT_ZOOM = 12.0  # a town and its surroundings, where the bounds have no size


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
