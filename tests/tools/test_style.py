"""A wrong style as a model meets it: refused in a sentence, counted, and told of a map of before."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from mapsrv.errors import InvalidArgument
from mapsrv.hub.lifecycle import open_hub
from mapsrv.prepare.style_check import UNCHECKED
from mapsrv.store.memory import open_memory
from mapsrv.style_spec import open_engine
from mapsrv.tools.run import Tools
from mapsrv.wire.calls import CALLS
from tests.kit.style_engine import built
from tests.tools.conftest import MAX_DATA, POINT, Desk


@pytest.fixture
async def judged() -> AsyncIterator[Desk]:
    """A desk whose hub has the engine."""
    built()
    async with (
        open_engine() as engine,
        open_memory() as store,
        open_hub(store, max_data=MAX_DATA, session_idle=3600, warm=False, engine=engine) as hub,
    ):
        yield Desk(hub, Tools(hub))


async def test_a_misspelt_property_is_mended_from_the_answer_alone(judged: Desk) -> None:
    session = await judged.new_map()
    await judged.call("add_layer", id="a", source=POINT, session_id=session)
    filter_ = ["==", ["get", "nam"], "Zug"]
    told = await judged.call("filter_layer", layer_id="a", filter=filter_, session_id=session)
    assert told.structured["matched"] == {"total": 0, "of": 1, "in_view": 0}
    assert 'Did you mean "name"?' in told.text
    filter_ = ["==", ["get", "name"], "Zug"]
    told = await judged.call("filter_layer", layer_id="a", filter=filter_, session_id=session)
    assert told.structured["matched"]["total"] == 1 and not told.structured["warnings"]
    assert "Matched 1 of 1 features, 1 in view." in told.text
    with pytest.raises(InvalidArgument, match='circle-color: color expected, "reed" found'):
        await judged.call(
            "set_layer_paint", layer_id="a", property="circle-color", value="reed", session_id=session
        )


async def test_the_tools_own_examples_are_done_without_a_warning(judged: Desk) -> None:
    session = await judged.new_map()
    for name in ("add_layer", "set_layer_paint", "filter_layer"):
        told = await judged.call(name, **CALLS[name].example, session_id=session)
        assert told.structured["warnings"] == [], name


async def test_a_map_of_before_says_which_layer_no_browser_draws(judged: Desk) -> None:
    session = await judged.new_map()
    judge, judged.hub.preparer.style = judged.hub.preparer.style, UNCHECKED
    layers = [{"type": "circle", "paint": {"circle-color": "reed"}}]
    await judged.call("add_layer", id="a", source=POINT, layers=layers, session_id=session)
    judged.hub.preparer.style = judge
    state = (await judged.call("get_map_state", session_id=session)).structured
    (problem,) = state["problems"]
    assert problem["layer_id"] == "a" and "a.paint.circle-color: color expected" in problem["text"]
    mended = {"property": "circle-color", "value": "red"}
    await judged.call("set_layer_paint", layer_id="a", **mended, session_id=session)
    state = (await judged.call("get_map_state", session_id=session)).structured
    assert state["problems"] == []
