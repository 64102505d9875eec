"""POST /commands: the body's shape, and large bodies made small in a worker."""

from __future__ import annotations

import json
import pickle
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mapsrv.core import commands as c
from mapsrv.errors import BadRequest, InvalidArgument, MalformedJson, MapsrvError, TooLarge
from mapsrv.wire.bodies import MAX_SMALL, slim_body
from mapsrv.wire.calls import CALLS, parse_command_body
from tests.wire.kit.values import JSON

POINT = {"type": "Point", "coordinates": [7.5, 46.9]}
FEATURE = {"type": "Feature", "geometry": POINT, "properties": {"name": "x" * 100}}
MANY = {"type": "FeatureCollection", "features": [FEATURE] * 3_000}


def body(command: str, arguments: Any, **more: Any) -> dict[str, Any]:
    return {"command": command, "arguments": arguments, **more}


def slimmed(value: Any) -> tuple[c.Command, Any]:
    """Return the command that a large body becomes, and what its document says."""
    slim = pickle.loads(pickle.dumps(slim_body(json.dumps(value).encode())))
    assert len(slim.value) < 1_000
    _, command = parse_command_body(json.loads(slim.value), document=slim.document)
    return command, json.loads(slim.document)


def test_a_command_and_its_key_are_read() -> None:
    value = body("remove_layer", {"layer_id": "a"})
    assert parse_command_body(value) == (None, c.RemoveLayer("a"))
    assert parse_command_body({**value, "id": "k-1"}) == ("k-1", c.RemoveLayer("a"))
    assert parse_command_body(body("open_map", {"title": "T"})) == (None, c.SetTitle("T"))


@pytest.mark.parametrize("name", [name for name, call in CALLS.items() if call.changes])
def test_every_changing_call_may_be_posted(name: str) -> None:
    assert parse_command_body(body(name, dict(CALLS[name].example)))[1]


@pytest.mark.parametrize(
    "value",
    [
        None,
        [],
        {},
        {"command": "open_map"},
        {"arguments": {}},
        {"command": 5, "arguments": {}},
        body("open_map", {}, extra=1),
    ],
)
def test_a_body_of_another_shape_is_a_bad_request(value: Any) -> None:
    with pytest.raises(BadRequest):
        parse_command_body(value)


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (body("list_layers", {}), "GET /state"),
        (body("remove_lyer", {}), 'Did you mean "remove_layer"'),
        (body("open_map", {}), "POST /sessions"),
        (body("open_map", {"title": "T", "new": True}), "POST /sessions"),
        (body("remove_layer", {"layer_id": "a", "session_id": "m"}), "leave session_id out"),
        (body("add_layer", {"id": "a", "source": "./x.geojson"}), "/data"),
        (body("add_layer", {"id": "a", "source": {"type": "geojson"}}), "needs data"),
    ],
)
def test_what_cannot_be_posted_says_why(value: Any, says: str) -> None:
    with pytest.raises(InvalidArgument) as caught:
        parse_command_body(value)
    assert says in caught.value.message


@pytest.mark.parametrize("key", ["", "x" * 129, "a b", "é", "a\n", 5, None])
def test_a_key_is_printable_ascii(key: Any) -> None:
    with pytest.raises(InvalidArgument, match="printable ASCII"):
        parse_command_body(body("remove_layer", {"layer_id": "a"}, id=key))


@pytest.mark.parametrize(
    "source",
    [
        MANY,
        json.dumps(MANY),
        {"type": "geojson", "data": MANY},
        {"type": "geojson", "data": json.dumps(MANY)},
    ],
)
def test_large_geojson_goes_beside_the_command(source: Any) -> None:
    command, document = slimmed(body("add_layer", {"id": "a", "source": source, "type": "circle"}, id="k"))
    assert isinstance(command, c.AddLayer)
    assert command.source == {"type": "geojson"}
    assert command.type == "circle" and command.document
    assert document == MANY


def test_a_source_keeps_its_options() -> None:
    source = {"type": "geojson", "data": MANY, "cluster": True}
    command, _ = slimmed(body("add_layer", json.dumps({"id": "a", "source": source})))
    assert isinstance(command, c.AddLayer) and command.source == {"type": "geojson", "cluster": True}


def test_large_changes_go_beside_the_command() -> None:
    arguments = {"layer_id": "a", "add": json.dumps(MANY), "remove": [1]}
    command, document = slimmed(body("update_features", arguments))
    assert isinstance(command, c.UpdateFeatures) and command.add == () and command.document
    assert document == {"add": MANY["features"], "update": [], "remove": [1]}


@pytest.mark.parametrize(
    "value",
    [
        body("remove_layer", {"layer_id": "a"}),
        body("add_layer", {"id": "a", "source": "https://a.org/x.geojson"}),
        body("add_layer", {"id": "a", "source": {"type": "geojson", "data": "data/x"}}),
        body("add_layer", {"id": "a", "source": {"type": "raster"}}),
        body("add_layer", "nonsense"),
        [],
    ],
)
def test_a_body_without_geojson_stays_as_it_is(value: Any) -> None:
    slim = slim_body(json.dumps(value).encode())
    assert (json.loads(slim.value), slim.document) == (value, None)


def test_what_stays_large_is_refused() -> None:
    for arguments in ({"layer_id": "x" * MAX_SMALL}, "x" * MAX_SMALL):
        with pytest.raises(TooLarge, match="POST large GeoJSON to /data"):
            slim_body(json.dumps(body("remove_layer", arguments)).encode())


def test_a_wrong_change_is_refused_in_the_worker() -> None:
    with pytest.raises(InvalidArgument, match="add"):
        slim_body(json.dumps(body("update_features", {"layer_id": "a", "add": [5]})).encode())
    with pytest.raises(InvalidArgument, match="add must be a list"):
        slim_body(json.dumps(body("update_features", {"layer_id": "a", "add": 5})).encode())
    with pytest.raises(InvalidArgument, match="changes nothing"):
        slim_body(json.dumps(body("update_features", {"layer_id": "a"})).encode())
    with pytest.raises(InvalidArgument, match="begins like JSON"):
        slim_body(json.dumps(body("add_layer", "{nope")).encode())


def test_a_body_that_is_no_json_is_malformed() -> None:
    with pytest.raises(MalformedJson):
        slim_body(b"[" * 100_000)


@settings(deadline=None)
@given(JSON | st.fixed_dictionaries({"command": st.sampled_from([*CALLS, "x"]), "arguments": JSON}))
def test_garbage_raises_only_our_error(value: Any) -> None:
    try:
        parse_command_body(value)
    except MapsrvError:
        pass
    try:
        slim_body(json.dumps(value).encode())
    except MapsrvError:
        pass
