"""Readers first: what a later release writes beside what is known is passed over, however deep it stands."""

from __future__ import annotations

import json
import random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from mapsrv.core.apply import apply_all
from mapsrv.core.decider import decide
from mapsrv.core.state import MapState
from mapsrv.errors import MapsrvError
from mapsrv.wire import answers, codec, parts
from tests.core.kit.maps import as_asked, command, grown

LATER = {"later": {"a": [1, None]}, "class": "x", "self": 1}
# What stands in these is JSON of the Style Spec or GeoJSON, which is kept as it came.
KEPT = ("source", "style_layers", "restyled", "paint", "layout", "filter", "add", "update", "remove")


def with_more(value: Any) -> Any:
    """The same with fields of a later release in each object of ours."""
    if isinstance(value, list):
        return [with_more(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {key: item if key in KEPT else with_more(item) for key, item in value.items()} | LATER


@given(st.randoms(use_true_random=False), st.integers(0, 12))
@settings(deadline=None, max_examples=150)
def test_an_event_of_a_later_release_reads_as_what_is_known_of_it(rng: random.Random, steps: int) -> None:
    state = grown(rng, steps)
    wanted = command(rng, state)
    try:
        asked = as_asked(wanted, "k")
        ops = asked.stamped(decide(state, wanted))
    except MapsrvError:
        return
    body = codec.encode_event(asked.at, asked.origin, ops)
    later = with_more(json.loads(body))
    at, origin, read = codec.decode_event(codec.dumps(later))
    assert codec.encode_event(at, origin, read) == body
    assert apply_all(state, read).to_json() == apply_all(state, ops).to_json()


@given(st.randoms(use_true_random=False), st.integers(0, 20))
@settings(deadline=None, max_examples=80)
def test_parts_and_snapshots_of_a_later_release_read_as_what_is_known_of_them(
    rng: random.Random, steps: int
) -> None:
    state = grown(rng, steps)
    assert MapState.from_json(with_more(state.to_json())).to_json() == state.to_json()
    for layer in state:
        body = codec.dumps(with_more(layer.to_json()))
        assert parts.layer_from_bytes(codec.LAYER + layer.id, body).to_json() == layer.to_json()
    camera = codec.dumps(with_more(state.camera.to_json()))
    assert parts.base_state({"camera": camera, "theme": b"1"}).camera == state.camera


def test_an_answer_of_a_later_release_is_read() -> None:
    body = codec.dumps({"changed": ["a"], "warnings": [], **LATER})
    assert answers.from_bytes(body).changed == ("a",)
