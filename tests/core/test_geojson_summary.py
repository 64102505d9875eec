"""A summary tells of data without showing it whole, and stays small."""

from __future__ import annotations

from typing import Any

from hypothesis import given

from mapsrv.core.data_summary import MAX_DISTINCT, MAX_TEXT, Summary, summary
from mapsrv.core.geojson import normalise
from mapsrv.core.state import PROMOTED
from mapsrv.core.suggest import nearest
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
    assert all(len(one["values"]) <= 50 for one in found.properties.values())
    assert not any(name.startswith("mapsrv:") for name in found.properties)
    assert found.next_id not in {feature["id"] for feature in document.collection["features"]}


def told(kind: str, values: list[Any], count: int, **more: Any) -> dict[str, Any]:
    """What is told of a property of three features."""
    return {"type": kind, "count": count, "missing": 3 - count, **more, "values": values, "all": True}


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
            "name": told("string", ["Bern"], 2, distinct=1),
            "n": told("number", [1, 2.5], 2, distinct=2, least=1, greatest=2.5),
            "mixed": told("mixed", [1, "x"], 2, distinct=2, least=1, greatest=1),
            "none": told("null", [], 0),
            "flag": told("boolean", [True], 1, distinct=1),
            "list": {**told("array", [], 1), "all": False},
            "map": {**told("object", [], 1), "all": False},
        },
        properties_left_out=0,
        next_id=8,
        promoted=False,
        cells=1,
        ids={"kind": "number", "first": [7, 3, 2]},
        faults=("1 of 3 features have no geometry: feature 3.",),
    )


def test_a_summary_is_cut_and_says_so() -> None:
    found = of({"properties": {f"p{place}": "x" * 300 for place in range(53)}})
    assert len(found.properties) == 50
    assert found.properties_left_out == 3
    assert found.properties["p0"]["values"] == ["x" * (MAX_TEXT - 1) + "…"]
    many = of(*({"properties": {"n": place, "text": "y" * 150 + str(place)}} for place in range(50)))
    assert (many.properties["n"]["values"], many.properties["n"]["all"]) == (list(range(50)), True)
    assert (len(many.properties["text"]["values"]), many.properties["text"]["all"]) == (5, False)
    more = of(*({"properties": {"n": place}} for place in range(51))).properties["n"]
    assert (more["values"], more["all"], more["distinct"]) == ([0, 1, 2, 3, 4], False, 51)
    assert (more["least"], more["greatest"]) == (0, 50)
    most = of(*({"properties": {"n": str(place)}} for place in range(MAX_DISTINCT + 5))).properties["n"]
    assert most["distinct"] == "over 1,000" and "least" not in most


def test_one_and_true_are_two_values() -> None:
    found = of({"properties": {"n": 1}}, {"properties": {"n": True}}, {"properties": {"n": 1.0}}).properties[
        "n"
    ]
    assert (found["values"], found["distinct"], found["count"]) == ([1, True], 2, 3)


def test_ids_are_told_by_their_kind_and_the_first() -> None:
    assert of({"id": "a"}, {"id": "b"}).ids == {"kind": "text", "first": ["a", "b"]}
    assert of({"id": "a"}, {"id": 3}).ids == {"kind": "mixed", "first": ["a", 3]}
    assert of(*({} for _ in range(9))).ids == {"kind": "number", "first": [0, 1, 2, 3, 4]}
    assert of().ids == {}


def test_promoted_ids_are_told_and_not_shown_as_a_property() -> None:
    found = of({"id": "a", "properties": {"n": 1}})
    assert found.promoted
    assert PROMOTED not in found.properties


def test_the_nearest_name_is_offered_whatever_its_case() -> None:
    assert nearest("rods", ["roads", "parks"]) == ' Did you mean "roads"?'
    assert nearest("ROADS", ["roads"]) == ' Did you mean "roads"?'
    assert nearest("zebra", ["roads"]) == ""
    assert nearest("roads", []) == ""
