"""The commands that name a layer and little else, and the basemap."""

from __future__ import annotations

import pytest

from mapsrv.core import commands as c
from tests.wire.tools.kit.calling import refusal, request


def test_commands_about_one_layer_are_read() -> None:
    assert request("remove_layer", layer_id="a") == c.RemoveLayer("a")
    assert request("toggle_layer", layer_id="a") == c.ToggleLayer("a", "toggle")
    assert request("toggle_layer", layer_id="a", action="hide") == c.ToggleLayer("a", "hide")
    assert request("reset_layer_style", layer_id="a") == c.ResetLayerStyle("a")
    assert request("set_basemap", name="none") == c.SetBasemap("none")
    assert request("set_layer_details", layer_id="a", title="T") == c.SetLayerDetails("a", "T")
    assert request("set_layer_details", layer_id="a", attribution="") == c.SetLayerDetails("a", None, "")
    assert "send title or attribution" in refusal("set_layer_details", {"layer_id": "a"})
    assert "title is empty" in refusal("set_layer_details", {"layer_id": "a", "title": " "})
    assert "one line" in refusal("set_layer_details", {"layer_id": "a", "title": "x" * 201})
    assert "one line" in refusal("set_layer_details", {"layer_id": "a", "attribution": "a\u2028b"})


@pytest.mark.parametrize("bad", ["", " ", "x" * 129, "a\0b", "a\u2029b"])
def test_an_id_is_a_visible_line(bad: str) -> None:
    assert "layer_id" in refusal("remove_layer", {"layer_id": bad})
