"""Built-in data: what is asked for, as GeoJSON with the properties that docs/tools.md lists."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from mapsrv.core.geojson import normalise
from mapsrv.errors import InvalidArgument
from mapsrv.gazetteer.documents import ATTRIBUTION, document
from mapsrv.gazetteer.gazetteer import DATA
from mapsrv.gazetteer.names import folded
from mapsrv.gazetteer.places import Places
from mapsrv.wire.builtin import SETS, parse_builtin
from tests.test_docs import TOOLS, row


def features(places: Places, asked: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(document(places, DATA, parse_builtin(f"builtin:{asked}")))[
        "features"
    ]
    return found


def values(places: Places, asked: str, name: str = "name") -> list[Any]:
    return [feature["properties"].get(name) for feature in features(places, asked)]


def test_the_largest_cities_of_a_country(places: Places) -> None:
    found = features(places, "cities?country=CH&sort=population&limit=10")
    people = [feature["properties"]["population"] for feature in found]
    assert len(found) == 10 and people == sorted(people, reverse=True)
    zurich = found[0]
    assert zurich["geometry"] == {"type": "Point", "coordinates": [8.55, 47.367]}
    assert {key: item for key, item in zurich["properties"].items() if key != "population"} == {
        "name": "Zürich", "country": "CH", "country_name": "Switzerland", "continent": "Europe",
        "capital": False,
    }  # fmt: skip
    assert [feature["properties"]["name"] for feature in found if feature["properties"]["capital"]] == [
        "Bern"
    ]


def test_cities_are_asked_for_by_all_that_they_have(places: Places) -> None:
    assert set(values(places, "cities?country=CH,Austria&limit=200", "country")) == {"CH", "AT"}
    assert set(values(places, "cities?continent=oceania,Europe&limit=500", "continent")) == {
        "Oceania",
        "Europe",
    }
    assert set(values(places, "cities?state=CA,Texas", "state")) == {"CA", "TX"}
    assert set(values(places, "cities?state=CA&country=US", "country")) == {"US"}
    assert set(values(places, "cities?continent=Europe&country=CH,JP", "country")) == {"CH"}
    assert min(values(places, "cities?min_population=1000001", "population")) > 1_000_000
    named = values(places, "cities?country=LI,LU,MC&sort=name&limit=5000")
    assert named == sorted(named, key=folded) and len(named) > 20
    assert len(features(places, "cities")) == 1_000


def test_countries_have_their_numbers(places: Places) -> None:
    found = {feature["properties"]["name"]: feature for feature in features(places, "countries")}
    assert 240 < len(found) < 256 and found["Switzerland"]["properties"] == {
        "name": "Switzerland", "iso_a2": "CH", "iso_a3": "CHE", "continent": "Europe", "capital": "Bern",
        "population": 8516543, "area_km2": 41290, "per_km2": 206.3,
    }  # fmt: skip
    assert sum("population" in feature["properties"] for feature in found.values()) >= 230
    assert values(places, "countries?country=France,DE", "iso_a2") in (["FR", "DE"], ["DE", "FR"])
    assert set(values(places, "countries?continent=South America", "continent")) == {"South America"}


def test_the_states_are_fifty_and_a_district(places: Places) -> None:
    codes = values(places, "us-states", "code")
    assert len(codes) == len(set(codes)) == 51 and {"AK", "HI", "DC"} <= set(codes)
    assert values(places, "us-states?state=california,NV") == ["California", "Nevada"]


@pytest.mark.parametrize("asked", ["cities?limit=5000", "countries", "us-states"])
def test_it_is_geojson_whose_ids_are_its_own(places: Places, asked: str) -> None:
    found = normalise(json.loads(document(places, DATA, parse_builtin(f"builtin:{asked}")))).collection[
        "features"
    ]
    ids = [feature["id"] for feature in found]
    assert len(set(ids)) == len(ids)


def test_ids_are_those_that_find_places_tells(places: Places) -> None:
    assert features(places, "countries?country=CH")[0]["id"] == places.countries["CH"].id
    assert features(places, "us-states?state=CA")[0]["id"] == places.states["CA"].id


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ("cities?country=Swizerland", 'no country "Swizerland". Did you mean "Switzerland"'),
        ("cities?state=Californa", 'no US state "Californa". Did you mean "California"'),
        ("countries?country=ZZ", "Send an ISO code"),
        ("cities?country=CH&continent=Asia", "none of these countries is in Asia"),
        ("countries?country=CH&continent=Asia", "none of these countries is in Asia"),
        ("cities?country=CH&state=CA", "a US state is asked for, and no country that has it"),
    ],
)
def test_what_there_is_not_is_refused(places: Places, asked: str, says: str) -> None:
    with pytest.raises(InvalidArgument, match=re.escape(says)):
        document(places, DATA, parse_builtin(f"builtin:{asked}"))


@pytest.mark.parametrize("name", SETS)
def test_every_set_is_documented_with_its_parameters_and_properties(places: Places, name: str) -> None:
    line = row(f"builtin:{name}", TOOLS)
    assert [parameter for parameter in SETS[name] if f"`{parameter}" not in line] == []
    asked = f"{name}?country=US,CH&limit=100" if name == "cities" else name
    properties = {key for feature in features(places, asked) for key in feature["properties"]}
    assert properties == set(re.findall(r"`(\w+)`", line.split(" | ")[2])) and name in ATTRIBUTION
