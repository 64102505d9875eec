"""The keys of a Style Spec source, each with its check: (value, where) -> the value, or InvalidArgument."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import urlsplit

from mapsrv.core.state import RESERVED, Json
from mapsrv.core.suggest import nearest
from mapsrv.errors import InvalidArgument
from mapsrv.wire.builtin import BUILTIN, parse_builtin
from mapsrv.wire.fields import attribution, number
from mapsrv.wire.filters import check_filter
from mapsrv.wire.json_text import shown

GEOJSON_TYPES = frozenset("""
    FeatureCollection Feature GeometryCollection
    Point MultiPoint LineString MultiLineString Polygon MultiPolygon
    """.split())
MAX_URL = 2_000  # characters; browsers and proxies begin to cut there
MAX_PATH = 4_096  # characters, as of Linux
MAX_TILES = 20  # templates of one source; they only spread load over hosts
BLOB = re.compile(r"data/[0-9a-f]{64}")
TEMPLATE = re.compile(r"\{(?:z|quadkey|bbox-epsg-3857)\}")


def is_geojson(value: Json) -> bool:
    """Return whether the object says that it is GeoJSON itself."""
    return isinstance(value, dict) and isinstance(value.get("type"), str) and value["type"] in GEOJSON_TYPES


def check_url(value: Json, what: str) -> str:
    """Return a web address: http, https, or pmtiles:// before one of these."""
    if (
        isinstance(value, str)
        and len(value) <= MAX_URL
        and _is_address(value.strip().removeprefix("pmtiles://"))
    ):
        return value.strip()
    raise InvalidArgument(
        f"{what} must be an address that begins with http:// or https:// (or pmtiles://https://), of at most "
        f"{MAX_URL:,} characters; got {shown(value)}."
    )


def _is_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and text.isprintable()
    except ValueError:  # a broken IPv6 address
        return False


Check = Callable[[Json, str], Json]


def _data(value: Json, what: str) -> Json:
    if isinstance(value, dict):
        if not is_geojson(value):
            raise InvalidArgument(
                f'{what} is no GeoJSON: its "type" must be FeatureCollection, Feature or a geometry; '
                f'got {shown(value.get("type"))}.{nearest(str(value.get("type")), GEOJSON_TYPES)}'
            )
        return value
    if isinstance(value, str) and BLOB.fullmatch(value):
        return value
    if isinstance(value, str) and value.startswith("file:") and len(value) <= MAX_PATH and "\0" not in value:
        return value  # as source_text marks a path of the caller; whoever carries out the call resolves it
    if isinstance(value, str) and value.startswith(BUILTIN):
        parse_builtin(value)
        return value
    if isinstance(value, str) and value.startswith("data/"):
        raise InvalidArgument(
            f"{what} must name stored GeoJSON as POST /data answered it; got {shown(value)}."
        )
    return check_url(value, what)


def _tiles(value: Json, what: str) -> Json:
    if not isinstance(value, list) or not 1 <= len(value) <= MAX_TILES:
        raise InvalidArgument(f"{what} must be a list of 1 to {MAX_TILES} addresses; got {shown(value)}.")
    for item in value:
        check_url(item, what)
        if not TEMPLATE.search(item):
            raise InvalidArgument(f"{what}: each needs {{z}}, {{x}} and {{y}} in it; got {shown(item)}.")
    return value


def _number(low: float, high: float) -> Check:
    def check(value: Json, what: str) -> Json:
        number(value, what, low, high)
        return value

    return check


def _boolean(value: Json, what: str) -> Json:
    if not isinstance(value, bool):
        raise InvalidArgument(f"{what} must be true or false; got {shown(value)}.")
    return value


def _one_of(*words: str) -> Check:
    def check(value: Json, what: str) -> Json:
        if value not in words:
            raise InvalidArgument(f"{what} must be {' or '.join(words)}; got {shown(value)}.")
        return value

    return check


def _bounds(value: Json, what: str) -> Json:
    if not isinstance(value, list) or len(value) != 4:
        raise InvalidArgument(f"{what} must be [west, south, east, north]; got {shown(value)}.")
    for item in value:
        number(item, what, -360, 360)
    return value


def _promote_id(value: Json, what: str) -> Json:
    names = list(value.values()) if isinstance(value, dict) else [value]
    if not all(isinstance(name, str) and name and not name.startswith(RESERVED) for name in names):
        raise InvalidArgument(f'{what} must be the name of a property, like "code"; got {shown(value)}.')
    return value


def _cluster_properties(value: Json, what: str) -> Json:
    pairs = isinstance(value, dict) and all(
        isinstance(item, list) and len(item) == 2 for item in value.values()
    )
    if not pairs:
        raise InvalidArgument(f'{what} must be like {{"sum": ["+", ["get", "size"]]}}; got {shown(value)}.')
    return value


_TILED: dict[str, Check] = {
    "url": check_url,
    "tiles": _tiles,
    "bounds": _bounds,
    "scheme": _one_of("xyz", "tms"),
    "minzoom": _number(0, 30),
    "maxzoom": _number(0, 30),
    "attribution": lambda value, what: attribution(value),
    "volatile": _boolean,
    "emptyResponse": _one_of("blank", "missing"),
}
_PICTURES: dict[str, Check] = {**_TILED, "tileSize": _number(16, 4096)}
_FACTOR = _number(-1e9, 1e9)
FIELDS: dict[str, dict[str, Check]] = {
    "geojson": {
        "data": _data,
        "maxzoom": _number(0, 30),
        "attribution": lambda value, what: attribution(value),
        "buffer": _number(0, 512),
        "filter": check_filter,
        "tolerance": _number(0, 1_000),
        "cluster": _boolean,
        "clusterRadius": _number(0, 10_000),
        "clusterMaxZoom": _number(0, 30),
        "clusterMinPoints": _number(1, 1e9),
        "clusterProperties": _cluster_properties,
        "lineMetrics": _boolean,
        "generateId": _boolean,
        "promoteId": _promote_id,
    },
    "vector": {**_TILED, "promoteId": _promote_id, "encoding": _one_of("mvt", "mlt")},
    "raster": _PICTURES,
    "raster-dem": {
        **{key: check for key, check in _PICTURES.items() if key != "scheme"},
        "encoding": _one_of("terrarium", "mapbox", "custom"),
        **dict.fromkeys(("redFactor", "greenFactor", "blueFactor", "baseShift"), _FACTOR),
    },
}
