"""prepare of update_features: the change checked and completed, and the document after it."""

from __future__ import annotations

from dataclasses import replace

from mapsrv.core.bounds import told
from mapsrv.core.commands import UpdateFeatures
from mapsrv.core.drawing_order import find
from mapsrv.core.prepared import Prepared
from mapsrv.core.state import PROMOTED, Json, MapLayer, MapState
from mapsrv.errors import InvalidArgument
from mapsrv.prepare import default_style, geojson_jobs
from mapsrv.prepare.geojson_blobs import Documents
from mapsrv.prepare.geojson_jobs import Merged

MAX_INLINE = 16 * 1024  # bytes of GeoJSON, or of a change, that travel in an event


async def prepare_features(command: UpdateFeatures, state: MapState, documents: Documents) -> Prepared:
    """Return the change completed with ids, and with `data` or `source` where these change."""
    layer, _ = find(state, command.layer_id)
    base = await _base(layer, documents)
    merged = await documents.merged(base, _change(command), layer.source.get("promoteId"))
    inline = isinstance(layer.source["data"], dict) and len(merged.regular.body) <= MAX_INLINE
    small = len(merged.diff) <= MAX_INLINE
    anew = merged.promoted_now or (inline and not small)  # then the source is sent whole, not the change
    lists = geojson_jobs.parse(merged.diff) if small and not anew else {}
    completed = replace(
        command,
        layer_id=layer.id,
        add=tuple(lists.get("add", ())),
        update=tuple(lists.get("update", ())),
        remove=tuple(lists.get("remove", ())),
        data=None if anew or inline else (await documents.keep(merged.regular)).data,
        diff_travels=small and not anew,
        source=await _source(layer, merged, documents, inline) if anew else None,
        document=None,
    )
    facts: dict[str, Json] = {"updated": list(merged.updated)}
    if merged.regular.summary.bounds is not None:
        facts["bounds"] = told(merged.regular.summary.bounds)
    return Prepared(completed, {layer.id: layer}, _warnings(layer, merged), facts=facts)


async def _base(layer: MapLayer, documents: Documents) -> bytes:
    body = await documents.body(layer.source)
    if body is None:
        how = "is loaded by the browser" if layer.source.get("type") == "geojson" else "comes as tiles"
        raise InvalidArgument(
            f'The data of "{layer.id}" {how}, so its features cannot be changed here.'
            " Give the whole data anew: add_layer with the same id and GeoJSON as source."
        )
    return body


def _change(command: UpdateFeatures) -> bytes:
    if command.document is not None:
        return command.document
    return geojson_jobs.dumped({"add": command.add, "update": command.update, "remove": command.remove})


async def _source(layer: MapLayer, merged: Merged, documents: Documents, inline: bool) -> dict[str, Json]:
    regular = merged.regular
    data = geojson_jobs.parse(regular.body) if inline else (await documents.keep(regular)).data
    promotes = {"promoteId": PROMOTED} if merged.promoted_now else {}
    return {**layer.source, "data": data, **promotes}


def _warnings(layer: MapLayer, merged: Merged) -> tuple[str, ...]:
    undrawn = tuple(
        f'No style layer of "{layer.id}" is made to draw {kind} features: add it again with layers that do.'
        for kind in default_style.undrawn(layer.style_layers, merged.regular.summary.geometry_types)
    )
    return undrawn + merged.faults
