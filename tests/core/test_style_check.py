"""The table of the Style Spec: names, constants, expressions, and the nearest name."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mapsrv.core import expressions, style_check
from mapsrv.core.css_color import is_color
from mapsrv.core.style_check import check_constant, nearest
from tests.wire.kit.values import JSON

EVERY = [(kind, name) for kind in style_check.LAYER_TYPES for name in style_check.properties_for(kind)]

GOOD = [
    ("fill", "fill-color", "red"),
    ("fill", "fill-color", "  #FfF8 "),
    ("fill", "fill-color", ["get", "color"]),
    ("fill", "fill-color", {"stops": [[1, "red"], [5, "#fff"]]}),
    ("fill", "fill-color", {"type": "identity", "property": "color"}),
    ("fill", "fill-color-transition", {"duration": 300, "delay": 0}),
    ("fill", "fill-opacity", 0),
    ("fill", "fill-opacity", ["interpolate", ["linear"], ["zoom"], 0, 0.1, 10, 1]),
    ("fill", "fill-antialias", False),
    ("fill", "fill-translate", [1, -2]),
    ("line", "line-dasharray", [2, 1, 1]),
    ("line", "line-dasharray", ["literal", [2, 1]]),
    ("line", "line-cap", "round"),
    ("line", "line-offset", -3),
    ("symbol", "text-field", "{name}"),
    ("symbol", "text-field", ["format", ["get", "name"], {"font-scale": 1.2}]),
    ("symbol", "text-font", ["Noto Sans Regular"]),
    ("symbol", "text-font", ["step", ["zoom"], ["literal", ["A"]], 5, ["literal", ["B"]]]),
    ("symbol", "text-variable-anchor", ["top", "left"]),
    ("symbol", "text-variable-anchor-offset", ["top", [0, 4], "left", [3, 0]]),
    ("symbol", "icon-padding", 2),
    ("symbol", "icon-padding", [1, 2, 3, 4]),
    ("symbol", "visibility", "none"),
    ("circle", "circle-color", ["match", ["get", "kind"], ["a", "b"], "red", "c", "blue", "black"]),
    ("hillshade", "hillshade-illumination-direction", [270, 315]),
    ("hillshade", "hillshade-highlight-color", ["#fff", "red"]),
    ("hillshade", "hillshade-highlight-color", "red"),
    (
        "heatmap",
        "heatmap-color",
        ["interpolate-hcl", ["linear"], ["heatmap-density"], 0, "rgba(0,0,0,0)", 1, "red"],
    ),
]

BAD = [
    ("fill", "fill-color", "reed", "colour"),
    ("fill", "fill-color", 5, "colour"),
    ("fill", "fill-color", ["gett", "x"], 'Did you mean "get"'),
    ("fill", "fill-color", ["interpolate", ["lineer"], ["zoom"], 0, "red"], "lineer"),
    ("fill", "fill-color", ["interpolate"], None),
    ("fill", "fill-color", [], "empty"),
    ("fill", "fill-color", [1, 2], "operator"),
    ("fill", "fill-color", ["case", {"a": 1}, "red", "blue"], "literal"),
    ("fill", "fill-color", {"a": 1}, "expression"),
    ("fill", "fill-color", {"stops": []}, "expression"),
    ("fill", "fill-color", {"stops": [[1]]}, "stops"),
    ("fill", "fill-color", {"stops": [[1, 2]]}, "stops"),
    ("fill", "fill-color-transition", {"duration": "1"}, "milliseconds"),
    ("fill", "fill-color-transition", {"speed": 1}, "milliseconds"),
    ("fill", "fill-opacity", 2, "from 0 to 1"),
    ("fill", "fill-opacity", "0.5", "from 0 to 1"),
    ("fill", "fill-opacity", True, "from 0 to 1"),
    ("fill", "fill-antialias", 1, "true or false"),
    ("fill", "fill-translate", [1], "2 numbers"),
    ("line", "line-width", -1, "at least 0"),
    ("line", "line-offset", "1", "a number"),
    ("line", "line-cap", "rund", "butt"),
    ("line", "line-dasharray", "2", "list of numbers"),
    ("symbol", "text-field", 5, "a text"),
    ("symbol", "text-font", "Noto", "list"),
    ("symbol", "text-variable-anchor", ["top", "middle"], "top-left"),
    ("symbol", "text-variable-anchor-offset", ["top"], "list"),
    ("symbol", "text-variable-anchor-offset", ["top", 4], "list"),
    ("symbol", "icon-padding", [], "1 to 4"),
    ("hillshade", "hillshade-highlight-color", ["#fff", "x"], "colour"),
    ("hillshade", "hillshade-illumination-direction", [], "number"),
]


@pytest.mark.parametrize(("kind", "name", "value"), GOOD, ids=str)
def test_a_good_value_is_let_through(kind: str, name: str, value: object) -> None:
    assert check_constant(kind, name, value) is None


@pytest.mark.parametrize(("kind", "name", "value", "says"), BAD, ids=str)
def test_a_wrong_value_says_what_was_expected(kind: str, name: str, value: object, says: str | None) -> None:
    fault = check_constant(kind, name, value)
    assert (fault is None) if says is None else (fault is not None and name in fault and says in fault)


def test_a_long_value_is_cut_in_the_message() -> None:
    assert len(check_constant("fill", "fill-color", "x" * 10_000) or "") < 300


@settings(deadline=None)
@given(st.sampled_from(EVERY), JSON)
def test_no_value_makes_the_check_fail(place: tuple[str, str], value: object) -> None:
    fault = check_constant(*place, value)
    assert fault is None or fault.endswith((".", "]."))


@pytest.mark.parametrize(
    "text",
    [
        "#fff",
        "#FFFF",
        "#a1b2c3",
        "#a1b2c3d4",
        "rgb(1,2,3)",
        "rgba(1,2,3,.5)",
        "rgb(1% 2% 3% / 50%)",
        "transparent",
    ]
    + ["rgb(1 2 3 / 0.5)", "rgb(1, 2, 3)", "hsla(120deg 50% 50% / 1)", "RebeccaPurple", "hsl(120,50%,50%)"],
)
def test_css_colours_are_known(text: str) -> None:
    assert is_color(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "#ff",
        "#ggg",
        "rgb(1,2)",
        "rgb(1%,2,3)",
        "rgb(1 2,3)",
        "hsl(1,2,3)",
        "hsl(1rad 2% 3%)",
        "rgb(1.2.3,1,1)",
    ]
    + ["url(x)", "var(--a)", "red;", "color(srgb 1 0 0)", "r" * 200],
)
def test_other_texts_are_no_colours(text: str) -> None:
    assert not is_color(text)


def test_every_type_has_its_own_opacity() -> None:
    opacities = {kind: style_check.opacity_properties(kind) for kind in style_check.LAYER_TYPES}
    assert opacities["symbol"] == ("icon-opacity", "text-opacity")
    assert opacities["fill-extrusion"] == ("fill-extrusion-opacity",)
    assert opacities["hillshade"] == ()


def test_paint_and_layout_are_told_apart() -> None:
    assert style_check.is_paint("fill", "fill-color") and not style_check.is_layout("fill", "fill-color")
    assert style_check.is_layout("line", "line-cap") and not style_check.is_paint("line", "line-cap")
    assert style_check.is_paint("line", "line-width-transition")
    assert not style_check.is_paint("background", "background-color")
    assert style_check.types_with("visibility") == style_check.LAYER_TYPES
    assert style_check.types_with("line-cap") == ("line",)
    assert style_check.properties_for("background") == ()


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


def test_an_expression_has_a_largest_size() -> None:
    assert expressions.expression_fault(["all", *[["has", "a"]] * 100]) is None
    assert "parts" in (expressions.expression_fault(["all", *[True] * expressions.MAX_NODES]) or "")


def test_geometry_inside_an_expression_is_not_walked() -> None:
    area = {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 0]]]}
    assert expressions.expression_fault(["within", area]) is None
