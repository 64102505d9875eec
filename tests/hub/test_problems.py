"""What pages say they cannot draw: theirs while they are there, one line a cause, gone with its layer."""

from __future__ import annotations

from typing import Any

from mapsrv.core.commands import AddLayer, RemoveLayer
from mapsrv.core.log import Origin
from mapsrv.core.ops import LayerRemoved
from mapsrv.hub.hub import Hub
from mapsrv.hub.problems import MAX_A_LAYER, MAX_PROBLEMS, Problem, Problems
from mapsrv.hub.tab_says import tab_says
from mapsrv.wire.drawn import drawn
from mapsrv.wire.said import Said

MODEL = Origin("model", "m", "m")


def test_a_layer_has_three_lines_and_others_keep_their_room() -> None:
    problems = Problems()
    problems.told("ana", tuple(Problem(f"fault {n}", "roads") for n in range(9)) + (Problem("404", "lakes"),))
    shown = [(one.layer_id, one.text) for one in problems]
    assert len(shown) == MAX_A_LAYER + 1 and ("lakes", "404") in shown
    problems.told("bell", tuple(Problem(f"fault {n}") for n in range(99)))
    assert len(list(problems)) == MAX_PROBLEMS


def test_the_same_of_two_pages_is_one_line_with_the_greater_count() -> None:
    problems = Problems()
    problems.told("ana", (Problem("404", "roads", count=3),))
    problems.told("bell", (Problem("404", "roads", count=7),))
    assert [one.count for one in problems] == [7]
    assert problems.of({"roads"}) == list(problems) and problems.of({"lakes"}) == []


def test_what_a_page_does_not_say_again_is_mended_and_what_it_said_goes_with_it() -> None:
    here = {"ana", "bell"}
    problems = Problems(here.__contains__)
    for tab in here:
        problems.told(tab, (Problem(f"of {tab}", "roads"), Problem("all", "lakes")))
    problems.told("ana", (Problem("all", "lakes"),))
    assert {one.text for one in problems} == {"of bell", "all"}
    here.remove("bell")
    assert {one.text for one in problems} == {"all"}
    problems.forget([LayerRemoved("lakes")])
    assert not list(problems)


def a_layer(name: str) -> AddLayer:
    circle = {"id": name, "type": "circle"}
    data: Any = {"type": "Feature", "properties": {}, "geometry": {"type": "Point", "coordinates": [8, 47]}}
    return AddLayer(id=name, source={"type": "geojson", "data": data}, style_layers=(circle,))


async def test_a_page_that_was_overtaken_says_nothing_of_the_layer_that_changed(hub: Hub) -> None:
    session_id = await hub.create_session()
    async with hub.subscribe(session_id, None, viewer="tab", name="", url="") as reader:
        live = reader.live
        before = (await hub.execute(session_id, a_layer("roads"), MODEL)).position
        await hub.execute(session_id, a_layer("lakes"), MODEL)

        def say(number: int, applied: object) -> None:
            lines = [{"layer_id": name, "text": "404"} for name in ("roads", "lakes")]
            told = drawn({"applied": str(applied), "problems": lines})
            tab_says(live, Said("tab", number, {"drawn": told}))

        say(1, before)
        assert [one.layer_id for one in live.problems] == ["roads"], "lakes came after what it had applied"
        say(2, live.position)
        say(1, before)  # late
        assert [one.layer_id for one in live.problems] == ["roads", "lakes"]
        await hub.execute(session_id, RemoveLayer("lakes"), MODEL)
        assert [one.layer_id for one in live.problems] == ["roads"]
        say(3, "another.1.history")
        assert not list(live.problems)
