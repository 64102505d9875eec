"""find_places answers: by any name, in any place, largest first, and honestly where it does not know."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mapsrv.errors import InvalidArgument
from mapsrv.gazetteer.finding import answer
from mapsrv.gazetteer.names import folded
from mapsrv.gazetteer.places import Places
from mapsrv.wire.tools.requests import FindPlaces


def found(places: Places, query: str = "", **more: Any) -> list[dict[str, Any]]:
    told: list[dict[str, Any]] = answer(places, FindPlaces(query, **more))["places"]
    return told


def names(places: Places, query: str = "", **more: Any) -> list[str]:
    return [place["name"] for place in found(places, query, **more)]


@pytest.mark.parametrize(
    ("query", "name", "country"),
    [
        ("Munich", "Munich", "DE"),
        ("München", "Munich", "DE"),
        ("muenchen", "Munich", "DE"),
        ("MUNICH", "Munich", "DE"),
        ("Genève", "Geneva", "CH"),
        ("St. Gallen", "Sankt Gallen", "CH"),
        ("sao paulo", "São Paulo", "BR"),
        ("Zermatt", "Zermatt", "CH"),
        ("北京", "Beijing", "CN"),
        ("Москва", "Moscow", "RU"),
        ("Den Haag", "The Hague", "NL"),
        ("Paris, France", "Paris", "FR"),
        ("Paris, Texas", "Paris", "US"),
        ("Paris, TX, USA", "Paris", "US"),
        ("Bern, Switzerland", "Bern", "CH"),
        ("Frankfurt", "Frankfurt am Main", "DE"),
    ],
)
def test_a_city_is_found_by_whatever_it_is_called(
    places: Places, query: str, name: str, country: str
) -> None:
    first = found(places, query, kind="city")[0]
    assert (first["name"], first["country"]) == (name, country)


@pytest.mark.parametrize(
    ("query", "code"),
    [("CH", "CH"), ("che", "CH"), ("Switzerland", "CH"), ("UK", "GB"), ("USA", "US"), ("Holland", "NL"),
     ("Côte d'Ivoire", "CI"), ("Kosovo", "XK"), ("United States of America", "US"), ("Burma", "MM")],
)  # fmt: skip
def test_a_country_is_found_by_its_codes_and_names(places: Places, query: str, code: str) -> None:
    first = found(places, query)[0]
    assert (first["kind"], first["country"]) == ("country", code)


def test_a_state_is_told_apart_from_a_country_of_the_same_name(places: Places) -> None:
    both = found(places, "Georgia", limit=2)
    assert [(place["kind"], place["country"], place.get("region")) for place in both] == [
        ("country", "GE", None),
        ("state", "US", "GA"),
    ]
    assert found(places, "Georgia", kind="state") == [both[1]]


def test_what_is_told_is_ready_for_set_map_view(places: Places) -> None:
    (bern,) = found(places, "Bern", limit=1)
    assert bern["center"] == [7.447, 46.948] and bern["country_name"] == "Switzerland"
    assert bern["population"] > 100_000 and isinstance(bern["id"], int) and "bounds" not in bern
    (land,) = found(places, "Switzerland", limit=1)
    west, south, east, north = land["bounds"]
    assert west < bern["center"][0] < east and south < bern["center"][1] < north
    assert land["capital"] == "Bern" and land["continent"] == "Europe" and land["iso_a3"] == "CHE"


def test_the_view_of_a_country_is_of_its_main_land(places: Places) -> None:
    bounds = {code: found(places, code, kind="country")[0]["bounds"] for code in ("FR", "US", "RU", "MY")}
    assert bounds["FR"][0] > -6 and bounds["FR"][1] > 40  # without Guiana, with Corsica
    assert bounds["US"][0] > -130 and bounds["US"][3] < 50
    assert bounds["RU"][0] > 20 and bounds["RU"][2] < -160  # over the antimeridian
    assert bounds["MY"][0] < 101 and bounds["MY"][2] > 118  # both of its halves


def test_the_largest_are_listed_without_parts_of_others(places: Places) -> None:
    swiss = found(places, country="Switzerland", kind="city", limit=10)
    assert [place["name"] for place in swiss[:5]] == ["Zürich", "Geneva", "Basel", "Lausanne", "Bern"]
    assert len(swiss) == 10 and not any("Kreis" in place["name"] for place in swiss)
    american = names(places, country="US", kind="city", limit=3)
    assert american == ["New York City", "Los Angeles", "Chicago"]
    assert names(places, "Brooklyn", country="US", kind="city", limit=1) == ["Brooklyn"]
    assert names(places, kind="country", limit=3) == ["China", "India", "United States"]
    assert len(names(places, kind="state", limit=100)) == 51


def test_numbers_of_people_bound_and_sort(places: Places) -> None:
    assert names(places, "Paris", kind="city", min_population=1_000_000) == ["Paris"]
    people = [place["population"] for place in found(places, "San", kind="city", sort="population")]
    assert people == sorted(people, reverse=True) and people[0] > 3_000_000
    assert all(
        place["population"] >= 5_000_000 for place in found(places, min_population=5_000_000, limit=50)
    )


def test_own_names_come_before_other_names_and_beginnings(places: Places) -> None:
    london = found(places, "London", kind="city", limit=20)
    assert london[0]["country"] == "GB" and london[1]["country"] == "CA"
    exact = [folded(place["name"]) == "london" for place in london]
    assert exact == sorted(exact, reverse=True)


def test_what_is_not_known_is_said(places: Places) -> None:
    told = answer(places, FindPlaces("Matterhorn peak"))
    assert told["places"] == [] and "69,400 cities" in told["known"] and "no streets" in told["known"]
    assert "known" in answer(places, FindPlaces("Bern"))
    misspelt = {"Zurrich": "Zürich", "Philadelfia": "Philadelphia", "Switzerlnd": "Switzerland"}
    for query, meant in misspelt.items():
        assert meant in answer(places, FindPlaces(query))["nearest"]
    assert answer(places, FindPlaces("Zurrich", country="US"))["nearest"] != ["Zürich"]
    assert answer(places, FindPlaces("Zurrich", kind="state"))["nearest"] == []


def test_what_of_a_query_was_passed_over_is_said(places: Places) -> None:
    told = answer(places, FindPlaces("Frankfurt, Hesse", kind="city"))
    assert told["passed_over"] == "Hesse" and told["places"][0]["country"] == "DE"
    assert "passed_over" not in answer(places, FindPlaces("Washington, D.C."))
    assert answer(places, FindPlaces("Springfield, Sangamon County, IL"))["passed_over"] == "Sangamon County"
    assert answer(places, FindPlaces(", ,"))["places"] == [] == answer(places, FindPlaces("?!"))["nearest"]


def test_a_country_that_is_none_is_refused_with_the_nearest(places: Places) -> None:
    with pytest.raises(InvalidArgument, match='there is no country "Swizerland". Did you mean "Switzerland"'):
        answer(places, FindPlaces("Bern", country="Swizerland"))


def test_names_are_folded_alike() -> None:
    assert folded(" Saint-Étienne ") == folded("St. Etienne") == "st etienne"
    assert folded("Łódź") == "lodz" and folded("Xi’an") == folded("Xian") and folded("İzmir") == "izmir"


@given(st.text(max_size=40), st.one_of(st.none(), st.text(max_size=10)))
def test_whatever_is_asked_is_answered_or_refused(places: Places, query: str, country: str | None) -> None:
    try:
        told = answer(places, FindPlaces(query, country))
    except InvalidArgument:
        return
    assert told["known"] and all(place["center"] for place in told["places"])
