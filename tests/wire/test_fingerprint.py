"""What commands are told apart by."""

from __future__ import annotations

from dataclasses import replace

from mapsrv.core import commands as c
from mapsrv.wire.fingerprint import fingerprint


def test_a_fingerprint_tells_commands_apart_and_not_the_order_of_keys() -> None:
    one = c.AddLayer("a", {"type": "geojson", "data": "x"})
    other = c.AddLayer("a", {"data": "x", "type": "geojson"})
    assert fingerprint(one) == fingerprint(other)
    assert fingerprint(one) != fingerprint(replace(one, document=b"1"))
    assert fingerprint(c.RemoveLayer("a")) != fingerprint(c.ResetLayerStyle("a"))
