"""Parts of a state that are not what was written: each a TornPart that names itself, nothing else."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mapsrv.core.log import Origin
from mapsrv.core.state import MapState
from mapsrv.wire import answers, codec, parts
from tests.wire.kit.values import JSON

LAYER = {
    "id": "a",
    "title": "A",
    "type": "vector",
    "visible": True,
    "rank": "m",
    "source": {"type": "geojson"},
    "style_layers": [{"id": "a", "type": "circle"}],
}
TORN = {
    "title": [b"", b"{", b"7", b"null", b"\xff", b"[" * 100_000, b"NaN"],
    "basemap": [b"[]"],
    "camera": [b"{}", b"[]", b'{"center":[1],"zoom":1}', b'{"center":["a","b"],"zoom":1}', b'{"bounds":1}'],
    "layer:a": [
        b"{}",
        b"[]",
        b'"x"',
        json.dumps({**LAYER, "id": "b"}).encode(),
        json.dumps({**LAYER, "added": 1}).encode(),
        json.dumps({**LAYER, "added": {"kind": "model", "name": "m"}}).encode(),
        json.dumps({**LAYER, "added": {"kind": "model", "name": "m", "at": 7}}).encode(),
        json.dumps({**LAYER, "rank": "\ud800"}).encode(),
        json.dumps({**LAYER, "title": 1}).encode(),
        json.dumps({**LAYER, "source": []}).encode(),
        json.dumps({**LAYER, "style_layers": 3}).encode(),
        json.dumps({**LAYER, "style_layers": [{}]}).encode(),
        json.dumps({**LAYER, "style_layers": [3]}).encode(),
    ],
}


@pytest.mark.parametrize(("name", "body"), [(name, body) for name, some in TORN.items() for body in some])
def test_a_torn_part_is_told_by_its_name(name: str, body: bytes) -> None:
    with pytest.raises(parts.TornPart) as caught:
        if name.startswith(codec.LAYER):
            parts.layer_from_bytes(name, body)
        else:
            parts.base_state({name: body})
    assert caught.value.name == name


@given(st.one_of(JSON.map(lambda value: json.dumps(value).encode()), st.binary(max_size=50)))
def test_anything_at_all_is_a_part_or_torn(body: bytes) -> None:
    for name in ("title", "basemap", "camera", "layer:a"):
        try:
            parts.layer_from_bytes(name, body) if ":" in name else parts.base_state({name: body})
        except parts.TornPart:
            pass


@given(st.one_of(JSON.map(lambda value: json.dumps(value).encode()), st.binary(max_size=50)))
def test_anything_at_all_is_an_event_or_an_error_that_readers_expect(body: bytes) -> None:
    ops = b'{"at":"","origin":{"kind":"a","id":"b","name":"c"},"ops":%s}' % body
    for text in (body, ops):
        try:
            codec.decode_event(text)
        except (ValueError, KeyError, TypeError):
            pass
    try:
        answers.from_bytes(body)
    except ValueError:
        pass


def test_an_op_that_is_no_object_is_a_type_error() -> None:
    origin = Origin("person", "x", "X")
    body = codec.encode_event("", origin, ()).replace(b'"ops":[]', b'"ops":["x"]')
    with pytest.raises(TypeError):
        codec.decode_event(body)


def test_a_part_that_this_release_does_not_know_is_left_alone() -> None:
    assert parts.base_state({"later": b"{"}).to_json() == parts.base_state({}).to_json()
    assert list(parts.layer_components({"later": b"{"})) == []


def test_an_op_whose_part_is_no_object_is_no_event() -> None:
    body = b'{"at":"","origin":{"kind":"a","id":"b","name":"c"},"ops":[{"op":"set_camera","camera":[]}]}'
    with pytest.raises(TypeError):
        codec.decode_event(body)


def test_all_parts_are_components() -> None:
    assert codec.part_components(MapState()).keys() == {"title", "basemap", "camera"}
