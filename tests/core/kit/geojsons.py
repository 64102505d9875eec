"""Generated GeoJSON of every kind, as people write it: with and without ids, with what will be dropped."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

# Drawing whole documents takes its time on a busy machine; that is no failure.
calm = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

longitudes = st.one_of(st.integers(-540, 540), st.floats(-540, 540))
latitudes = st.one_of(st.integers(-90, 90), st.floats(-90, 90))
positions = st.one_of(
    st.tuples(longitudes, latitudes).map(list),
    st.tuples(longitudes, latitudes, st.floats(-1e4, 1e4)).map(list),
)
lines = st.lists(positions, min_size=2, max_size=5)
rings = st.lists(positions, min_size=3, max_size=5).map(lambda ring: [*ring, ring[0]])
polygons = st.lists(rings, min_size=1, max_size=2)


def _geometry(kind: str, coordinates: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    plain = coordinates.map(lambda value: {"type": kind, "coordinates": value})
    return plain | plain.map(lambda value: {**value, "bbox": [0, 0, 1, 1], "foreign": 1})


simple_geometries = st.one_of(
    _geometry("Point", positions | st.just([])),
    _geometry("MultiPoint", st.lists(positions, max_size=4)),
    _geometry("LineString", lines),
    _geometry("MultiLineString", st.lists(lines, max_size=2)),
    _geometry("Polygon", polygons),
    _geometry("MultiPolygon", st.lists(polygons, max_size=2)),
)


def _collected(inner: list[Any]) -> dict[str, Any]:
    return {"type": "GeometryCollection", "geometries": inner}


geometries = st.recursive(
    simple_geometries,
    lambda inner: st.lists(inner, max_size=3).map(_collected),
    max_leaves=4,
)
finite = st.floats(allow_nan=False, allow_infinity=False)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | finite | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
property_names = st.sampled_from(["name", "n", "mapsrv:id", "mapsrv:x", ""]) | st.text(max_size=5)
properties = st.dictionaries(property_names, json_values, max_size=4)
plain_ids = st.integers(0, 2**53 - 1)
other_ids = st.text(max_size=5) | st.integers(-(2**70), 2**70) | finite


@st.composite
def features(draw: st.DrawFn) -> dict[str, Any]:
    """Draw a Feature without an id."""
    feature = {"type": "Feature", "geometry": draw(geometries | st.none())}
    if draw(st.booleans()):
        feature["properties"] = draw(properties | st.none())
    return feature


@st.composite
def collections(draw: st.DrawFn) -> dict[str, Any]:
    """Draw a FeatureCollection whose given ids are unique."""
    found = draw(st.lists(features(), max_size=5))
    ids = draw(st.sampled_from([plain_ids, plain_ids | other_ids]))
    given = draw(st.lists(ids, max_size=len(found), unique_by=_key))
    for feature, feature_id in zip(found, given, strict=False):
        feature["id"] = feature_id
    order = draw(st.permutations(found))
    return {"type": "FeatureCollection", "features": order, "bbox": [0, 0, 1, 1], "name": "foreign"}


def _key(value: Any) -> Any:
    """Return the same for ids that are kept as the same: 1 and 1.0, 2**53 and its text."""
    return value if isinstance(value, str) or value != int(value) else str(int(value))


documents = st.one_of(collections(), features(), geometries)
