"""decide(state, command) -> ops, which may refuse. What the ops then do to the state is in apply.py.

Commands come here completed by prepare. A command that would change nothing becomes no ops, but
for the camera: who asks for a view wants everyone there, also those who panned away since.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from mapsrv.core import commands as c
from mapsrv.core import ops as o
from mapsrv.core.apply import Draft
from mapsrv.core.drawing_order import find, moved, placed
from mapsrv.core.rebase import fits
from mapsrv.core.restyle import filtered, reset, restyled, toggled
from mapsrv.core.state import MAX_LAYERS, MapLayer, MapState
from mapsrv.core.view import viewed
from mapsrv.errors import IdTaken, LimitReached, OutOfDate


def decide(state: MapState, command: c.Command) -> tuple[o.Op, ...]:
    """Return what the command changes; raises MapsrvError when it cannot be done."""
    decider: Callable[[MapState, Any], Iterable[o.Op]] = _DECIDERS[type(command)]
    return tuple(decider(state, command))


def changed(ops: Iterable[o.Op]) -> tuple[str, ...]:
    """Return the ids of the layers that the ops touch, each once, in order."""
    ids = [op.layer.id if isinstance(op, o.LayerPut) else getattr(op, "id", None) for op in ops]
    return tuple(dict.fromkeys(name for name in ids if name is not None))


# --- one decider a command -----------------------------------------------------


def _set_title(state: MapState, command: c.SetTitle) -> Iterable[o.Op]:
    return [] if state.title == command.title else [o.TitleSet(command.title)]


def _set_basemap(state: MapState, command: c.SetBasemap) -> Iterable[o.Op]:
    return [] if state.basemap == command.name else [o.BasemapSet(command.name)]


def _add_layer(state: MapState, command: c.AddLayer) -> Iterable[o.Op]:
    before = state.layers.get(command.id)
    _check_ids_are_free(state, command)
    if before is None and len(state.layers) >= MAX_LAYERS:
        raise LimitReached(f"This map has {MAX_LAYERS} layers, the most it can hold. Remove one first.")
    rank, ops = placed(state, command.id, command.below)
    layer = MapLayer(
        id=command.id,
        title=command.title or (before.title if before else command.id),
        type=command.type or "vector",
        visible=command.visible,
        rank=rank,
        source=command.source,
        style_layers=command.style_layers or (),
        attribution=command.attribution,
    )
    if before is None or layer.to_json() != replace(before, added=None).to_json():
        ops.append(o.LayerPut(layer))
    if command.camera is not None:
        ops.append(o.CameraSet(command.camera))
    return ops


def _add_style_layers(state: MapState, command: c.AddStyleLayers) -> Iterable[o.Op]:
    before, _ = find(state, command.id)
    _check_ids_are_free(state, command)
    rank, ops = placed(state, command.id, command.below)
    same = {drawn["id"]: drawn for drawn in before.style_layers}
    names = {drawn["id"] for drawn in command.style_layers if same.get(drawn["id"]) == drawn}
    layer = replace(
        before,
        title=command.title or before.title,
        visible=before.visible if command.visible is None else command.visible,
        rank=rank,
        style_layers=command.style_layers,
        # What is set anew is drawn as it says, whatever was laid over the one before.
        restyled={name: look for name, look in before.restyled.items() if name in names},
    )
    if layer.to_json() != before.to_json():
        ops.append(o.LayerPut(layer))
    if command.camera is not None:
        ops.append(o.CameraSet(command.camera))
    return ops


def _check_ids_are_free(state: MapState, command: c.AddLayer | c.AddStyleLayers) -> None:
    owner = state.owners.get(command.id, command.id)
    if owner != command.id:
        raise IdTaken(f'"{command.id}" is a style layer of "{owner}". Choose another id for the layer.')
    names = [style_layer["id"] for style_layer in command.style_layers or ()]
    for name in names:
        owner = state.owners.get(name, command.id)
        if owner != command.id or (name != command.id and name in state.layers):
            raise IdTaken(
                f'Style layer id "{name}" is in use by layer "{owner}". Ids are unique in a map: rename it.'
            )
        if names.count(name) > 1:
            raise IdTaken(f'Style layer id "{name}" stands twice in this call. Give each its own.')


def _update_features(state: MapState, command: c.UpdateFeatures) -> Iterable[o.Op]:
    layer, _ = find(state, command.layer_id)
    if command.source is not None:
        return [o.LayerPut(replace(layer, source=command.source))]
    if command.data is not None and command.data == layer.source.get("data"):
        return []
    diff = (command.add, command.update, command.remove) if command.diff_travels else ((), (), ())
    return [o.FeaturesUpdated(layer.id, *diff, data=command.data)]


def _remove_layer(state: MapState, command: c.RemoveLayer) -> Iterable[o.Op]:
    layer, style_layer = find(state, command.layer_id)
    if style_layer is not None:
        raise IdTaken(
            f'"{style_layer}" is one style layer of "{layer.id}". Hide it with toggle_layer, '
            f'or remove the whole layer with layer_id "{layer.id}".'
        )
    return [o.LayerRemoved(layer.id)]


def _toggle_layer(state: MapState, command: c.ToggleLayer) -> Iterable[o.Op]:
    layer, style_layer = find(state, command.layer_id)
    if style_layer is not None:
        return toggled(layer, style_layer, command.action)
    visible = {"show": True, "hide": False}.get(command.action, not layer.visible)
    return [] if visible == layer.visible else [o.LayerSet(layer.id, {"visible": visible})]


def _filter_layer(state: MapState, command: c.FilterLayer) -> Iterable[o.Op]:
    layer, style_layer = find(state, command.layer_id)
    if style_layer is not None:
        return filtered(layer, style_layer, command.filter)
    return [] if layer.filter == command.filter else [o.LayerSet(layer.id, {"filter": command.filter})]


def _set_layer_paint(state: MapState, command: c.SetLayerPaint) -> Iterable[o.Op]:
    layer, style_layer = find(state, command.layer_id)
    return restyled(layer, style_layer, command.properties)


def _set_layer_details(state: MapState, command: c.SetLayerDetails) -> Iterable[o.Op]:
    layer, _ = find(state, command.layer_id)
    changes: dict[str, Any] = {}
    if command.title is not None and command.title != layer.title:
        changes["title"] = command.title
    if command.attribution is not None and (command.attribution or None) != layer.attribution:
        changes["attribution"] = command.attribution or None
    return [o.LayerSet(layer.id, changes)] if changes else []


def _reset_layer_style(state: MapState, command: c.ResetLayerStyle) -> Iterable[o.Op]:
    layer, style_layer = find(state, command.layer_id)
    ops = list(reset(layer, style_layer))
    if style_layer is None and layer.filter is not None:
        ops.append(o.LayerSet(layer.id, {"filter": None}))
    return ops


def _set_map_view(state: MapState, command: c.SetMapView) -> Iterable[o.Op]:
    return [o.CameraSet(viewed(state.camera, command))]


def _reapply(state: MapState, command: c.Reapply) -> Iterable[o.Op]:
    fitting: list[o.Op] = []
    draft = Draft(state)
    for op in command.ops:
        if fits(draft, op, command.touched):
            fitting.append(op)
            draft.apply(op)
    if not fitting:
        raise OutOfDate("It no longer fits: what it was about is gone, or others have changed it since.")
    return fitting


_DECIDERS: dict[type[Any], Callable[[MapState, Any], Iterable[o.Op]]] = {
    c.SetTitle: _set_title,
    c.SetBasemap: _set_basemap,
    c.AddLayer: _add_layer,
    c.AddStyleLayers: _add_style_layers,
    c.UpdateFeatures: _update_features,
    c.RemoveLayer: _remove_layer,
    c.ToggleLayer: _toggle_layer,
    c.MoveLayer: moved,
    c.FilterLayer: _filter_layer,
    c.SetLayerPaint: _set_layer_paint,
    c.SetLayerDetails: _set_layer_details,
    c.ResetLayerStyle: _reset_layer_style,
    c.SetMapView: _set_map_view,
    c.Reapply: _reapply,
}
