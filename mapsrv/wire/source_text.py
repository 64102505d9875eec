"""What a `source` that is a text means: an address, stored or built-in data, a file of the caller, or JSON.

An address is never fetched here, so its kind is read from its ending, the `type` argument and the
style layers; what stays unclear is refused with what to send.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from mapsrv.core.state import Json
from mapsrv.errors import InvalidArgument, MalformedJson
from mapsrv.wire.builtin import BUILTIN
from mapsrv.wire.json_text import loads, shown
from mapsrv.wire.source_fields import BLOB, TEMPLATE, check_url, is_geojson
from mapsrv.wire.sources import EXAMPLES, check_source

LOCAL = "file:"  # begins the data of a source that names a file of the caller; never leaves the process
_PICTURES = (".png", ".jpg", ".jpeg", ".webp", ".avif")
_VECTORS = (".pbf", ".mvt", ".mlt")
_FILES = (".geojson", ".json", ".topojson", ".gpx", ".kml", ".shp", ".gpkg", ".csv", ".fgb", ".geojsonl")
_LOCAL_START = re.compile(r"(?:/|~|\.{1,2}[/\\]|\\\\|[A-Za-z]:[/\\]|file:)")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")


class NeedsLayers(InvalidArgument):
    """Tiles, and not what of them to draw: an open page may read what there is in `source`.

    `layer_id` and `session` are those of the call, as far as it says them.
    """

    def __init__(self, message: str, source: Mapping[str, Json]) -> None:
        super().__init__(message)
        self.source = dict(source)
        self.layer_id = ""
        self.session: str | None = None


@dataclass(frozen=True, slots=True)
class Hints:
    """What the other arguments tell of a source: `type` vector or raster or geojson, and the style layers."""

    type: str | None  # vector, raster, geojson, or a style layer type that draws vectors
    raster: bool  # some style layer draws a raster
    tiles: bool  # some style layer names a source-layer


def read_source(value: Json, hints: Hints, *, document: bool = False) -> dict[str, Json]:
    """Return the Style Spec source that the `source` argument means."""
    if isinstance(value, str):
        text = value.strip()
        if text.startswith("{"):
            return read_source(json_of(text, "source"), hints, document=document)
        return check_source(_of_text(text, hints))
    if is_geojson(value):
        return check_source({"type": "geojson", "data": value})
    data = value.get("data")
    if value.get("type") == "geojson" and isinstance(data, str):
        text = data.strip()
        inner = json_of(text, "source.data") if text.startswith("{") else local_data(text)
        value = {**value, "data": inner}
    return check_source(value, document=document)


def json_of(text: str, what: str) -> Json:
    """Return what the text, which begins like JSON, is the JSON of."""
    try:
        return loads(text.encode(errors="replace"))
    except MalformedJson as error:
        raise InvalidArgument(f"{what} begins like JSON, and is not: {error.message}") from None


def local_data(text: str) -> str:
    """Return the text, marked with LOCAL when it is a path on the caller's machine."""
    if _LOCAL_START.match(text):
        path = text
        if text.startswith(LOCAL):
            path = unquote(text.removeprefix(LOCAL).removeprefix("//").removeprefix("localhost"))
            path = path[1:] if re.match(r"/[A-Za-z]:[/\\]", path) else path
        return LOCAL + path
    if text.lower().endswith(_FILES) and not _SCHEME.match(text) and not text.startswith("data/"):
        return LOCAL + text
    return text


def _of_text(text: str, hints: Hints) -> dict[str, Json]:
    data = local_data(text)
    if data.startswith(LOCAL) or text.startswith(("data/", BUILTIN)):
        return {"type": "geojson", "data": data}
    if not _SCHEME.match(text):
        raise InvalidArgument(
            f"source {shown(text)} is neither an address nor data/NAME. Send GeoJSON itself, an https://"
            f" address, or a source like {EXAMPLES['geojson']}."
        )
    check_url(text, "source")
    path = urlsplit(text).path.lower()
    if TEMPLATE.search(text):
        return _of_tiles(text, path, hints)
    if text.startswith("pmtiles://") or path.endswith(".pmtiles"):
        return _tiled(text if text.startswith("pmtiles://") else f"pmtiles://{text}", hints)
    if _raster(hints) or hints.tiles:
        return _tiled(text, hints)
    if path.endswith((".geojson", ".json")) or BLOB.search(path) or hints.type not in (None, "vector"):
        return {"type": "geojson", "data": text}
    raise InvalidArgument(
        f'It cannot be told what {shown(text)} is. For GeoJSON send type "geojson"; for TileJSON of pictures'
        ' type "raster"; for TileJSON of vector tiles send layers with "source-layer" in each.'
    )


def _of_tiles(text: str, path: str, hints: Hints) -> dict[str, Json]:
    raster = _raster(hints) or "{bbox-epsg-3857}" in text or (path.endswith(_PICTURES) and hints.type is None)
    if raster and not hints.tiles:
        return {"type": "raster", "tiles": [text]}
    if hints.tiles or hints.type is not None or path.endswith(_VECTORS):
        return {"type": "vector", "tiles": [text]}
    raise NeedsLayers(
        f"It cannot be told whether the tiles {shown(text)} are pictures or vectors. "
        'Send type "raster", or type "vector" with layers.',
        {"type": "vector", "tiles": [text]},
    )


def _tiled(url: str, hints: Hints) -> dict[str, Json]:
    if _raster(hints):
        return {"type": "raster", "url": url}
    if hints.tiles or hints.type is not None:
        return {"type": "vector", "url": url}
    raise NeedsLayers(
        f'It cannot be told whether {shown(url)} holds pictures or vectors. Send type "raster", or layers'
        ' like [{"type": "line", "source-layer": "roads"}].',
        {"type": "vector", "url": url},
    )


def _raster(hints: Hints) -> bool:
    return hints.type == "raster" or hints.raster
