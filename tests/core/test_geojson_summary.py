"""A summary tells of data without showing it whole, and stays small."""

from __future__ import annotations

from typing import Any

from hypothesis import given

from mapsrv.core.geojson import normalise
from mapsrv.core.state import PROMOTED
from mapsrv.core.suggest import nearest
from mapsrv.core.summary import MAX_TEXT, Summary, summary
from tests.core.kit import geojsons


def of(*features: dict[str, Any]) -> Summary:
    whole = [{"type": "Feature", "geometry": None, **feature} for feature in features]
    return summary(normalise({"type": "FeatureCollection", "features": whole}).collection)


@geojsons.calm
@given(geojsons.collections())
def test_every_document_has_a_summary(value: Any) -> None:
    document = normalise(value)
    found = summary(document.collection)
    assert found.features == len(value["features"])
    assert found.promoted == document.promoted
    assert all(len(one["values"]) <= 5 for one in found.properties.values())
    assert not any(name.startswith("mapsrv:") for name in found.properties)
    assert found.next_id not in {feature["id"] for feature in document.collection["features"]}


def test_a_summary_tells_types_values_and_the_next_id() -> None:
    point = {"type": "Point", "coordinates": [8, 47]}
    found = of(
        {"id": 7, "geometry": point, "properties": {"name": "Bern", "n": 1, "mixed": 1, "none": None}},
        {"id": 3, "properties": {"name": "Bern", "n": 2.5, "mixed": "x", "flag": True, "list": []}},
        {"geometry": {"type": "GeometryCollection", "geometries": [point]}, "properties": {"map": {}}},
    )
    assert found == Summary(
        features=3,
        geometry_types=("GeometryCollection", "Point"),
        bounds=(8, 47, 8, 47),
        properties={
            "name": {"type": "string", "values": ["Bern"]},
            "n": {"type": "number", "values": [1, 2.5]},
            "mixed": {"type": "mixed", "values": [1, "x"]},
            "none": {"type": "null", "values": []},
            "flag": {"type": "boolean", "values": [True]},
            "list": {"type": "array", "values": []},
            "map": {"type": "object", "values": []},
        },
        properties_left_out=0,
        next_id=8,
        promoted=False,
    )


def test_a_summary_is_cut_and_says_so() -> None:
    found = of({"properties": {f"p{place}": "x" * 300 for place in range(53)}})
    assert len(found.properties) == 50
    assert found.properties_left_out == 3
    assert found.properties["p0"]["values"] == ["x" * (MAX_TEXT - 1) + "…"]
    many = of(*({"properties": {"n": place}} for place in range(9)))
    assert many.properties["n"]["values"] == [0, 1, 2, 3, 4]


def test_promoted_ids_are_told_and_not_shown_as_a_property() -> None:
    found = of({"id": "a", "properties": {"n": 1}})
    assert found.promoted
    assert PROMOTED not in found.properties


def test_the_nearest_name_is_offered_whatever_its_case() -> None:
    assert nearest("rods", ["roads", "parks"]) == ' Did you mean "roads"?'
    assert nearest("ROADS", ["roads"]) == ' Did you mean "roads"?'
    assert nearest("zebra", ["roads"]) == ""
    assert nearest("roads", []) == ""
