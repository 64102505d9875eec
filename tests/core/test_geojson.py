"""GeoJSON is made regular, or refused with the path of its fault."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mapsrv.core import geojson
from mapsrv.core.geojson import normalise
from mapsrv.core.geometry import TYPES
from mapsrv.core.state import PROMOTED
from mapsrv.errors import InvalidGeoJson, MapsrvError
from tests.core.kit import geojsons


def point(*position: Any) -> dict[str, Any]:
    return {"type": "Point", "coordinates": list(position)}


def feature(geometry: Any = None, **members: Any) -> dict[str, Any]:
    return {"type": "Feature", "geometry": geometry, "properties": None, **members}


def collection(*features: Any, **members: Any) -> dict[str, Any]:
    return {"type": "FeatureCollection", "features": list(features), **members}


def ids(*given: Any) -> list[Any]:
    features = [feature() if value is None else feature(id=value) for value in given]
    return [found["id"] for found in normalise(collection(*features)).collection["features"]]


@geojsons.calm
@given(geojsons.documents)
def test_geojson_of_every_kind_is_accepted_once_and_again(value: Any) -> None:
    before = copy.deepcopy(value)
    document = normalise(value)
    assert value == before
    assert normalise(document.collection) == document
    assert set(document.collection) == {"type", "features"}
    found = document.collection["features"]
    assert all(set(one) == {"type", "id", "geometry", "properties"} for one in found)
    assert len({one["id"] for one in found}) == len(found)
    assert all((one["properties"].get(PROMOTED, one) == one["id"]) == document.promoted for one in found)
    assert document.promoted == any(not geojson.is_plain(one["id"]) for one in found)
    assert json.loads(json.dumps(document.collection, allow_nan=False)) == document.collection


_words = st.sampled_from("type features geometry geometries coordinates properties id crs name".split())
_garbage = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.sampled_from([*TYPES, "Feature", "FeatureCollection", "name"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_words, inner, max_size=5),
    max_leaves=20,
)


@geojsons.calm
@given(_garbage | _garbage.map(lambda value: collection(value)) | _garbage.map(lambda value: feature(value)))
@example(collection(feature({"type": ["Point"]})))
def test_garbage_raises_only_our_error(value: Any) -> None:
    try:
        normalise(value)
    except MapsrvError as error:
        assert isinstance(error, InvalidGeoJson)
        assert len(error.message) < 400


RING = [[0, 0], [1, 0], [1, 1], [0, 0]]
CRS = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::3857"}}


@pytest.mark.parametrize(
    ("value", "fault"),
    [
        ([], "expected a GeoJSON object, not an array of 0"),
        ({}, "type: expected FeatureCollection, Feature or a geometry's type, not None"),
        ({"type": "featurecollection"}, 'Did you mean "FeatureCollection"?'),
        ({"type": 7}, "type: "),
        ({"type": "FeatureCollection"}, "features: expected an array"),
        (collection(1), "features[0]: expected a Feature object"),
        (collection(point(1, 2)), "features[0].type: expected \"Feature\", not 'Point'"),
        (collection({"type": "Feature"}), 'features[0]: a feature needs "geometry"'),
        (collection(feature([])), "features[0].geometry: expected a geometry object"),
        (collection(feature({"type": "point"})), 'Did you mean "Point"?'),
        (collection(feature({"type": 1})), "features[0].geometry.type: expected one of Point"),
        (collection(feature({"type": "Point"})), 'features[0].geometry: a Point needs "coordinates"'),
        (collection(feature(), feature(point(1))), "features[1].geometry.coordinates: expected a position"),
        (point(1, "2"), "coordinates: expected a position of numbers, not '2'"),
        (point(1, True), "coordinates: expected a position of numbers, not True"),
        (point([1, 2]), "coordinates: expected a position"),
        (point(float("nan"), 2), "longitude nan is not within"),
        (point(2, float("inf")), "latitude inf is not within"),
        (point(541, 0), "longitude 541 is not within"),
        (point(47.4, 120.5), "these look swapped"),
        (point(2683000, 1247000), "looks like metres"),
        (point(1, 2, float("nan")), "a height must be"),
        ({"type": "LineString", "coordinates": [[1, 2]]}, "coordinates: a line needs at least 2"),
        ({"type": "LineString", "coordinates": [1, 2]}, "coordinates[0]: expected a position"),
        ({"type": "MultiPoint", "coordinates": "x"}, "coordinates: expected an array, not 'x'"),
        ({"type": "Polygon", "coordinates": RING}, "coordinates[0][0]: expected a position"),
        ({"type": "Polygon", "coordinates": [RING, RING[:3]]}, "coordinates[1]: a ring needs at least 4"),
        ({"type": "Polygon", "coordinates": [[*RING, [9, 9]]]}, "coordinates[0]: the ring is not closed"),
        ({"type": "MultiPolygon", "coordinates": [[RING[:2]]]}, "coordinates[0][0]: a ring needs"),
        ({"type": "GeometryCollection"}, "geometries: expected an array"),
        ({"type": "GeometryCollection", "geometries": [None]}, "geometries[0]: expected a geometry object"),
        ({"type": "GeometryCollection", "geometries": [point(1)]}, "geometries[0].coordinates: expected"),
        (feature(properties=[]), "properties: expected an object or null"),
        (feature(properties={"a": {"b": float("inf")}}), "properties.a: inf is not a JSON number"),
        (feature(properties={"a": float("nan")}), "properties.a: nan is not a JSON number"),
        (feature(id=True), "id: a feature's id is a string or a number, not True"),
        (feature(id=float("inf")), "id: a feature's id is a string or a number, not inf"),
        (feature(id={}), "id: a feature's id is a string or a number, not an object"),
        (feature(id="x" * 501), "id: a feature's id has at most 500 characters, not 501"),
        (feature(id=10**600), "id: a feature's id has at most 500 characters"),
        (collection(feature(id=7), feature(id=7.0)), "features[1].id: 7 is another feature's id too"),
        (collection(crs=CRS), "crs: the coordinate system is 'urn:ogc:def:crs:EPSG::3857': reproject"),
        (collection(crs={"type": "link", "properties": {"href": "x"}}), "crs: the coordinate system is an"),
        (collection(crs="EPSG:3857"), "crs: the coordinate system is 'EPSG:3857'"),
    ],
)
def test_a_fault_is_refused_with_its_path(value: Any, fault: str) -> None:
    with pytest.raises(InvalidGeoJson) as refused:
        normalise(value)
    assert fault in refused.value.message


@pytest.mark.parametrize(
    "name", ["urn:ogc:def:crs:OGC:1.3:CRS84", "EPSG:4326", "http://www.opengis.net/def/crs/OGC/1.3/CRS84"]
)
def test_a_crs_member_that_says_wgs_84_is_dropped(name: str) -> None:
    crs = {"type": "name", "properties": {"name": name}}
    assert normalise(collection(crs=crs)).collection == collection()


def test_a_geometry_becomes_a_collection_of_one() -> None:
    expected = {"type": "Feature", "id": 0, "geometry": point(8.5, 47.4, 400), "properties": {}}
    assert normalise(point(8.5, 47.4, 400)).collection == collection(expected)
    assert normalise(feature(point(8.5, 47.4, 400))).collection == collection(expected)


def test_empty_coordinates_are_null() -> None:
    empty = {"type": "MultiPoint", "coordinates": []}
    value = {"type": "GeometryCollection", "geometries": [empty, point(1, 2)]}
    [found] = normalise(value).collection["features"]
    assert found["geometry"] == {"type": "GeometryCollection", "geometries": [point(1, 2)]}
    [found] = normalise({"type": "Polygon", "coordinates": []}).collection["features"]
    assert found["geometry"] is None


def test_nesting_is_bounded_in_geometries_and_in_properties() -> None:
    geometry, value = point(1, 2), 1.5
    nested: Any = value
    for _ in range(geojson.MAX_DEPTH):
        nested = {"a": [nested][0]}
    normalise(feature(properties={"deep": nested}))
    with pytest.raises(InvalidGeoJson, match="properties.deep: nests more than 32 deep"):
        normalise(feature(properties={"deep": [nested]}))
    for _ in range(9):
        geometry = {"type": "GeometryCollection", "geometries": [geometry]}
    with pytest.raises(InvalidGeoJson, match="geometry collections nest more than 8 deep"):
        normalise(geometry)


def test_features_without_ids_are_counted_up_around_those_that_are_taken() -> None:
    assert ids(None, None, None) == [0, 1, 2]
    assert ids(None, 0, None, 2, None) == [1, 0, 3, 2, 4]
    assert ids("a", None) == ["a", 1]


def test_ids_that_javascript_would_mangle_are_kept_as_text_and_promoted() -> None:
    assert ids(1.0, 2.5, -3, 2**53, -(2**53)) == [1, 2.5, -3, str(2**53), str(-(2**53))]
    document = normalise(collection(feature(id=4, properties={PROMOTED: "mine"}), feature(id="a")))
    assert document.promoted
    assert [one["properties"] for one in document.collection["features"]] == [{PROMOTED: 4}, {PROMOTED: "a"}]
    plain = normalise(collection(feature(id=4, properties={PROMOTED: "mine", "n": 1})))
    assert not plain.promoted
    assert plain.collection["features"][0]["properties"] == {"n": 1}


def test_features_and_positions_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(geojson, "MAX_FEATURES", 2)
    monkeypatch.setattr(geojson, "MAX_POSITIONS", 2)
    normalise(collection(feature(point(1, 2)), feature(point(1, 2))))
    with pytest.raises(InvalidGeoJson, match="more than 2 features"):
        normalise(collection(feature(), feature(), feature()))
    with pytest.raises(InvalidGeoJson, match="more than 2 positions"):
        normalise({"type": "MultiPoint", "coordinates": [[1, 2]] * 3})
