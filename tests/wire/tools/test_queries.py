"""What reads the map: open_map, get_map_state, list_layers, get_layer_info."""

from __future__ import annotations

from mapsrv.wire.tools.requests import GetLayerInfo, GetMapState, OpenMap
from tests.wire.tools.kit.calling import request


def test_queries_are_read() -> None:
    assert request("open_map") == OpenMap()
    assert request("open_map", title=" Lakes ", new=True) == OpenMap("Lakes", True)
    assert request("open_map", title="  ") == OpenMap()
    assert request("get_map_state") == GetMapState()
    assert request("get_layer_info", layer_id="a") == GetLayerInfo("a")


def test_a_title_may_hold_any_visible_text() -> None:
    assert request("open_map", title="Zürich\u00a0湖 🗺 <b>").title == "Zürich\u00a0湖 🗺 <b>"
