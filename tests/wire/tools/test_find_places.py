"""find_places: what is asked, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from mapsrv.errors import InvalidArgument
from mapsrv.wire.calls import parse_command_body
from mapsrv.wire.tools.requests import FindPlaces
from tests.wire.tools.kit.calling import refusal, request


def test_find_places_is_read() -> None:
    assert request("find_places", query=" Bern ") == FindPlaces("Bern")
    assert request("find_places", name="Bern") == FindPlaces("Bern")
    whole = {"query": "San", "country": "CH", "kind": "city", "min_population": 5000.0, "sort": "population"}
    asked = request("find_places", **whole, limit="500")
    assert asked == FindPlaces("San", "CH", "city", 5000, "population", 500)
    assert isinstance(asked.min_population, int)
    for alone in ({"country": "CH"}, {"kind": "state"}, {"min_population": 1_000_000}):
        assert isinstance(request("find_places", **alone), FindPlaces)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({}, "needs something to look for"),
        ({"query": " ", "country": ""}, "needs something to look for"),
        ({"query": "x" * 201}, "query must have at most 200 characters"),
        ({"country": "x" * 201}, "country must have at most 200 characters"),
        ({"query": "Bern", "limit": 0}, "limit must be at least 1"),
        ({"query": "Bern", "limit": 501}, "limit must be at most 500"),
        ({"query": "Bern", "limit": 2.5}, "limit must be of type integer"),
        ({"query": "Bern", "kind": "town"}, 'kind must be one of "city", "country", "state", "any"'),
        ({"query": 5}, "query must be of type string"),
    ],
)
def test_what_cannot_be_looked_for_is_refused(arguments: Any, says: str) -> None:
    assert says in refusal("find_places", arguments)


def test_it_changes_nothing_and_is_no_command() -> None:
    with pytest.raises(InvalidArgument, match="find_places changes nothing"):
        parse_command_body({"command": "find_places", "arguments": {"query": "Bern"}})
