"""The table of the Style Spec's names, and the nearest of them."""

from __future__ import annotations

import pytest

from mapsrv.core import style_names
from mapsrv.core.style_names import nearest


def test_every_type_has_its_own_opacity() -> None:
    opacities = {kind: style_names.opacity_properties(kind) for kind in style_names.LAYER_TYPES}
    assert opacities["symbol"] == ("icon-opacity", "text-opacity")
    assert opacities["fill-extrusion"] == ("fill-extrusion-opacity",)
    assert opacities["hillshade"] == ()


def test_paint_and_layout_are_told_apart() -> None:
    assert style_names.is_paint("fill", "fill-color") and not style_names.is_layout("fill", "fill-color")
    assert style_names.is_layout("line", "line-cap") and not style_names.is_paint("line", "line-cap")
    assert style_names.is_paint("line", "line-width-transition")
    assert not style_names.is_paint("background", "background-color")
    assert style_names.types_with("visibility") == style_names.LAYER_TYPES
    assert style_names.types_with("line-cap") == ("line",)
    assert style_names.properties_for("background") == ()


@pytest.mark.parametrize(
    ("name", "kinds", "meant"),
    [
        ("fillColor", None, "fill-color"),
        ("fill color", None, "fill-color"),
        ("fill_colour", ["fill"], "fill-color"),
        ("color", ["line"], "line-color"),
        ("circle-raduis", None, "circle-radius"),
        ("min-zoom", ["fill"], "minzoom"),
    ],
)
def test_the_nearest_name_is_offered(name: str, kinds: list[str] | None, meant: str) -> None:
    assert nearest(name, kinds) == f' Did you mean "{meant}"?'


def test_nothing_near_offers_nothing() -> None:
    assert nearest("zzzzzz") == ""
