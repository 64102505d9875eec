"""From a call to its request: by name, with the map that it is about; and no garbage gets through."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mapsrv.errors import InvalidArgument, MapsrvError
from mapsrv.wire.calls import (
    CALLS,
    ListLayers,
    Parsed,
    parse_call,
)
from tests.wire.kit.values import JSON

NAMES = list(CALLS)


def refusal(name: str, arguments: Any) -> str:
    with pytest.raises(InvalidArgument) as caught:
        parse_call(name, arguments)
    return caught.value.message


def test_an_unknown_call_is_answered_with_the_nearest() -> None:
    assert 'Did you mean "add_layer"' in refusal("addlayer", {})


# --- which map --------------------------------------------------------------------------


@pytest.mark.parametrize("alias", ["session_id", "map_id", "map", "session"])
@pytest.mark.parametrize(
    "value",
    [
        "aB3-_x",
        " aB3-_x ",
        "http://localhost:8081/?session=aB3-_x",
        "?session=aB3-_x",
        "h/?a=1&session=aB3-_x#t",
    ],
)
def test_the_map_is_named_by_an_id_or_a_link(alias: str, value: str) -> None:
    assert parse_call("list_layers", {alias: value}) == Parsed("aB3-_x", ListLayers())


@pytest.mark.parametrize("value", ["", "  ", None])
def test_an_empty_session_id_is_none(value: Any) -> None:
    assert parse_call("list_layers", {"session_id": value}).session_id is None


@pytest.mark.parametrize(
    "value",
    [
        "a b",
        "http://localhost/",
        "http://localhost/?session=",
        "http://[/?session=a",
        "x" * 200,
        "?session=" + "x" * 3_000,
    ]
    + ["?session=a" + "&b=c" * 60, 5, ["a"]],
)
def test_what_is_no_session_id_is_refused(value: Any) -> None:
    assert "session_id" in refusal("list_layers", {"session_id": value})


# --- laws --------------------------------------------------------------------------------

ARGUMENTS = st.sampled_from(sorted({name for call in CALLS.values() for name in call.schema["properties"]}))


@settings(deadline=None)
@given(st.sampled_from(NAMES), JSON | st.dictionaries(ARGUMENTS, JSON))
def test_garbage_raises_only_our_error(name: str, arguments: Any) -> None:
    try:
        parse_call(name, arguments)
    except MapsrvError:
        pass


@settings(deadline=None)
@given(st.sampled_from(NAMES), st.data())
def test_one_wrong_argument_in_an_example_raises_only_our_error(name: str, data: st.DataObject) -> None:
    key = data.draw(st.sampled_from(sorted(CALLS[name].schema["properties"])))
    try:
        parse_call(name, {**CALLS[name].example, key: data.draw(JSON)})
    except MapsrvError as error:
        assert error.message
