"""What is no JSON is told for what it is; the page runs the same vectors."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mapsrv.core.foreign import HEAD, kind_of

VECTORS = json.loads((Path(__file__).parent.parent / "vectors" / "foreign.json").read_text())


@pytest.mark.parametrize("vector", VECTORS, ids=[vector["name"] for vector in VECTORS])
def test_bytes_are_known_by_how_they_begin(vector: dict[str, str]) -> None:
    assert kind_of(vector["head"].encode("latin-1")) == vector["kind"]


def test_only_the_beginning_is_looked_at() -> None:
    assert kind_of(b"<" + b" " * HEAD + b"<gpx>") == "XML"
