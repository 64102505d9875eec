"""apply(state, op) -> state, which never fails: what an accepted change means.

Many ops in a row share one copy of the map's index: copying it for each, and sorting it where one
moved, would hold the loop for a second where an event moves thousands of layers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import assert_never

from mapsrv.core import ops as o
from mapsrv.core.features import apply_diff
from mapsrv.core.restyle import with_override
from mapsrv.core.state import MapLayer, MapState


class Draft:
    """A state on its way through some ops. Order is put right at the end: no op looks at it."""

    def __init__(self, state: MapState) -> None:
        self.state = state  # as it was, but for what is no layer
        self.layers: Mapping[str, MapLayer] = state.layers
        self.owners: Mapping[str, str] = state.owners
        self._layers: dict[str, MapLayer] | None = None  # our copies of the two, once one is needed
        self._owners: dict[str, str] = {}
        self._moved = False

    def put(self, layer: MapLayer) -> None:
        """Put a layer instead of the one of its id."""
        layers = self._copied()
        before = layers.get(layer.id)
        # One that is added last and belongs last, as most are, moves nothing.
        self._moved = self._moved or (before.rank != layer.rank if before else not _is_last(layer, layers))
        if before is None or before.style_layer_ids() != layer.style_layer_ids():
            self._disown(before)
            self._owners.update(dict.fromkeys(layer.style_layer_ids(), layer.id))
        layers[layer.id] = layer

    def drop(self, name: str) -> None:
        """Take a layer away, if it is there."""
        if name in self.layers:
            self._disown(self._copied().pop(name))

    def apply(self, op: o.Op) -> None:
        """Do an op; one on a layer that is not there has no effect."""
        match op:
            case o.TitleSet() | o.BasemapSet() | o.CameraSet():
                self.state = replace(self.state, **{op.part: getattr(op, op.part)})
            case o.LayerPut():
                self.put(op.layer)
            case o.LayerRemoved():
                self.drop(op.id)
            case o.LayerSet() | o.Restyled() | o.FeaturesUpdated():
                if op.id in self.layers:
                    self.put(_changed(self.layers[op.id], op))
            case _:  # pragma: no branch
                assert_never(op)

    def done(self) -> MapState:
        """Return the state after all that was done."""
        if self._moved:
            return self.state.with_layers(self.layers.values())
        if self._layers is None:
            return self.state
        return replace(self.state, layers=self.layers, owners=self.owners)

    def _copied(self) -> dict[str, MapLayer]:
        if self._layers is None:
            self.layers = self._layers = dict(self.layers)
            self.owners = self._owners = dict(self.owners)
        return self._layers

    def _disown(self, layer: MapLayer | None) -> None:
        for name in layer.style_layer_ids() if layer else ():
            self._owners.pop(name, None)


def _is_last(layer: MapLayer, layers: dict[str, MapLayer]) -> bool:
    return not layers or layers[next(reversed(layers))].place < layer.place


def apply(state: MapState, op: o.Op) -> MapState:
    """Return the state after the op."""
    return apply_all(state, (op,))


def apply_all(state: MapState, ops: Iterable[o.Op]) -> MapState:
    """Return the state after all of the ops."""
    draft = Draft(state)
    for op in ops:
        draft.apply(op)
    return draft.done()


def _changed(layer: MapLayer, op: o.LayerSet | o.Restyled | o.FeaturesUpdated) -> MapLayer:
    match op:
        case o.LayerSet():
            return replace(layer, **op.changes)
        case o.Restyled():
            return with_override(layer, op)
        case o.FeaturesUpdated():
            return _with_features(layer, op)
    assert_never(op)


def _with_features(layer: MapLayer, op: o.FeaturesUpdated) -> MapLayer:
    data = layer.source.get("data")
    if op.data is not None:
        return replace(layer, source={**layer.source, "data": op.data})
    if isinstance(data, dict):
        return replace(layer, source={**layer.source, "data": apply_diff(data, op.add, op.update, op.remove)})
    return layer
