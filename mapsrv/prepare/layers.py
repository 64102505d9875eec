"""prepare(command, state): all of a command that has to wait, done before anything is decided.

Data is made regular and stored, style layers are filled in, places to look at are found. What was
read of a layer is named in `relied`; the session asks again when that layer is another by then.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from mapsrv.core.commands import AddLayer, AddStyleLayers, Command, Prepared, SetMapView, UpdateFeatures
from mapsrv.core.geometry import shown
from mapsrv.core.state import PROMOTED, Json, MapState
from mapsrv.core.summary import Summary
from mapsrv.errors import InvalidArgument, InvalidGeoJson, LimitReached
from mapsrv.gazetteer import NOWHERE, Gazetteer
from mapsrv.prepare import default_style, geojson_jobs
from mapsrv.prepare.features import MAX_INLINE, prepare_features
from mapsrv.prepare.geojson_blobs import PREFIX, Documents
from mapsrv.prepare.known_sources import with_source
from mapsrv.prepare.near import with_camera_near
from mapsrv.prepare.style_layers import MAX_STYLE, MAX_STYLE_LAYERS, check_json_size, prepare_style_layers
from mapsrv.prepare.views import CANNOT_FIT, fitted, prepare_view

MAX_SOURCE = 64 * 1024  # bytes of a source's JSON without its data: a long list of tile URLs is 2 KiB

_TYPES = {"geojson": "vector", "vector": "vector", "raster": "raster", "raster-dem": "raster"}


def accept_style(source: Mapping[str, Json], style_layers: tuple[Mapping[str, Json], ...]) -> None:
    """Accept every style: the Style Spec's own validator is to stand here."""


async def prepare(
    command: Command,
    state: MapState,
    documents: Documents,
    *,
    style_check: Callable[[Mapping[str, Json], tuple[Mapping[str, Json], ...]], None] = accept_style,
    gazetteer: Gazetteer = NOWHERE,
) -> Prepared:
    """Return the command completed. Raises a MapsrvError that refuses it, and Busy or StoreUnavailable."""
    match command:
        case AddLayer():
            sourced, relied = await with_source(command, state, documents, gazetteer)
            prepared = await _prepare_layer(sourced, state, documents, style_check)
            prepared = replace(prepared, relied={**prepared.relied, **relied})
        case AddStyleLayers():
            prepared = await prepare_style_layers(command, state, documents, style_check)
        case UpdateFeatures():
            return await prepare_features(command, state, documents)
        case SetMapView():
            prepared = await prepare_view(command, state, documents)
        case _:
            return Prepared(command)
    return await with_camera_near(prepared, state, gazetteer)


async def _prepare_layer(
    command: AddLayer,
    state: MapState,
    documents: Documents,
    style_check: Callable[[Any, Any], None],
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
        types = summary.geometry_types if summary else ()
        drawn_as = command.type if command.type in default_style.LOOKS else None
        drawn = given or default_style.geojson_layers(state, command.id, types, drawn_as)
    else:
        drawn = given or default_style.source_layers(state, command.id, kind)
    style_check(source, drawn)
    warnings = _data_warnings(summary, drawn)
    camera = None
    if command.fit:
        camera = fitted(source, summary, state)
        if camera is None and summary is None:
            warnings.append(CANNOT_FIT)
    completed = replace(
        command, source=source, type=_TYPES[kind], style_layers=drawn, document=None, camera=camera
    )
    return Prepared(completed, warnings=tuple(warnings))


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


def _data_warnings(summary: Summary | None, drawn: tuple[Mapping[str, Json], ...]) -> list[str]:
    if summary is None:
        return []
    if summary.bounds is None:
        return ["The data has no coordinates: there is nothing to draw until update_features adds some."]
    return [
        f"None of the style layers is made to draw {kind} features."
        for kind in default_style.undrawn(drawn, summary.geometry_types)
    ]
