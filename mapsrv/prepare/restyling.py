"""prepare of set_layer_paint and filter_layer: judged as the layer would be after them.

Judging waits, and others may set looks of the layer meanwhile: a verdict stands as long as the source and
the style layers are the same. Else people who drag sliders together would send each other back.
"""

from __future__ import annotations

from dataclasses import replace

from mapsrv.core import ops as o
from mapsrv.core.commands import FilterLayer, SetLayerPaint
from mapsrv.core.decider import decide
from mapsrv.core.drawing_order import find
from mapsrv.core.prepared import Prepared
from mapsrv.core.restyle import with_override
from mapsrv.core.sampling import view_of
from mapsrv.core.state import Json, MapLayer, MapState
from mapsrv.prepare import style_items
from mapsrv.prepare.geojson_blobs import Documents
from mapsrv.prepare.style_check import StyleCheck
from mapsrv.wire.style import effective_layers


async def prepare_paint(
    command: SetLayerPaint, state: MapState, documents: Documents, style: StyleCheck
) -> Prepared:
    """Return the command with what is to be told of it. Raises InvalidArgument."""
    layer, style_layer = find(state, command.layer_id)
    items = style_items.of_constants(layer, style_layer, command.properties)
    if items is None:
        ops = decide(state, command)
        items = list(style_items.of_changes(_after(layer, ops), ops, command.properties))
    found = await style.judge(items, layer.source, documents)
    return Prepared(command, warnings=found.warnings, facts=found.facts, drawn={layer.id: layer})


async def prepare_filter(
    command: FilterLayer, state: MapState, documents: Documents, style: StyleCheck
) -> Prepared:
    """Return the command with how many features it leaves. Raises InvalidArgument."""
    layer, style_layer = find(state, command.layer_id)
    if command.filter is None:
        return Prepared(command)
    after = _after(layer, decide(state, command))
    count = None if layer.source.get("cluster") else _count(command, after, style_layer, state)
    items = [style_items.of_filter(command.filter)]
    found = await style.judge(items, layer.source, documents, count)
    return Prepared(command, warnings=found.warnings, facts=found.facts, drawn={layer.id: layer})


def _after(layer: MapLayer, ops: tuple[o.Op, ...]) -> MapLayer:
    for op in ops:
        if isinstance(op, o.Restyled):
            layer = with_override(layer, op)
        elif isinstance(op, o.LayerSet):
            layer = replace(layer, **op.changes)
    return layer


def _count(
    command: FilterLayer, after: MapLayer, style_layer: str | None, state: MapState
) -> dict[str, Json]:
    """Return what is to be counted: features that some of the style layers still draw."""
    own = after.source.get("filter")
    drawn = [layer.get("filter") for layer in effective_layers(after) if style_layer in (None, layer["id"])]
    whole = [["all", own, test] if own and test else own or test for test in drawn]
    zoom = state.camera.zoom or 0.0
    return {"filters": whole, "value": command.filter, "zoom": zoom, "view": list(view_of(state.camera))}
