"""Why a layer cannot be seen: each reason alone, with the call that mends it, and none where it can."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mapsrv.core.bounds import Bounds
from mapsrv.core.covering import Cover, beneath, covered, covers
from mapsrv.core.data_summary import Summary
from mapsrv.core.state import Camera, MapLayer
from mapsrv.core.visibility import PARTS, Why, reasons
from mapsrv.core.windows import Window, holds, meets, of_camera, of_viewport

CIRCLE = {"id": "a", "type": "circle"}
RASTER = {"id": "r", "type": "raster"}
WORLD = Window(None, 5.0)
BERN = (7.4, 46.9, 7.5, 47.0)


def layer(*style_layers: dict[str, Any], **more: Any) -> MapLayer:
    told: dict[str, Any] = {"visible": True, "rank": "m", "source": {"type": "geojson"}, **more}
    return MapLayer("a", "A", "vector", style_layers=style_layers or (CIRCLE,), **told)


def summary(box: Bounds | None = BERN, features: int = 3) -> Summary:
    return Summary(features, ("Point",), box, {}, 0, features, False)


def why(made: MapLayer, about: Summary | None = None, shared: Window = WORLD, *people: Window) -> list[Why]:
    return reasons(made, made.style_layers, about, shared, people)


def test_what_is_there_has_no_reason() -> None:
    assert why(layer()) == why(layer(), summary()) == why(layer(), summary(), WORLD, WORLD) == []


def test_a_hidden_layer_and_hidden_style_layers_are_shown_by_a_toggle() -> None:
    (hidden,) = why(layer(visible=False))
    assert hidden.to_json() == {
        "text": "It is hidden.",
        "call": {"tool": "toggle_layer", "arguments": {"layer_id": "a", "action": "show"}},
    }
    off = {"layout": {"visibility": "none"}}
    (both,) = why(layer({**CIRCLE, **off}, {"id": "b", "type": "symbol", **off}))
    assert both.arguments == {"layer_id": "a", "action": "show"} and "style layers" in both.text
    assert why(layer({**CIRCLE, **off}, {"id": "b", "type": "line"})) == []


@pytest.mark.parametrize("kind", sorted(PARTS))
def test_a_style_layer_of_which_nothing_is_left_is_told_with_what_to_set(kind: str) -> None:
    parts = PARTS[kind]
    needs = {part.needs: "x" for part in parts if part.needs}
    for name in parts[0].usual:
        paint = {next(iter(part.usual)): 0 for part in parts[1:]} | {name: 0}
        (found,) = why(layer({"id": "s", "type": kind, "paint": paint, "layout": needs}))
        assert found.tool == "set_layer_paint" and found.arguments["layer_id"] == "s"
        mended = {**paint, **found.arguments["properties"]}
        assert why(layer({"id": "s", "type": kind, "paint": mended, "layout": needs})) == []
        faint = {"id": "s", "type": kind, "paint": {name: ["get", "n"]}, "layout": needs}
        assert why(layer(faint)) == [], "what an expression gives is not known here"


def test_a_ring_of_a_circle_and_a_text_without_icon_count() -> None:
    ring = {"circle-radius": 0, "circle-stroke-width": 2}
    assert why(layer({**CIRCLE, "paint": ring})) == []
    text = {"id": "t", "type": "symbol", "layout": {"text-field": "x"}, "paint": {"text-opacity": 0}}
    assert [one.tool for one in why(layer(text))] == ["set_layer_paint"]
    assert why(layer({**text, "layout": {"text-field": "x", "icon-image": "dot"}})) == []
    assert why(layer({"id": "h", "type": "hillshade"})) == []


@pytest.mark.parametrize(
    ("zooms", "at", "to"),
    [({"minzoom": 8}, 5, 8), ({"maxzoom": 4}, 5, 3.5), ({"minzoom": 3.8, "maxzoom": 4}, 5, 3.8)],
)
def test_a_view_at_a_zoom_at_which_it_is_not_drawn(zooms: dict[str, float], at: float, to: float) -> None:
    (found,) = why(layer({**CIRCLE, **zooms}), None, Window(None, at))
    assert (found.tool, found.arguments) == ("set_map_view", {"zoom": to})
    assert why(layer({**CIRCLE, **zooms}), None, Window(None, to)) == []
    assert why(layer({**CIRCLE, **zooms}), None, Window(None, at, slack=4)) == [], "a guess is no proof"
    assert why(layer({**CIRCLE, **zooms}, {"id": "b", "type": "line"}), None, Window(None, at)) == []


def test_tiles_that_begin_at_a_zoom_are_not_there_before() -> None:
    source = {"type": "vector", "minzoom": 6, "maxzoom": 7}
    assert why(layer(source=source))[0].arguments == {"zoom": 6}
    assert why(layer(source=source), None, Window(None, 12.0)) == [], "the deepest tiles are drawn larger"
    assert "from zoom 8 to 24" in why(layer({**CIRCLE, "minzoom": 8}, source=source))[0].text
    assert why(layer(source={**source, "type": "geojson"})) == []


@pytest.mark.parametrize(("kind", "size", "least"), [("raster", 256, 4.5), ("raster-dem", 512, 5.5)])
def test_tiles_of_pixels_are_there_from_the_zoom_that_they_are_nearest_to(
    kind: str, size: int, least: float
) -> None:
    source = {"type": kind, "minzoom": 6, "tileSize": size}
    assert why(layer(RASTER, source=source), None, Window(None, least)) == []
    (found,) = why(layer(RASTER, source=source), None, Window(None, least - 0.1))
    assert found.arguments == {"zoom": least} and found.sure
    assert why(layer(RASTER, source={"type": kind, "tileSize": size}), None, Window(None, 0.0)) == []
    above = layer(RASTER, source={**source, "minzoom": 9})
    assert list(covers([(above, [RASTER])], 5.0)) == [] != list(covers([(above, [RASTER])], 9.0))


def test_a_zoom_at_which_nobody_who_watches_is() -> None:
    deep, (near, far) = layer({**CIRCLE, "minzoom": 8}), (Window(None, 9.0), Window(None, 3.0))
    (found,) = why(deep, None, near, far, far)
    assert "nobody who watches" in found.text and found.arguments == {"zoom": 9.0}
    assert why(deep, None, near, far, near) == why(deep, None, near) == []
    untold = of_viewport({"bounds": [1, 2, 3, 4]})
    assert untold is not None and why(deep, None, near, untold) == []


@pytest.mark.parametrize(
    ("about", "said"),
    [
        (summary(None, 0), "no features"),
        (summary(None, 1), "Its one feature has"),
        (summary(None, 4), "None of its 4"),
    ],
)
def test_data_without_places_is_told_and_only_the_caller_can_mend_it(about: Summary, said: str) -> None:
    (found,) = why(layer(), about)
    assert said in found.text or said.replace("has", "") in found.text
    assert found.to_json()["call"] is None


def test_a_view_in_which_no_feature_is() -> None:
    away = Window((100.0, 0.0, 110.0, 10.0), 5)
    here = Window((7.0, 46.0, 8.0, 48.0), 5)
    (shared,) = why(layer(), summary(), away, here)
    assert shared.arguments == {"layer_id": "a"} and "the map's view" in shared.text
    (watched,) = why(layer(), summary(), here, away, away)
    assert "anybody who watches" in watched.text
    assert why(layer(), summary(), here, away, here) == []


# --- windows -------------------------------------------------------------------------


@given(st.floats(-180, 180), st.floats(-80, 80), st.floats(0, 20), st.floats(-180, 180), st.floats(0, 85))
def test_a_camera_sees_at_least_its_own_center(
    lng: float, lat: float, zoom: float, bearing: float, pitch: float
) -> None:
    seen = of_camera(Camera((lng, lat), zoom, bearing, pitch))
    assert meets((lng, lat, lng, lat), seen) and seen.zoom == zoom


def test_a_camera_sees_no_other_continent_from_near_by() -> None:
    seen = of_camera(Camera((7.4, 46.9), 8))
    assert not meets((140.0, -38.0, 150.0, -30.0), seen) and meets((8.5, 47.3, 8.6, 47.4), seen)
    across = of_camera(Camera((179.9, 0.0), 8))
    assert meets((-179.9, 0.0, -179.8, 0.1), across) and not meets((0.0, 0.0, 1.0, 1.0), across)
    pole = of_camera(Camera((0.0, 85.0), 3))
    assert pole.box is not None and pole.box[3] == 90.0


def test_fitted_bounds_are_seen_with_what_is_around_them() -> None:
    seen = of_camera(Camera(None, None, bounds=(5.9, 45.8, 10.5, 47.8)))
    assert meets((7, 46, 8, 47), seen) and meets((11, 46, 12, 47), seen) and seen.slack > 0
    assert not meets((140.0, -38.0, 150.0, -30.0), seen)
    assert of_camera(Camera(None, None, pitch=30.0, bounds=(5.9, 45.8, 10.5, 47.8))).box is None
    assert of_camera(Camera(None, None, bounds=(-170, -80, 170, 80))).box == (-180.0, -90.0, 180.0, 90.0)
    crossing = of_camera(Camera(None, None, bounds=(170, -10, -170, 10)))
    assert meets((-175, 0, -174, 1), crossing) and not meets((0, 0, 1, 1), crossing)


def test_a_viewport_is_what_its_page_says() -> None:
    assert of_viewport(None) is of_viewport({"center": [1, 2]}) is of_viewport([1]) is None
    assert of_viewport({"bounds": [1, 2, 3, 4], "zoom": 7}) == Window((1, 2, 3, 4), 7)
    assert of_viewport({"bounds": [-300, 2, 300, 4]}) == Window((-180.0, 2, 180.0, 4), 0.0, slack=30.0)
    turned = of_viewport({"bounds": [359, 2, 362, 4], "zoom": 7})
    assert turned == Window((-1.0, 2, 2.0, 4), 7)


def test_boxes_over_the_antimeridian_meet_and_hold_round_the_globe() -> None:
    fiji = (177.0, -20.0, -178.0, -15.0)
    assert meets(fiji, Window((178.0, -19.0, 179.0, -18.0), 1)) and meets(
        fiji, Window((-179, -19, -178.5, -18), 1)
    )
    assert not meets(fiji, Window((0.0, -19.0, 1.0, -18.0), 1)) and not meets(
        fiji, Window((178, 0, 179, 1), 1)
    )
    assert holds(fiji, (178.0, -19.0, 179.0, -18.0)) and not holds(fiji, (176.0, -19.0, 179.0, -18.0))
    assert not holds(fiji, (178.0, -29.0, 179.0, -18.0)) and not holds((177.0, -20.0, 179.0, -15.0), fiji)


# --- beneath another -----------------------------------------------------------------

FILL = {"id": "f", "type": "fill", "paint": {"fill-color": "#ff0000"}}
SQUARE = [[0, 0], [10, 0], [10, 10], [0, 10], [0, 0]]
HOLE = [[4, 4], [4, 6], [6, 6], [6, 4], [4, 4]]


def covering(*style_layers: dict[str, Any]) -> list[Cover]:
    return list(covers([(layer(*style_layers), style_layers)], 5.0))


@pytest.mark.parametrize(
    "paint", [{}, {"fill-opacity": 1}, {"fill-color": "red"}, {"fill-color": "hsl(1, 2%, 3%)"}]
)
def test_a_fill_of_one_colour_hides_what_is_beneath(paint: dict[str, Any]) -> None:
    (found,) = covering(CIRCLE, {**FILL, "paint": paint})
    assert not found.raster
    told = beneath(layer(), replace(found, layer=replace(found.layer, id='the "land"')))
    assert told.text == 'It lies wholly beneath "the \\"land\\"", an opaque fill.' and told.sure
    assert told.arguments == {"layer_id": "a", "above": 'the "land"'} and told.tool == "move_layer"


def test_tiles_may_have_holes() -> None:
    (found,) = covering(RASTER)
    assert found.raster and not beneath(layer(), found).sure


@pytest.mark.parametrize(
    "style_layer",
    [
        CIRCLE,
        {**FILL, "filter": ["has", "x"]},
        {**FILL, "layout": {"visibility": "none"}},
        {**FILL, "minzoom": 6},
        {**FILL, "maxzoom": 5},
        {**FILL, "paint": {"fill-opacity": 0.4}},
        {**FILL, "paint": {"fill-opacity": ["get", "o"]}},
        {**FILL, "paint": {"fill-pattern": "dots"}},
        {**FILL, "paint": {"fill-color": ["get", "c"]}},
        {**FILL, "paint": {"fill-color": "rgba(1, 2, 3, 0.5)"}},
        {**FILL, "paint": {"fill-color": "#ff000080"}},
        {**FILL, "paint": {"fill-color": "transparent"}},
        {**RASTER, "paint": {"raster-opacity": 0.9}},
    ],
)
def test_what_lets_something_through_hides_nothing(style_layer: dict[str, Any]) -> None:
    assert covering(style_layer) == []


def collection(*geometries: Any) -> dict[str, Any]:
    return {"features": [{"geometry": geometry} for geometry in geometries]}


def area(*rings: Any) -> dict[str, Any]:
    return {"type": "Polygon", "coordinates": list(rings)}


def test_a_box_is_covered_by_one_area_that_holds_all_of_it() -> None:
    whole = collection(None, {"type": "Point", "coordinates": [1, 1]}, area(SQUARE, HOLE))
    assert covered(whole, (1, 1, 3, 3)) and covered(whole, (2, 2, 2, 2))
    assert covered(collection({"type": "MultiPolygon", "coordinates": [[SQUARE]]}), (1, 1, 9, 9))
    for box in ((1, 1, 11, 3), (3, 3, 7, 7), (4.5, 4.5, 5, 5), (1, 1, 5, 5), (12, 1, 13, 2), (9, 9, 1, 9)):
        assert not covered(whole, box), box
