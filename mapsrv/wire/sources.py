"""Sources as the Style Spec writes them: what is known of each type, checked, and made whole.

GeoJSON inside is not looked into here: prepare does that, in a worker when it is large.
"""

from __future__ import annotations

from collections.abc import Mapping

from mapsrv.core.state import Json
from mapsrv.core.suggest import nearest
from mapsrv.errors import InvalidArgument
from mapsrv.wire.fields import known_keys
from mapsrv.wire.json_text import shown
from mapsrv.wire.source_fields import FIELDS

TILE_SIZE = 256  # pixels of nearly all XYZ tiles, where MapLibre assumes 512

EXAMPLES = {
    "geojson": '{"type": "geojson", "data": "https://example.org/lakes.geojson"}',
    "vector": '{"type": "vector", "tiles": ["https://example.org/{z}/{x}/{y}.pbf"]}',
    "raster": '{"type": "raster", "tiles": ["https://example.org/{z}/{x}/{y}.png"]}',
    "raster-dem": (
        '{"type": "raster-dem", "tiles": ["https://example.org/{z}/{x}/{y}.png"], "encoding": "terrarium"}'
    ),
}
UNSUPPORTED = ("image", "video", "canvas")


def check_source(source: Mapping[str, Json], *, document: bool = False) -> dict[str, Json]:
    """Return a checked Style Spec source. With `document` its data comes beside it, and may be absent."""
    kind = source.get("type")
    if kind in UNSUPPORTED:
        raise InvalidArgument(
            f"A source of type {kind} is not supported. Serve the picture as raster tiles, like"
            f" {EXAMPLES['raster']}."
        )
    if not isinstance(kind, str) or kind not in FIELDS:
        hint = nearest(kind, FIELDS) if isinstance(kind, str) else ""
        raise InvalidArgument(
            f"source.type must be geojson, vector, raster or raster-dem; got {shown(kind)}.{hint} "
            f"Example: {EXAMPLES['geojson']}. GeoJSON itself may be the source too."
        )
    known_keys(source, ("type", *FIELDS[kind]), f"A {kind} source", EXAMPLES[kind])
    checked: dict[str, Json] = {"type": kind}
    for key, item in source.items():
        if key != "type" and item is not None:
            checked[key] = FIELDS[kind][key](item, f"source.{key}")
    _check_whole(kind, checked, document)
    return checked


def _check_whole(kind: str, source: dict[str, Json], document: bool) -> None:
    if kind == "geojson":
        if "data" not in source and not document:
            raise InvalidArgument(
                f"A geojson source needs data: GeoJSON, or where it is. Example: {EXAMPLES[kind]}"
            )
        return
    if ("url" in source) == ("tiles" in source):
        raise InvalidArgument(f"A {kind} source needs either url or tiles. Example: {EXAMPLES[kind]}")
    if kind == "raster":
        source.setdefault("tileSize", TILE_SIZE)
    if source.get("minzoom", 0) > source.get("maxzoom", 30):
        raise InvalidArgument("source.minzoom is above source.maxzoom.")
