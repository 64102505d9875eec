"""Who has a map open is told of each call on it, whatever comes of it, and of nothing that is not theirs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import trio

from mapsrv.errors import MapsrvError
from mapsrv.hub.hub import Hub
from mapsrv.tools.run import Tools
from tests.tools.conftest import POINT, Desk, Served
from tests.transports.kit.serving import CLIENT_LEAKS, WAYS, connected


async def told(hub: Hub, session: str) -> dict[str, Any]:
    async with hub.open_session(session) as live:
        live.presence.publish()
        frame: dict[str, Any] = json.loads(live.presence.body)
        assert frame["count"] == 0 and frame["viewers"] == []
        return frame


async def last(hub: Hub, session: str) -> dict[str, Any]:
    call: dict[str, Any] = (await told(hub, session))["calls"][-1]
    return call


async def test_a_call_is_told_with_its_layer_and_where_its_event_ends(hub: Hub, desk: Desk) -> None:
    session = await desk.new_map()
    result = await desk.call("add_layer", id="a", title="Places", source=POINT, session_id=session)
    call = await last(hub, session)
    assert call.pop("id") and call.pop("model") == (await told(hub, session))["models"][0]["id"]
    assert call == {
        "name": "tester",
        "tool": "add_layer",
        "state": "done",
        "reads": False,
        "layer_id": "a",
        "title": "Places",
        "position": result.structured["position"],
    }
    await desk.call("toggle_layer", layer_id="a", action="show", session_id=session)
    assert "position" not in await last(hub, session), "it changed nothing"
    await desk.call("get_layer_info", layer_id="a", session_id=session)
    assert ((await last(hub, session))["reads"], (await last(hub, session))["layer_id"]) == (True, "a")
    view = await desk.call("set_map_view", center=[7.447, 46.948], zoom=9, session_id=session)
    call = await last(hub, session)
    assert (call["position"], call["near"]) == (view.structured["position"], view.structured["camera_near"])
    await desk.call("open_map", session_id=session)
    assert (await last(hub, session))["reads"] is True, "it names the map, and changes nothing"


@pytest.mark.parametrize(
    ("tool", "arguments", "reason"),
    [
        ("add_layer", {"id": "a", "source": POINT, "layers": [{"type": "heap"}]}, "heap"),
        ("remove_layer", {"layer_id": "b"}, '“b”|"b"'),
        ("set_basemap", {"basemap": "x"}, "basemap"),
        ("remove_layer", {"layer_id": ["b"]}, "layer_id"),
    ],
)
async def test_a_refused_call_says_why_in_a_sentence(
    hub: Hub, desk: Desk, tool: str, arguments: dict[str, Any], reason: str
) -> None:
    session = await desk.new_map()
    with pytest.raises(MapsrvError):
        await desk.call(tool, session_id=session, **arguments)
    call = await last(hub, session)
    assert call["state"] == "refused" and any(word in call["reason"] for word in reason.split("|"))
    assert not call["reason"].startswith(tool) and "Example:" not in call["reason"]


async def test_of_a_callers_file_others_learn_nothing(hub: Hub, tmp_path: Path) -> None:
    desk = Desk(hub, Tools(hub), local=True)
    session = await desk.new_map()
    secret = tmp_path / "diary.json"
    secret.write_text('{"dear": "diary"}')
    for name in (secret, tmp_path / "none.geojson", tmp_path / "diary.shp"):
        with pytest.raises(MapsrvError):
            await desk.call("add_layer", id="a", source=str(name), session_id=session)
        assert (await last(hub, session))["state"] == "refused"
        assert (
            "diary" not in (await last(hub, session))["reason"]
            and "/" not in (await last(hub, session))["reason"]
        )


async def test_a_call_on_no_map_or_an_unknown_tool_is_told_nowhere(hub: Hub, desk: Desk) -> None:
    session = await desk.new_map()
    before = await told(hub, session)
    await desk.call("find_places", query="Bern")
    for tool, arguments in [("add_lair", {}), ("add_layer", {"session_id": 7}), ("remove_layer", {})]:
        with pytest.raises(MapsrvError):
            await desk.call(tool, **{"session_id": session, **arguments} if tool == "add_lair" else arguments)
    assert await told(hub, session) == before


async def test_a_call_whose_caller_leaves_is_told_no_more(hub: Hub, desk: Desk) -> None:
    session = await desk.new_map()
    before = (await told(hub, session))["calls"]
    with trio.CancelScope() as scope:
        scope.cancel()
        await desk.call("add_layer", id="a", source=POINT, session_id=session)
    assert (await told(hub, session))["calls"] == before
    assert [one["drawing"] for one in (await told(hub, session))["models"]] == [False]


@pytest.mark.parametrize("way", WAYS)
@CLIENT_LEAKS
async def test_two_clients_of_one_name_are_two_where_they_say_so(served: Served, way: str) -> None:
    session = await served.hub.create_session()
    async with connected(served.base, way, name="Claude") as one, connected(
        served.base, way, name="Claude"
    ) as other:
        for number, client in enumerate((one, other, one, other)):
            arguments = {"session_id": session, "title": f"{number}"}
            assert not (await client.call_tool("open_map", arguments)).is_error
    frame = await told(served.hub, session)
    names = ["Claude"] if way == "http-2026" else ["Claude", "Claude 2"]  # which says nothing that stays
    assert [one["name"] for one in frame["models"]] == names
    assert [one["name"] for one in frame["calls"]] == 2 * [names[0], names[-1]]
    async with served.hub.open_session(session) as live:
        agents = [json.loads(event.body)["agent"] for event in live.session.log]
        assert agents == [one["model"] for one in frame["calls"]]
