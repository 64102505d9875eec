"""The table of calls: what is published, and what each call's arguments become."""

from __future__ import annotations

import json
from collections.abc import Iterator
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
from tests.wire.values import JSON

NAMES = """
open_map get_map_state list_layers get_layer_info add_layer update_features remove_layer toggle_layer
move_layer filter_layer set_layer_paint set_layer_details reset_layer_style set_map_view set_basemap
""".split()


def refusal(name: str, arguments: Any) -> str:
    with pytest.raises(InvalidArgument) as caught:
        parse_call(name, arguments)
    return caught.value.message


# --- what is published ----------------------------------------------------------------


def test_the_calls_are_published_in_their_order() -> None:
    assert list(CALLS) == NAMES
    assert [call.name for call in CALLS.values()] == NAMES


def schemas_in(schema: Any) -> Iterator[dict[str, Any]]:
    """Yield every schema within a schema, without itself."""
    below = [*schema.get("properties", {}).values(), *schema.get("anyOf", ())]
    below += [schema["items"]] if schema.get("items") else []
    for inner in below:
        yield inner
        yield from schemas_in(inner)


@pytest.mark.parametrize("name", NAMES)
def test_a_schema_is_one_that_every_host_takes(name: str) -> None:
    schema = CALLS[name].schema
    assert schema["type"] == "object" and schema["additionalProperties"] is False
    assert not schema.keys() & {"anyOf", "oneOf", "allOf"}
    assert set(schema["required"]) <= schema["properties"].keys()
    assert "session_id" in schema["properties"]
    for inner in schemas_in(schema):
        assert "type" in inner or all("type" in branch for branch in inner["anyOf"])
        assert "items" in inner or inner.get("type") != "array"
    for described in schema["properties"].values():
        assert described["description"].endswith((".", '"'))


@pytest.mark.parametrize("name", NAMES)
def test_a_call_prints_its_hints_and_says_what_it_does(name: str) -> None:
    call = CALLS[name]
    assert set(call.annotations) == {"readOnlyHint", "destructiveHint", "idempotentHint", "openWorldHint"}
    assert call.annotations["readOnlyHint"] is not call.changes
    assert call.title and len(call.description) < 2_000
    assert json.dumps(call.schema)


@pytest.mark.parametrize("name", NAMES)
def test_every_documented_example_is_taken(name: str) -> None:
    call = CALLS[name]
    assert call.description.endswith(f"Example: {json.dumps(call.example, ensure_ascii=False)}")
    assert parse_call(name, call.example).session_id is None


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
