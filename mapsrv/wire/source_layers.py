"""What a page has read in vector tiles: layers with fields, geometry and zooms; cleaned and bounded."""

from __future__ import annotations

import json
from collections.abc import Mapping

from mapsrv.core.state import Json
from mapsrv.errors import InvalidArgument
from mapsrv.wire.names import clean_text

MAX_SOURCE_LAYERS = 30
MAX_FIELDS = 20  # of a source-layer
MAX_FIELD = 60  # characters of the name of a field or a source-layer
MAX_READ = 4 * 1024  # characters of JSON, all escaped: half of what a page may say of what it draws

KINDS = ("vector", "raster", "")
GEOMETRIES = ("Point", "LineString", "Polygon")


def read_tiles(value: Json) -> Json:
    """Return {kind, layers: [{id, fields, geometry?, zooms?}]}, without what is unknown.

    Raises InvalidArgument.
    """
    if (
        not isinstance(value, dict)
        or value.get("kind") not in KINDS
        or not isinstance(value.get("layers"), list)
    ):
        raise InvalidArgument(
            'read: expected an object like {"kind": "vector", "layers": [{"id": "roads"}]}.'
        )
    kept: list[Json] = []
    for item in value["layers"][:MAX_SOURCE_LAYERS]:
        layer = _layer(item)
        if layer is not None and len(json.dumps([*kept, layer])) <= MAX_READ:
            kept.append(layer)
    return {"kind": value["kind"], "layers": kept}


def _layer(item: Json) -> Json:
    """Return a layer whose name can be told as it is; others could not be named in a call."""
    name = item.get("id") if isinstance(item, dict) else None
    if not isinstance(name, str) or not name or clean_text(name, MAX_FIELD) != name:
        return None
    told: dict[str, Json] = {"id": name, "fields": _fields(item.get("fields"))}
    if item.get("geometry") in GEOMETRIES:
        told["geometry"] = item["geometry"]
    if (zooms := _zooms(item.get("zooms"))) is not None:
        told["zooms"] = zooms
    return told


def _fields(value: Json) -> Mapping[str, Json]:
    fields = list(value.items())[:MAX_FIELDS] if isinstance(value, dict) else []
    read = {clean_text(name, MAX_FIELD): clean_text(str(kind), MAX_FIELD) for name, kind in fields}
    return {name: kind for name, kind in read.items() if name}


def _zooms(value: Json) -> Json:
    if not isinstance(value, list) or len(value) != 2:
        return None
    right = all(isinstance(zoom, (int, float)) and 0 <= zoom <= 30 for zoom in value)
    return [round(zoom) for zoom in value] if right else None
