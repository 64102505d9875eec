"""Whether an op of another history still means the same on this one. Nothing is changed here."""

from __future__ import annotations

from collections.abc import Collection
from typing import assert_never

from mapsrv.core import ops as o
from mapsrv.core.apply import Draft
from mapsrv.core.state import MAX_LAYERS, MapLayer


def fits(state: Draft, op: o.Op, touched: Collection[str] = ()) -> bool:
    """Return whether the op can be applied. `touched` are layers that others have changed meanwhile."""
    match op:
        case o.TitleSet() | o.BasemapSet() | o.CameraSet():
            return True
        case o.LayerPut():
            return _can_put(state, op.layer)
        case o.LayerRemoved() | o.LayerSet():
            return op.id in state.layers
        case o.Restyled():
            return op.id in state.layers and state.owners.get(op.style_layer) == op.id
        case o.FeaturesUpdated():
            layer = state.layers.get(op.id)
            return layer is not None and _features_fit(layer, op, touched)
    assert_never(op)


def _can_put(state: Draft, layer: MapLayer) -> bool:
    names = {layer.id, *layer.style_layer_ids()}
    if any(state.owners.get(name, layer.id) != layer.id for name in names):
        return False
    if any(name in state.layers for name in names - {layer.id}):
        return False
    return layer.id in state.layers or len(state.layers) < MAX_LAYERS


def _features_fit(layer: MapLayer, op: o.FeaturesUpdated, touched: Collection[str]) -> bool:
    """With `data` the op brings the whole document as it was: changes of others would be undone."""
    if op.data is None:
        return isinstance(layer.source.get("data"), dict)
    return op.id not in touched
