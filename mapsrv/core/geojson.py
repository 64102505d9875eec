"""GeoJSON (RFC 7946) made regular: a FeatureCollection whose every feature has an id.

MapLibre keeps feature ids only where they are safe non-negative integers; where any is of another
kind, each feature has its id in properties[PROMOTED] too, and the source must promote that.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from math import isfinite
from typing import TypeAlias

from mapsrv.core.geometry import TYPES, check_geometry, join, refuse, shown
from mapsrv.core.state import PROMOTED, Json
from mapsrv.core.suggest import nearest
from mapsrv.errors import InvalidGeoJson, NotGeoJson

SAFE = 2**53  # JavaScript's integers are exact below
MAX_POSITIONS = 1_000_000  # a browser draws these; more belongs into tiles
MAX_FEATURES = 500_000
MAX_ID = 500  # characters; ids travel with every change and stand in messages
MAX_DEPTH = 32  # of arrays and objects in a property

Feature: TypeAlias = dict[str, Json]
_LON_LAT = frozenset({"CRS84", "CRS84H", "4326", "WGS84"})


@dataclass(frozen=True, slots=True)
class Document:
    """A regular FeatureCollection, and whether its ids had to be promoted."""

    collection: dict[str, Json]
    promoted: bool


def normalise(value: Json) -> Document:
    """Return any GeoJSON object as a regular FeatureCollection.

    Dropped: `bbox`, foreign members, and what empty coordinates there are. Raises InvalidGeoJson
    with the path of the fault. Nothing of `value` is changed.
    """
    if type(value) is not dict:
        raise NotGeoJson(f"expected a GeoJSON object, not {shown(value)}")
    _check_type(value.get("type"))
    _check_crs(value.get("crs"))
    features: list[Feature] = []
    positions = 0
    for feature, count in _checked(value):
        features.append(feature)
        positions += count
        if positions > MAX_POSITIONS:
            raise refuse("", f"more than {MAX_POSITIONS:,} positions: simplify it, or serve it as tiles")
    features = _with_ids(features)
    promoted = any(not is_plain(feature["id"]) for feature in features)
    return Document(collection_of(promote(features) if promoted else features), promoted)


def collection_of(features: list[Feature]) -> dict[str, Json]:
    """Return the FeatureCollection of these features."""
    return {"type": "FeatureCollection", "features": features}


def _check_type(kind: Json) -> None:
    known = ("FeatureCollection", "Feature", *TYPES)
    if not isinstance(kind, str) or kind not in known:
        hint = nearest(kind, known) if isinstance(kind, str) else ""
        expected = "expected FeatureCollection, Feature or a geometry's type"
        raise NotGeoJson(f"type: {expected}, not {shown(kind)}.{hint}")


def _checked(value: Mapping[str, Json]) -> Iterator[tuple[Feature, int]]:
    kind = value.get("type")
    if kind == "FeatureCollection":
        features = value.get("features")
        if type(features) is not list:
            raise refuse("features", f"expected an array of features, not {shown(features)}")
        if len(features) > MAX_FEATURES:
            raise refuse("features", f"more than {MAX_FEATURES:,} features: serve this data as tiles")
        for place, feature in enumerate(features):
            yield check_feature(feature, f"features[{place}]")
    elif kind == "Feature":
        yield check_feature(value, "")
    else:
        geometry, count = check_geometry(value, "")
        yield {"type": "Feature", "geometry": geometry, "properties": {}}, count


def check_feature(value: Json, path: str) -> tuple[Feature, int]:
    """Return the feature less what is not its own, and its number of positions. `id` may be absent."""
    if type(value) is not dict:
        raise refuse(path, f"expected a Feature object, not {shown(value)}")
    if value.get("type") != "Feature":
        raise refuse(join(path, "type"), f'expected "Feature", not {shown(value.get("type"))}')
    if "geometry" not in value:
        raise refuse(path, 'a feature needs "geometry" (null where it has none)')
    feature: Feature = {"type": "Feature"}
    if value.get("id") is not None:
        feature["id"] = regular_id(value["id"], join(path, "id"))
    geometry, count = value["geometry"], 0
    if geometry is not None:
        geometry, count = _geometry_of(feature, geometry, join(path, "geometry"))
    feature["geometry"] = geometry
    feature["properties"] = check_properties(value.get("properties"), join(path, "properties"))
    return feature, count


def _geometry_of(feature: Feature, geometry: Json, path: str) -> tuple[dict[str, Json] | None, int]:
    """Return the geometry checked; a refusal names the feature's own id too, where it has one."""
    try:
        return check_geometry(geometry, path)
    except InvalidGeoJson as error:
        if "id" not in feature:
            raise
        raise InvalidGeoJson(f"{error.message} (feature {shown(feature['id'])})") from None


def regular_id(value: Json, path: str) -> str | int | float:
    """Return a feature id as it is kept: 1.0 as 1, and an integer that JavaScript would round as text."""
    if type(value) is str:
        if len(value) > MAX_ID:
            raise refuse(path, f"a feature's id has at most {MAX_ID} characters, not {len(value):,}")
        return value
    if type(value) is float and isfinite(value):
        if value != int(value):
            return value
        value = int(value)
    if type(value) is not int:
        raise refuse(path, f"a feature's id is a string or a number, not {shown(value)}")
    return value if -SAFE < value < SAFE else regular_id(str(value), path)


def is_plain(feature_id: Json) -> bool:
    """Return whether MapLibre keeps this id as it is."""
    return type(feature_id) is int and 0 <= feature_id < SAFE


def _with_ids(features: list[Feature]) -> list[Feature]:
    taken: set[Json] = set()
    for place, feature in enumerate(features):
        if "id" in feature:
            if feature["id"] in taken:
                fault = f"{shown(feature['id'])} is another feature's id too; give each its own, or none"
                raise refuse(f"features[{place}].id", fault)
            taken.add(feature["id"])
    return fill_ids(features, taken, range(len(features)))


def fill_ids(features: Iterable[Feature], taken: Collection[Json], least: Iterable[int]) -> list[Feature]:
    """Return the features, those without an id given the next integers not under their `least`, not taken."""
    filled, free = [], 0
    for feature, floor in zip(features, least, strict=False):
        if "id" not in feature:
            free = max(free, floor)
            while free in taken:
                free += 1
            feature = {"type": "Feature", "id": free, **feature}
            free += 1
        filled.append(feature)
    return filled


def promote(features: Iterable[Feature]) -> list[Feature]:
    """Return the features with their ids in properties[PROMOTED] too."""
    kept = ((feature, {**feature["properties"], PROMOTED: feature["id"]}) for feature in features)
    return [{**feature, "properties": properties} for feature, properties in kept]


def check_properties(value: Json, path: str) -> dict[str, Json]:
    """Return a feature's properties ({} for null) without PROMOTED. Raises InvalidGeoJson."""
    if value is None:
        return {}
    if type(value) is not dict:
        raise refuse(path, f"expected an object or null, not {shown(value)}")
    for key, item in value.items():
        if type(item) in (float, dict, list):
            _check_json(item, join(path, key[:60]), 0)
    if PROMOTED in value:
        return {key: item for key, item in value.items() if key != PROMOTED}
    return value


def _check_json(value: Json, path: str, depth: int) -> None:
    if type(value) is float:
        if not isfinite(value):
            raise refuse(path, f"{value} is not a JSON number")
        return
    if depth == MAX_DEPTH:
        raise refuse(path, f"nests more than {MAX_DEPTH} deep")
    for item in value.values() if type(value) is dict else value:
        if type(item) in (float, dict, list):
            _check_json(item, path, depth + 1)


def _check_crs(crs: Json) -> None:
    """Refuse coordinates of another system; the old `crs` member (GeoJSON 2008) may say it is WGS 84."""
    if crs is None:
        return
    properties = crs.get("properties") if type(crs) is dict else None
    name = properties.get("name") if type(properties) is dict else None
    if not isinstance(name, str) or name.upper().replace("/", ":").split(":")[-1] not in _LON_LAT:
        what = shown(name if isinstance(name, str) else crs)
        raise refuse("crs", f"the coordinate system is {what}: reproject the data to WGS 84 (EPSG:4326)")
