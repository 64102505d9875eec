"""The vectors that both sides run: written here from fixed seeds, checked to be current.

After a change of meaning: MAPSRV_WRITE_VECTORS=1 pytest tests/core/test_vectors.py
"""

from __future__ import annotations

import json
import os
import random
from pathlib import Path
from typing import Any

import pytest

from mapsrv.core.apply import apply_all
from mapsrv.core.decider import decide
from mapsrv.core.log import Origin
from mapsrv.core.state import MapState
from mapsrv.errors import MapsrvError
from mapsrv.wire import codec
from mapsrv.wire.style import to_style
from tests.core.kit.maps import as_asked, command, grown

FOLDER = Path(__file__).parent.parent / "vectors"
BASE = "https://maps.example"
MODEL = Origin("model", "m", "m")


def _ops() -> list[dict[str, Any]]:
    cases = []
    for seed in range(160):
        rng = random.Random(seed)
        state = grown(rng, rng.randrange(12))
        for _ in range(20):
            wanted = command(rng, state)
            try:
                ops = as_asked(wanted, "k").stamped(decide(state, wanted))
            except MapsrvError:
                continue
            if ops:
                event = json.loads(codec.encode_event("2026-01-01T00:00:00.000Z", MODEL, ops))
                after = apply_all(state, ops).to_json()
                case = {"state": state.to_json(), "event": event, "expected": after}
                cases.append({"name": f"seed {seed}", **case})
                break
    return cases


def _styles() -> list[dict[str, Any]]:
    cases = []
    for seed in range(60):
        rng = random.Random(1000 + seed)
        state = grown(rng, rng.randrange(20))
        style = to_style(state, BASE)
        cases.append({"name": f"seed {seed}", "state": state.to_json(), "base_url": BASE, "style": style})
    return cases


@pytest.mark.parametrize(("name", "made"), [("ops.json", _ops()), ("styles.json", _styles())])
def test_the_vectors_are_current(name: str, made: list[dict[str, Any]]) -> None:
    path = FOLDER / name
    if os.environ.get("MAPSRV_WRITE_VECTORS"):
        lines = ",\n".join(json.dumps(case, ensure_ascii=False) for case in made)
        path.write_text(f"[\n{lines}\n]\n", encoding="utf-8")
    assert json.loads(path.read_text(encoding="utf-8")) == json.loads(json.dumps(made))


def test_reading_a_vector_and_applying_its_ops_gives_what_is_expected() -> None:
    for case in json.loads((FOLDER / "ops.json").read_text(encoding="utf-8")):
        ops = [codec.op_from_json(op) for op in case["event"]["ops"]]
        state = apply_all(MapState.from_json(case["state"]), ops)
        assert state.to_json() == case["expected"], case["name"]
