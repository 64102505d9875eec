"""builtin: sources as they are asked for, and what is said of those that there are not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mapsrv.errors import InvalidArgument
from mapsrv.wire.builtin import MAX_ASKED, MAX_CITIES, SETS, parse_builtin
from tests.wire.tools.kit.calling import refusal, request


def test_what_is_asked_for_is_read() -> None:
    asked = parse_builtin(
        "builtin:cities?country=CH,%20C%C3%B4te d'Ivoire&continent=africa,Europe"
        "&min_population=5&sort=name&limit=10"
    )
    assert asked.name == "cities" and asked.asked == {
        "country": ("CH", "Côte d'Ivoire"),
        "continent": ("Africa", "Europe"),
        "min_population": 5,
        "sort": "name",
        "limit": 10,
    }
    assert asked.names("country") == ("CH", "Côte d'Ivoire") and asked.names("state") == ()
    assert parse_builtin("builtin:countries").asked == {} == parse_builtin("builtin:us-states?").asked


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (
            "builtin:citys",
            'Did you mean "cities"? There are builtin:cities, builtin:countries, builtin:us-states',
        ),
        ("builtin:", "There are builtin:cities"),
        ("builtin:cities?contry=CH", 'Did you mean "country"? It takes: country, state, continent'),
        ("builtin:countries?limit=3", "It takes: country, continent."),
        ("builtin:cities?country=CH&country=FR", "country stands twice"),
        ("builtin:cities?country=", "country is empty"),
        ("builtin:cities?country=,", "country is empty"),
        ("builtin:cities?continent=Eurpoe", 'Did you mean "Europe"'),
        ("builtin:cities?limit=0", "limit must be a whole number from 1 to 5,000"),
        (f"builtin:cities?limit={MAX_CITIES + 1}", "limit must be a whole number"),
        ("builtin:cities?limit=ten", "limit must be a whole number"),
        ("builtin:cities?limit=²", "limit must be a whole number"),
        ("builtin:cities?min_population=-5", "min_population must be"),
        ("builtin:cities?min_population=99999999999999", "min_population must be"),
        ("builtin:cities?sort=size", "sort must be population or name"),
        ("builtin:cities?country=" + "x" * MAX_ASKED, "at most 1,000 characters"),
    ],
)
def test_what_there_is_not_is_refused_with_what_there_is(text: str, says: str) -> None:
    with pytest.raises(InvalidArgument) as caught:
        parse_builtin(text)
    assert says in caught.value.message
    assert says in refusal("add_layer", {"id": "a", "source": text})
    assert says in refusal("add_layer", {"id": "a", "source": {"type": "geojson", "data": text}})


@pytest.mark.parametrize("name", SETS)
def test_it_is_a_source_as_it_stands_and_as_data(name: str) -> None:
    text = f"builtin:{name}"
    assert request("add_layer", id="a", source=f" {text} ").source == {"type": "geojson", "data": text}
    clustered = {"type": "geojson", "data": text, "cluster": True}
    assert request("add_layer", id="a", source=clustered).source == clustered


@given(st.one_of(st.text(max_size=60), st.from_regex(r"(cities|countries)\?[a-z_]+=[^&]{0,20}(&[a-z]+=.*)?")))
def test_garbage_is_refused_and_nothing_else(text: str) -> None:
    try:
        parse_builtin(f"builtin:{text}")
    except InvalidArgument as error:
        assert error.message.endswith((".", "?", "limit=10"))
