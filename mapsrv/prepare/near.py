"""camera_near: where the view that a command sets looks, by the name of a place that is near.

So whoever swapped longitude and latitude reads of a place on another continent in the answer.
"""

from __future__ import annotations

from mapsrv.core.bounds import middle
from mapsrv.core.commands import AddLayer, AddStyleLayers, SetMapView
from mapsrv.core.prepared import Prepared
from mapsrv.core.state import Camera, MapState
from mapsrv.core.view import viewed
from mapsrv.gazetteer.gazetteer import Gazetteer
from mapsrv.gazetteer.places import LngLat

FACT = "camera_near"


async def with_camera_near(prepared: Prepared, state: MapState, gazetteer: Gazetteer) -> Prepared:
    """Return it with that fact, where the command moves the camera and places are known."""
    point = _point(prepared, state)
    near = None if point is None else await gazetteer.near(point)
    return prepared if near is None else prepared.told(FACT, near)


def _point(prepared: Prepared, state: MapState) -> LngLat | None:
    """Return the middle of the view that the command sets."""
    command = prepared.command
    if isinstance(command, SetMapView) and command.center is not None and command.bounds is None:
        return command.center  # as most do
    camera = _camera(prepared, state)
    if camera is None:
        return None
    return middle(camera.bounds) if camera.bounds is not None else camera.center


def _camera(prepared: Prepared, state: MapState) -> Camera | None:
    match prepared.command:
        case SetMapView() as command:
            return viewed(state.camera, command)
        case AddLayer(camera=camera) | AddStyleLayers(camera=camera):
            return camera
        case _:
            return None
