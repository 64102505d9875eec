"""The codec's laws: what was written is read; a layer is encoded once; components fold to the state."""

from __future__ import annotations

import json
import math
import random
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mapsrv.core import ops as o
from mapsrv.core.apply import apply_all
from mapsrv.core.decider import decide
from mapsrv.core.log import Head, Origin
from mapsrv.core.prepared import Answer
from mapsrv.core.state import MapState
from mapsrv.errors import MapsrvError
from mapsrv.wire import answers, codec, parts
from mapsrv.wire.receipt import Receipt, map_url
from tests.core.kit.maps import command, grown
from tests.kit.error_tree import tree
from tests.wire.kit.values import JSON


@given(st.randoms(use_true_random=False), st.integers(0, 20))
@settings(deadline=None, max_examples=120)
def test_events_states_and_components_are_read_as_written(rng: random.Random, steps: int) -> None:
    state = MapState()
    written: dict[str, bytes | None] = {}
    origin = Origin("person", "x", "Ünï")
    for _ in range(steps):
        try:
            ops = decide(state, command(rng, state))
        except MapsrvError:
            continue
        body = codec.encode_event("2026-01-01T00:00:00Z", origin, ops)
        at, who, read = codec.decode_event(body)
        assert (at, who) == ("2026-01-01T00:00:00Z", origin)
        assert codec.encode_event(at, who, read) == body
        state = apply_all(state, ops)
        written |= {name: value for name, (value, _) in codec.components(state, ops).items()}
        named = {
            op.layer.source.get("data") for op in ops if isinstance(op, o.LayerPut) if codec.blob_of(op.layer)
        }
        assert {f"data/{name}" for name in codec.blobs_of(ops)} >= named
    present = {name: value for name, value in written.items() if value is not None}
    layers = [parts.layer_from_bytes(*part) for part in parts.layer_components(present)]
    restored = parts.base_state(present).with_layers(layers)
    assert restored.to_json() == state.to_json() == json.loads(codec.state_bytes(restored))


def test_a_layer_is_encoded_once() -> None:
    state = grown(random.Random(3), 30)
    layer = next(iter(state))
    assert codec.layer_bytes(layer) is codec.layer_bytes(layer)
    assert codec.layer_bytes(replace(layer)) is not codec.layer_bytes(layer)


def test_a_snapshot_has_its_place_and_link() -> None:
    head = Head.of_epoch("e")
    url = map_url("https://maps.example", "a_b")
    body = codec.snapshot_bytes("a_b", url, head.position, codec.state_bytes(MapState()))
    assert json.loads(body) == {
        "format": 1,
        "session_id": "a_b",
        "url": "https://maps.example/?session=a_b",
        "position": str(head.position),
        "state": MapState().to_json(),
    }


def test_answers_and_receipts() -> None:
    answer = Answer(("a",), ("careful",))
    assert answers.from_bytes(answers.to_bytes(answer)) == answer
    assert b"facts" not in answers.to_bytes(answer), "as it was written before there were any"
    told = Answer(("a",), (), {"camera_near": "Bern"})
    assert answers.from_bytes(answers.to_bytes(told)) == told
    near = Receipt("s", "T", Head.of_epoch("e").position, ("a",), 2, (), "disk", told.facts).to_json(
        "http://a"
    )
    assert near["camera_near"] == "Bern"
    receipt = Receipt("s", "T", Head.of_epoch("e").position, ("a",), 2, (), "disk")
    assert receipt.to_json("http://h")["url"] == "http://h/?session=s"


def test_a_lone_surrogate_is_written_as_an_escape_and_nan_not_at_all() -> None:
    assert json.loads(codec.dumps("\ud800 é")) == "\ud800 é"
    assert codec.dumps("é") == '"é"'.encode()
    with pytest.raises(ValueError):
        codec.dumps(float("nan"))


@settings(deadline=None)
@given(JSON)
def test_what_dumps_writes_is_what_json_writes(value: Any) -> None:
    assert json.loads(codec.dumps(value)) == value
    assert repr(codec.loads(json.dumps(value).encode())) == repr(json.loads(json.dumps(value)))


@settings(deadline=None)
@given(JSON, st.sampled_from([math.nan, math.inf, -math.inf]), st.sampled_from([None, "null", 1]))
def test_a_number_that_json_does_not_have_is_refused_wherever_it_is(
    value: Any, odd: float, beside: Any
) -> None:
    for hidden in ([value, odd], {"a": {"b": odd, "c": beside}, "d": value}, [[odd], beside]):
        with pytest.raises(ValueError):
            codec.dumps(hidden)


@settings(deadline=None)
@given(
    st.text(alphabet='{}[]",:0123456789.eE-+nultrfas\\d8', max_size=40).map(str.encode)
    | st.binary(max_size=20)
)
def test_loads_takes_what_json_takes_but_what_json_does_not_have(body: bytes) -> None:
    try:
        meant = repr(json.loads(body.decode(), parse_constant=_no_constant))
    except ValueError:
        with pytest.raises(ValueError):
            codec.loads(body)
    else:
        assert repr(codec.loads(body)) == meant


def test_what_nests_too_deep_is_a_value_error_wherever_it_is_found() -> None:
    for begun in (b"[", b'["\\ud800", ', b'{"a":'):
        with pytest.raises(ValueError):
            codec.loads(begun * 100_000)


def _no_constant(name: str) -> None:
    raise ValueError(name)


def test_every_error_says_what_it_is() -> None:
    codes = [error.code for error in tree()]
    assert len(set(codes)) == len(codes)
    assert all(400 <= error.status < 600 and error.__doc__ for error in tree())
