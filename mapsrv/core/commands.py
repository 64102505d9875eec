"""What may be asked of a map: a closed union of values, and what its author is told.

A Command is what a caller asks; prepare completes it (data normalised, camera found) before the
decider sees it. What comes of it are Ops.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from mapsrv.core.ops import FeatureId, Op
from mapsrv.core.state import Camera, Json

OTHERS = "layer"  # the one key of a source that is another layer's


@dataclass(frozen=True, slots=True)
class SetTitle:
    """Rename the map."""

    title: str


@dataclass(frozen=True, slots=True)
class AddLayer:
    """Put a layer on the map, instead of one of the same id. prepare fills type, style_layers, camera.

    A source {OTHERS: id} is the one that another layer has; prepare puts it there.
    `type` may name the type of style layer by which GeoJSON without style_layers is to be drawn.
    `document` is GeoJSON text that came too large to be parsed on the loop; source.data is absent then.
    """

    id: str
    source: Mapping[str, Json]  # a Style Spec source
    type: str | None = None
    style_layers: tuple[Mapping[str, Json], ...] | None = None
    title: str | None = None
    visible: bool = True
    below: str | None = None
    fit: bool = False
    attribution: str | None = None
    document: bytes | None = None
    camera: Camera | None = None


@dataclass(frozen=True, slots=True)
class AddStyleLayers:
    """Set or add style layers of a layer that is there: what AddLayer means where no source is given.

    One without an id sets the only one of its type, or is added. prepare names each, and fills camera;
    then `style_layers` are all that the layer is to have. None of title and visible: as it is.
    """

    id: str
    style_layers: tuple[Mapping[str, Json], ...]
    title: str | None = None
    visible: bool | None = None
    below: str | None = None
    fit: bool = False
    camera: Camera | None = None


@dataclass(frozen=True, slots=True)
class UpdateFeatures:
    """Change features of a GeoJSON layer. prepare gives ids, and `data` or `source` where they change.

    With `data` the new document has that name, and `diff_travels` says whether the diff is sent too.
    With `source` the layer's source itself had to change (its feature ids are of another kind now).
    `document` is {"add", "update", "remove"} as JSON text that came too large to be parsed on the loop.
    """

    layer_id: str
    add: tuple[Mapping[str, Json], ...] = ()
    update: tuple[Mapping[str, Json], ...] = ()
    remove: tuple[FeatureId, ...] = ()
    data: str | None = None
    diff_travels: bool = True
    source: Mapping[str, Json] | None = None
    document: bytes | None = None


@dataclass(frozen=True, slots=True)
class RemoveLayer:
    """Take a layer off the map."""

    layer_id: str


@dataclass(frozen=True, slots=True)
class ToggleLayer:
    """Show, hide or toggle a layer or one style layer."""

    layer_id: str
    action: str = "toggle"


@dataclass(frozen=True, slots=True)
class MoveLayer:
    """Draw a layer beneath or above another, or at the top or bottom; nothing said: the top."""

    layer_id: str
    below: str | None = None
    above: str | None = None
    to: str | None = None


@dataclass(frozen=True, slots=True)
class FilterLayer:
    """Show only the features that pass; None shows all."""

    layer_id: str
    filter: Json = None


@dataclass(frozen=True, slots=True)
class SetLayerPaint:
    """Set paint and layout properties, or opacity, minzoom, maxzoom; None puts back as added."""

    layer_id: str
    properties: Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class SetLayerDetails:
    """Change what is said of a layer. An empty attribution removes it."""

    layer_id: str
    title: str | None = None
    attribution: str | None = None


@dataclass(frozen=True, slots=True)
class ResetLayerStyle:
    """Put paint, layout, zooms, opacity and filter back as added."""

    layer_id: str


@dataclass(frozen=True, slots=True)
class SetMapView:
    """Move the Camera. prepare turns layer_id and feature_ids into bounds."""

    center: tuple[float, float] | None = None
    zoom: float | None = None
    bearing: float | None = None
    pitch: float | None = None
    bounds: tuple[float, float, float, float] | None = None
    layer_id: str | None = None
    feature_ids: tuple[FeatureId, ...] = ()
    padding: float = 40.0


@dataclass(frozen=True, slots=True)
class SetBasemap:
    """Choose what is drawn beneath the layers."""

    name: str


@dataclass(frozen=True, slots=True)
class Reapply:
    """Do again what an event did, as far as it still fits: the store has lost it. Nobody can ask for it.

    `touched` are layers that others have changed on the history that it comes to.
    """

    ops: tuple[Op, ...]
    touched: frozenset[str] = frozenset()


Command: TypeAlias = (
    SetTitle
    | AddLayer
    | AddStyleLayers
    | UpdateFeatures
    | RemoveLayer
    | ToggleLayer
    | MoveLayer
    | FilterLayer
    | SetLayerPaint
    | SetLayerDetails
    | ResetLayerStyle
    | SetMapView
    | SetBasemap
    | Reapply
)
