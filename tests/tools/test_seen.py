"""A model is told at once what cannot be seen, and the call that it is told mends it."""

from __future__ import annotations

from typing import Any

import pytest

from mapsrv.core.log import Origin
from mapsrv.hub.hub import Hub
from mapsrv.wire.calls import parse_command_body
from tests.tools.conftest import POINT, Desk

BIG = {"type": "Polygon", "coordinates": [[[-20, 20], [40, 20], [40, 70], [-20, 70], [-20, 20]]]}
LAND = {"type": "Feature", "geometry": BIG, "properties": {}}
OPAQUE = [{"id": "land", "type": "fill", "paint": {"fill-color": "#eeeeee"}}]
CLEAR = {"circle-opacity": 0, "circle-stroke-opacity": 0, "text-opacity": 0}
TILES = "https://tiles.example/{z}/{x}/{y}.png"


class Map:
    """One map with a layer `a` of a point, in view."""

    def __init__(self, desk: Desk, session_id: str) -> None:
        self.desk, self.session_id = desk, session_id

    async def do(self, tool: str, **arguments: Any) -> dict[str, Any]:
        return (await self.desk.call(tool, session_id=self.session_id, **arguments)).structured

    async def info(self, layer_id: str = "a") -> dict[str, Any]:
        return await self.do("get_layer_info", layer_id=layer_id)


@pytest.fixture
async def drawn(desk: Desk) -> Map:
    made = Map(desk, await desk.new_map(title="Seen"))
    receipt = await made.do("add_layer", id="a", source=POINT, fit=True)
    assert receipt["warnings"] == []
    return made


UNSEEN: dict[str, list[tuple[str, dict[str, Any]]]] = {
    "hidden": [("toggle_layer", {"layer_id": "a", "action": "hide"})],
    "transparent": [
        ("set_layer_paint", {"layer_id": "a", "properties": CLEAR}),
    ],
    "without size": [
        (
            "set_layer_paint",
            {"layer_id": "a", "properties": {"circle-radius": 0, "circle-stroke-width": 0, "text-size": 0}},
        )
    ],
    "zoomed out": [("set_layer_paint", {"layer_id": "a", "properties": {"minzoom": 16}})],
    "elsewhere": [("set_map_view", {"center": [140, -30], "zoom": 8})],
    "beneath": [("add_layer", {"id": "land", "source": LAND, "layers": OPAQUE})],
}


@pytest.mark.parametrize("what", UNSEEN)
async def test_each_reason_has_a_call_after_which_it_is_gone(drawn: Map, what: str) -> None:
    assert (await drawn.info())["seen"] is True and (await drawn.info())["why"] == []
    for tool, arguments in UNSEEN[what]:
        await drawn.do(tool, **arguments)
    info = await drawn.info()
    assert info["seen"] is False and len(info["why"]) == 1
    call = info["why"][0]["call"]
    await drawn.do(call["tool"], **call["arguments"])
    after = await drawn.info()
    assert (after["seen"], after["why"]) == (True, []), info["why"]


async def test_the_receipt_of_a_call_on_the_layer_says_it_with_the_call(drawn: Map) -> None:
    await drawn.do("set_map_view", center=[140, -30], zoom=8)
    (warning,) = (await drawn.do("set_layer_paint", layer_id="a", properties={"circle-radius": 9}))[
        "warnings"
    ]
    assert (
        warning
        == '"a" is not seen. No feature is in the map\'s view. Mend it: set_map_view {"layer_id": "a"}'
    )


async def test_what_the_caller_meant_is_not_told_as_news(drawn: Map) -> None:
    hidden = await drawn.do("toggle_layer", layer_id="a", action="hide")
    assert hidden["warnings"] == []
    again = await drawn.do("set_layer_paint", layer_id="a", properties={"circle-radius": 9})
    assert "It is hidden." in again["warnings"][0]
    added = await drawn.do("add_layer", id="b", source=POINT, visible=False)
    assert added["warnings"] == []
    assert (await drawn.do("remove_layer", layer_id="a"))["warnings"] == []
    assert (await drawn.do("set_layer_details", layer_id="b", title="B"))["warnings"] == []


async def test_data_that_has_nothing_to_draw_is_warned_of_once(drawn: Map) -> None:
    bare = {**POINT, "geometry": None}
    receipt = await drawn.do(
        "add_layer", id="b", source={"type": "FeatureCollection", "features": [bare, bare]}
    )
    assert len(receipt["warnings"]) == 1 and "no coordinates" in receipt["warnings"][0]
    info = await drawn.info("b")
    assert info["seen"] is False and info["why"][0]["call"] is None
    receipt = await drawn.do("filter_layer", layer_id="b", filter=["has", "name"])
    assert "None of its 2 features has a geometry" in receipt["warnings"][0]


async def test_of_data_that_browsers_load_it_is_not_known(drawn: Map) -> None:
    await drawn.do("add_layer", id="b", source="https://example.org/b.geojson")
    assert ((await drawn.info("b"))["seen"], (await drawn.info("b"))["why"]) == ("unknown", [])
    await drawn.do("toggle_layer", layer_id="b", action="hide")
    assert (await drawn.info("b"))["seen"] is False
    cover = {"type": "geojson", "data": "https://example.org/land.geojson"}
    await drawn.do("add_layer", id="land", source=cover, layers=OPAQUE)
    assert (await drawn.info())["seen"] is True


async def test_beneath_tiles_it_may_not_be_seen(drawn: Map) -> None:
    await drawn.do("add_layer", id="tiles", source=TILES)
    info = await drawn.info()
    assert info["seen"] == "unknown" and 'beneath "tiles"' in info["why"][0]["text"]
    away = {"type": "raster", "tiles": [TILES], "bounds": [100, 0, 110, 10]}
    await drawn.do("add_layer", id="tiles", source=away)
    assert (await drawn.info())["seen"] is True


async def test_what_people_look_at_counts_where_all_of_it_is_known(hub: Hub, drawn: Map) -> None:
    away = {"bounds": [100, 0, 110, 10], "zoom": 5}
    async with hub.subscribe(drawn.session_id, None, viewer="tab", name="Ana", url=""):
        async with hub.open_session(drawn.session_id) as live:
            assert (await drawn.info())["seen"] is True, "where they look is not known"
            live.presence.told("tab", {"viewport": away})
            info = await drawn.info()
            assert info["seen"] is False and "anybody who watches" in info["why"][0]["text"]
            live.presence.told("tab", {"viewport": {"bounds": [8, 47, 9, 48], "zoom": 9}})
            assert (await drawn.info())["seen"] is True
            live.presence.told("tab", {"viewport": away})
            live.presence.others_told("pod", 1, [])
            assert (await drawn.info())["seen"] is True, "somebody watches at another pod"


async def test_add_layer_says_what_it_replaced(drawn: Map) -> None:
    receipt = (
        await drawn.desk.call("add_layer", id="a", source=POINT, session_id=drawn.session_id)
    ).structured
    assert "replaced" not in receipt and "Nothing changed" in receipt["warnings"][0]
    result = await drawn.desk.call(
        "add_layer", id="a", source=LAND, title="Land", session_id=drawn.session_id
    )
    by = {"kind": "model", "name": "tester"}
    assert result.structured["replaced"] == {"title": "a", "features": 1, "by": by}
    assert 'It replaced "a", 1 feature, added by model "tester".' in result.text
    await drawn.do("add_layer", id="a", source="https://example.org/b.geojson")
    receipt = await drawn.do("add_layer", id="a", source=POINT)
    assert receipt["replaced"] == {"title": "Land", "by": by}, "how many there were is not known"
    assert "replaced" not in await drawn.do("add_layer", id="new", source=POINT)


async def test_the_same_facts_come_with_a_retry_and_over_commands(hub: Hub, drawn: Map) -> None:
    key = "the-key"
    arguments: dict[str, Any] = {"id": "a", "source": LAND, "session_id": drawn.session_id}
    first = (await drawn.desk.call("add_layer", key, **arguments)).structured
    again = (await drawn.desk.call("add_layer", key, **arguments)).structured
    assert again["replaced"] == first["replaced"]
    body = {"command": "add_layer", "arguments": {"id": "a", "source": POINT}}
    receipt = await hub.execute(drawn.session_id, parse_command_body(body)[1], Origin("person", "p", "Ana"))
    told = receipt.to_json("")
    assert told["replaced"]["features"] == 1 and told["bounds"] == [8.5, 47.4, 8.5, 47.4]


async def test_where_the_data_lies_is_told_so_that_swapped_coordinates_show(drawn: Map) -> None:
    result = await drawn.desk.call("add_layer", id="b", source=LAND, session_id=drawn.session_id)
    assert result.structured["bounds"] == [-20, 20, 40, 70]
    assert "Its data lies within [-20, 20, 40, 70]." in result.text
    place = {"type": "Point", "coordinates": [50.123456789, 1]}
    moved = await drawn.do("update_features", layer_id="b", update=[{"id": 0, "geometry": place}])
    assert moved["bounds"] == [50.12346, 1, 50.12346, 1]
    bare = await drawn.do("update_features", layer_id="b", update=[{"id": 0, "geometry": None}])
    assert "bounds" not in bare


async def test_update_features_names_those_that_it_changed_as_they_were_called(drawn: Map) -> None:
    names = ["Zug", "Bern", "Uri"]
    features = [{**POINT, "properties": {"name": name}} for name in names]
    await drawn.do(
        "add_layer",
        id="c",
        source={"type": "FeatureCollection", "features": [*features, {**POINT, "properties": {}}]},
    )
    arguments = {"layer_id": "c", "session_id": drawn.session_id}
    change = {
        "update": [{"id": 1, "properties": {"name": "Zug!"}}, {"id": 3, "properties": {"n": 1}}],
        "remove": [2],
    }
    result = await drawn.desk.call("update_features", **change, **arguments)
    assert result.structured["updated"] == ["Bern", 3, "Uri"], "a wrong id shows by another's name"
    assert 'Features: "Bern", 3, "Uri".' in result.text
    many = [{**POINT, "properties": {"title": f"T{number}"}} for number in range(9)]
    receipt = await drawn.do("update_features", layer_id="c", add=many)
    assert receipt["updated"] == ["T0", "T1", "T2", "T3", "T4"]


async def test_geometry_that_is_odd_is_warned_of_and_told_of_the_layer(drawn: Map) -> None:
    ring = [[0, 0], [2, 2], [2, 0], [0, 2], [0, 0]]
    tie = {
        "type": "Feature",
        "id": "tie",
        "properties": {},
        "geometry": {"type": "Polygon", "coordinates": [ring]},
    }
    receipt = await drawn.do("add_layer", id="t", source=tie)
    said = "1 area crosses its own edge: feature 'tie'."
    assert said in receipt["warnings"] and (await drawn.info("t"))["geometry"] == [said]
    more = await drawn.do("update_features", layer_id="t", add=[{**tie, "id": "more"}])
    assert "1 area crosses its own edge: feature 'more'." in more["warnings"]
    assert "geometry" not in await drawn.info()
