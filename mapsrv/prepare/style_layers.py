"""prepare of add_layer without a source: style layers set and added, where the data stays as it is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import chain, count

from mapsrv.core.commands import AddStyleLayers
from mapsrv.core.prepared import Prepared
from mapsrv.core.state import Json, MapLayer, MapState
from mapsrv.core.suggest import nearest
from mapsrv.errors import InvalidArgument, LimitReached
from mapsrv.prepare import geojson_jobs, style_items
from mapsrv.prepare.geojson_blobs import Documents
from mapsrv.prepare.style_check import StyleCheck
from mapsrv.prepare.views import CANNOT_FIT, fitted
from mapsrv.wire.style_layers import check_drawn_by

MAX_STYLE = 64 * 1024  # bytes of a layer's style layers
MAX_STYLE_LAYERS = 100


async def prepare_style_layers(
    command: AddStyleLayers, state: MapState, documents: Documents, style: StyleCheck
) -> Prepared:
    """Return the command with all style layers that the layer is to have, named, and the camera."""
    layer = _layer(state, command.id)
    check_drawn_by(layer.source["type"], command.style_layers)
    drawn = _merged(state, layer, command.style_layers)
    if len(drawn) > MAX_STYLE_LAYERS:
        raise LimitReached(f"layers: {len(drawn)} style layers then; at most {MAX_STYLE_LAYERS} are kept.")
    check_json_size("layers", list(drawn), MAX_STYLE)
    items = style_items.of_style_layers(layer.source, command.style_layers)
    found = await style.judge(items, layer.source, documents)
    camera, warnings = None, [*found.warnings]
    if command.fit:
        summary = await documents.summary(layer.source)
        camera = fitted(layer.source, summary, state)
        if camera is None and summary is None:
            warnings.append(CANNOT_FIT)
    completed = replace(command, style_layers=drawn, camera=camera)
    return Prepared(completed, {layer.id: layer}, warnings=tuple(warnings), facts=found.facts)


def check_json_size(name: str, value: Json, most: int) -> None:
    """Raise LimitReached when the value's JSON has more bytes; InvalidArgument when it has no JSON."""
    try:
        size = len(geojson_jobs.dump(value))
    except (ValueError, RecursionError) as error:
        raise InvalidArgument(f"{name}: this cannot be written as JSON: {str(error)[:200]}") from None
    if size > most:
        raise LimitReached(f"{name}: {size:,} bytes of JSON; at most {most:,} are kept.")


def _layer(state: MapState, name: str) -> MapLayer:
    if name in state.layers:
        return state.layers[name]
    if name in state.owners:
        raise InvalidArgument(
            f'"{name}" is a style layer of "{state.owners[name]}": without source, id is the layer\'s, and'
            " the style layer's id stands in layers."
        )
    raise InvalidArgument(
        f'source is missing: there is no layer "{name}" on this map whose data could be kept.'
        f"{nearest(name, state.layers)} Send source too: GeoJSON, an address, data/NAME or a built-in set."
    )


def _merged(
    state: MapState, layer: MapLayer, given: Iterable[Mapping[str, Json]]
) -> tuple[Mapping[str, Json], ...]:
    """Return what the layer draws then: what is set is replaced in its place, what is new comes on top."""
    drawn = {item["id"]: item for item in layer.style_layers}
    named = {item["id"] for item in given if "id" in item}
    for place, item in enumerate(given):
        name = item.get("id")
        if name is None:
            name = _meant(layer, item, named, place) or _free(state, drawn, layer.id, item["type"])
            named.add(name)
        drawn[name] = {"id": name, **item}
    return tuple(drawn.values())


def _meant(layer: MapLayer, item: Mapping[str, Json], named: Iterable[str], place: int) -> str | None:
    """Return the id of the one style layer that draws the same, unless the call names it elsewhere."""
    draws = [(drawn["id"], drawn["type"], drawn.get("source-layer")) for drawn in layer.style_layers]
    same = [name for name, *what in draws if what == [item["type"], item.get("source-layer")]]
    same = [name for name in same if name not in named]
    if len(same) > 1:
        raise InvalidArgument(
            f'layers[{place}]: "{layer.id}" has {len(same)} style layers of type {item["type"]}'
            f" ({', '.join(same[:5])}): say by id which of them is set, or give a new id to add one."
        )
    return same[0] if same else None


def _free(state: MapState, drawn: Mapping[str, Json], layer_id: str, kind: str) -> str:
    base = f"{layer_id}-{kind}"
    names = chain([base], (f"{base}-{number}" for number in count(2)))
    return next(
        name for name in names if name not in drawn and name not in state.owners and name not in state.layers
    )
