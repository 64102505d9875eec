"""What may have happened to a map: a closed union of values.

An Op is one accepted change of a Command that became zero or more. On the wire it is its fields
beside its name in codec.OP_NAMES.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, TypeAlias

from mapsrv.core.state import Camera, Json, MapLayer

FeatureId: TypeAlias = str | int


@dataclass(frozen=True, slots=True)
class TitleSet:
    """op set_title."""

    part: ClassVar = "title"
    title: str


@dataclass(frozen=True, slots=True)
class BasemapSet:
    """op set_basemap."""

    part: ClassVar = "basemap"
    basemap: str


@dataclass(frozen=True, slots=True)
class CameraSet:
    """op set_camera."""

    part: ClassVar = "camera"
    camera: Camera


@dataclass(frozen=True, slots=True)
class LayerPut:
    """op put_layer: added, or replaced wholly."""

    layer: MapLayer


@dataclass(frozen=True, slots=True)
class LayerRemoved:
    """op remove_layer."""

    id: str


@dataclass(frozen=True, slots=True)
class LayerSet:
    """op set_layer: `changes` of the fields TAKES are set; None removes."""

    TAKES: ClassVar = ("title", "visible", "rank", "filter", "attribution")
    id: str
    changes: Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class Restyled:
    """op restyle: `changes` of the fields TAKES are merged; None removes."""

    TAKES: ClassVar = ("paint", "layout", "minzoom", "maxzoom", "filter", "visible")
    id: str
    style_layer: str
    changes: Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class FeaturesUpdated:
    """op update_features: remove, then add, then update; with `data` the whole is at that name."""

    id: str
    add: tuple[Mapping[str, Json], ...] = ()
    update: tuple[Mapping[str, Json], ...] = ()
    remove: tuple[FeatureId, ...] = ()
    data: str | None = None


# They set one of state.PARTS, the one that `part` names.
PartSet: TypeAlias = TitleSet | BasemapSet | CameraSet
Op: TypeAlias = PartSet | LayerPut | LayerRemoved | LayerSet | Restyled | FeaturesUpdated
