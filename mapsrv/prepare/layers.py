"""prepare(command, state): all of a command that has to wait, done before anything is decided.

Data is made regular and stored, style layers are filled in, places to look at are found. What was
read of a layer is named in `relied`; the session asks again when that layer is another by then.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from mapsrv.core.bounds import told
from mapsrv.core.commands import (
    AddLayer,
    AddStyleLayers,
    Command,
    FilterLayer,
    SetLayerPaint,
    SetMapView,
    UpdateFeatures,
)
from mapsrv.core.data_summary import Summary
from mapsrv.core.geometry import shown
from mapsrv.core.prepared import Prepared
from mapsrv.core.state import PROMOTED, Json, MapLayer, MapState
from mapsrv.errors import InvalidArgument, InvalidGeoJson, LimitReached
from mapsrv.gazetteer.gazetteer import NOWHERE, Gazetteer
from mapsrv.prepare import default_style, geojson_jobs, style_items
from mapsrv.prepare.features import MAX_INLINE, prepare_features
from mapsrv.prepare.geojson_blobs import Documents
from mapsrv.prepare.known_sources import is_builtin, with_source
from mapsrv.prepare.near import with_camera_near
from mapsrv.prepare.restyling import prepare_filter, prepare_paint
from mapsrv.prepare.style_check import UNCHECKED, StyleCheck
from mapsrv.prepare.style_layers import MAX_STYLE, MAX_STYLE_LAYERS, check_json_size, prepare_style_layers
from mapsrv.prepare.summaries import PREFIX
from mapsrv.prepare.views import CANNOT_FIT, fitted, prepare_view

MAX_SOURCE = 64 * 1024  # bytes of a source's JSON without its data: a long list of tile URLs is 2 KiB

_TYPES = {"geojson": "vector", "vector": "vector", "raster": "raster", "raster-dem": "raster"}


async def prepare(
    command: Command,
    state: MapState,
    documents: Documents,
    style: StyleCheck = UNCHECKED,
    gazetteer: Gazetteer = NOWHERE,
) -> Prepared:
    """Return the command completed. Raises a MapsrvError that refuses it, and Busy or StoreUnavailable.

    `style` judges styles; by default nobody does, as for a command that was judged before.
    """
    match command:
        case AddLayer():
            sourced, relied = await with_source(command, state, documents, gazetteer)
            prepared = await _prepare_layer(sourced, state, documents, style, is_builtin(command))
            prepared = replace(prepared, relied={**prepared.relied, **relied})
        case AddStyleLayers():
            prepared = await prepare_style_layers(command, state, documents, style)
        case SetLayerPaint():
            return await prepare_paint(command, state, documents, style)
        case FilterLayer():
            return await prepare_filter(command, state, documents, style)
        case UpdateFeatures():
            return await prepare_features(command, state, documents)
        case SetMapView():
            prepared = await prepare_view(command, state, documents)
        case _:
            return Prepared(command)
    return await with_camera_near(prepared, state, gazetteer)


async def _prepare_layer(
    command: AddLayer, state: MapState, documents: Documents, style: StyleCheck, builtin: bool
) -> Prepared:
    kind = _source_type(command)
    frame = {key: value for key, value in command.source.items() if key != "data"}
    check_json_size("source", frame, MAX_SOURCE)
    given = command.style_layers
    if given is not None:
        if len(given) > MAX_STYLE_LAYERS:
            raise LimitReached(f"layers: {len(given)} style layers; at most {MAX_STYLE_LAYERS} are kept.")
        check_json_size("layers", list(given), MAX_STYLE)
    source, summary = command.source, None
    if kind == "geojson":
        source, summary = await _with_data(command, documents)
        drawn_as = command.type if command.type in default_style.LOOKS else None
        drawn = given or default_style.geojson_layers(state, command.id, summary, drawn_as)
    else:
        drawn = given or default_style.source_layers(state, command.id, kind)
    items = [*style_items.of_source(source), *style_items.of_style_layers(source, given or ())]
    found = await style.judge(items, source, documents)
    warnings = [*_data_warnings(summary, drawn, builtin), *found.warnings]
    camera = None
    if command.fit:
        camera = fitted(source, summary, state)
        if camera is None and summary is None:
            warnings.append(CANNOT_FIT)
    completed = replace(
        command, source=source, type=_TYPES[kind], style_layers=drawn, document=None, camera=camera
    )
    facts = _replaced(state.layers.get(command.id), documents)
    if summary is not None and summary.bounds is not None:
        facts["bounds"] = told(summary.bounds)
    return Prepared(completed, warnings=tuple(warnings), facts=facts)


def _replaced(before: MapLayer | None, documents: Documents) -> dict[str, Json]:
    """Return what is told of the layer that is there already: as it is now, since nobody waits for that."""
    if before is None:
        return {}
    replaced: dict[str, Json] = {"title": before.title}
    features = documents.summaries.count(before.source)
    if features is not None:
        replaced["features"] = features
    if before.added is not None:
        replaced["by"] = {"kind": before.added.kind, "name": before.added.name}
    return {"replaced": replaced}


def _source_type(command: AddLayer) -> str:
    kind = "geojson" if command.document is not None else command.source.get("type")
    if not isinstance(kind, str) or kind not in _TYPES:
        raise InvalidArgument(f"source.type: expected one of {', '.join(_TYPES)}, not {shown(kind)}.")
    looks = default_style.LOOKS if kind == "geojson" else ()
    if command.type not in (None, _TYPES[kind], *looks):
        made = f"a {kind} source makes a {_TYPES[kind]} layer"
        raise InvalidArgument(f'type: {made}, not "{command.type}": leave type out.')
    return kind


async def _with_data(command: AddLayer, documents: Documents) -> tuple[dict[str, Json], Summary | None]:
    """Return the source with its data kept here (the Summary then), or left to the browser (None)."""
    source: dict[str, Json] = {**command.source, "type": "geojson"}
    data = source.get("data")
    if command.document is None and isinstance(data, str):
        if data.startswith("file:"):
            raise InvalidArgument("source.data: this server cannot read your files. POST it to /data first.")
        if not data.startswith(PREFIX):
            return source, None
        summary = await documents.renew(data)
    else:
        if command.document is None and not isinstance(data, dict):
            raise InvalidGeoJson(f"source.data: expected GeoJSON, a URL or data/NAME, not {shown(data)}")
        body = geojson_jobs.dumped(data) if command.document is None else command.document
        regular = await documents.regular(body)
        summary = regular.summary
        small = len(regular.body) <= MAX_INLINE
        source["data"] = geojson_jobs.parse(regular.body) if small else (await documents.keep(regular)).data
    if source.get("promoteId") == PROMOTED:
        del source["promoteId"]  # of what the layer was before
    if summary.promoted:
        source.setdefault("promoteId", PROMOTED)
    return source, summary


def _data_warnings(
    summary: Summary | None, drawn: tuple[Mapping[str, Json], ...], builtin: bool
) -> list[str]:
    """Return what is told of the data; of the geometry of our own nothing, which nobody can mend."""
    if summary is None:
        return []
    if summary.bounds is None:
        return ["The data has no coordinates: there is nothing to draw until update_features adds some."]
    undrawn = [
        f"None of the style layers is made to draw {kind} features."
        for kind in default_style.undrawn(drawn, summary.geometry_types)
    ]
    return undrawn if builtin else [*undrawn, *summary.faults]
