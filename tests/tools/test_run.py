"""Every tool, from arguments to result; what it reports is what the map shows."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mapsrv.core.commands import SetTitle
from mapsrv.core.log import Origin
from mapsrv.errors import InvalidArgument, InvalidGeoJson, TooLarge, UnknownLayer
from mapsrv.hub.hub import Hub
from mapsrv.hub.lifecycle import open_hub
from mapsrv.hub.problems import Problem
from mapsrv.store.memory import open_memory
from mapsrv.tools.run import Tools
from mapsrv.wire.calls import CALLS
from tests.hub.kit.shared import SharedMemory
from tests.tools.conftest import MAX_DATA, POINT, Desk

RECEIPT = {"session_id", "title", "url", "position", "changed", "viewers", "warnings", "durability"}
FACTS = {
    "camera_near",
    "replaced",
    "updated",
    "bounds",
    "people_did",
}  # which stand there only where they have something to say
SECRET_TEXT = "what no result may hold"
PLACES = {"type": "FeatureCollection", "features": [POINT, {**POINT, "properties": {"name": SECRET_TEXT}}]}


@pytest.fixture
async def session(desk: Desk) -> str:
    """A map with a layer `a` of two points, in data of its own, and a layer `b` by address."""
    session_id = await desk.new_map(title="Places")
    layers = [{"id": "dots", "type": "circle"}, {"id": "names", "type": "symbol"}]
    await desk.call("add_layer", id="a", source=PLACES, layers=layers, session_id=session_id)
    await desk.call("add_layer", id="b", source="https://example.org/b.geojson", session_id=session_id)
    return session_id


async def listed(desk: Desk, session: str, layer: str) -> dict[str, Any]:
    rows = (await desk.call("list_layers", session_id=session)).structured["layers"]
    return next(row for row in rows if row["id"] == layer)


@pytest.mark.parametrize("name", CALLS)
async def test_every_tools_own_example_gets_a_result(desk: Desk, name: str) -> None:
    session_id = await desk.new_map()
    example = {key: item for key, item in CALLS[name].example.items() if key != "session_id"}
    layer = example.get("layer_id")
    if layer is not None:
        ids = [change["id"] for change in example.get("update", [])] + example.get("remove", [])
        ids += example.get("feature_ids", [])
        data = {"type": "FeatureCollection", "features": [{**POINT, "id": id} for id in ids] or [POINT]}
        await desk.call("add_layer", id=layer, source=data, session_id=session_id)
    for other in {example.get("below"), example.get("above")} - {None}:
        await desk.call("add_layer", id=other, source=POINT, session_id=session_id)
    result = await desk.call(name, session_id=session_id, **example)
    if name == "open_map" or CALLS[name].changes:
        assert result.structured.keys() - FACTS == RECEIPT
        assert f"viewers {result.structured['viewers']}" in result.text
    else:
        assert json.loads(result.text) == result.structured


async def test_a_receipt_says_what_happened_in_words_too(desk: Desk, session: str) -> None:
    result = await desk.call("toggle_layer", layer_id="a", action="hide", session_id=session)
    receipt = result.structured
    assert receipt["changed"] == ["a"]
    assert result.text.startswith("toggle_layer: done. Changed: a.")
    assert all(receipt[name] in result.text for name in ("url", "position", "durability"))
    again = await desk.call("toggle_layer", layer_id="a", action="hide", session_id=session)
    assert again.structured["changed"] == []
    assert again.text.startswith("Nothing changed") and "done" not in again.text


async def test_a_map_that_is_open_says_how_many_see_it(hub: Hub, desk: Desk, session: str) -> None:
    async with hub.subscribe(session, None, viewer="tab", name="Ana", url=""):
        result = await desk.call("set_map_view", zoom=3, session_id=session)
        assert result.structured["viewers"] == 1 and "Nobody" not in result.text
        state = await desk.call("get_map_state", session_id=session)
        assert state.structured["people"] == [{"name": "Ana", "kind": "person", "viewport": None}]
        assert state.note == ""


async def test_the_state_tells_camera_layers_and_problems(hub: Hub, desk: Desk, session: str) -> None:
    await desk.call("set_map_view", center=[8, 47], zoom=0, session_id=session)
    async with hub.open_session(session) as live:
        live.problems.report(Problem("tile 404", "b", "p"))
        state = (await desk.call("get_map_state", session_id=session)).structured
    assert state["camera"] == {"center": [8, 47], "zoom": 0, "bearing": 0, "pitch": 0}
    assert [layer["id"] for layer in state["layers"]] == ["a", "b"]
    assert state["problems"] == [{"layer_id": "b", "text": "tile 404", "count": 1, "since": "p"}]
    assert state["title"] == "Places" and state["viewers"] == 0


async def test_what_a_tool_reports_is_what_the_map_shows(desk: Desk, session: str) -> None:
    row = await listed(desk, session, "a")
    assert row["style_layers"] == ["dots", "names"]
    assert (row["visible"], row["has_filter"], row["has_custom_paint"]) == (True, False, False)
    for name in ("a", "dots"):
        await desk.call("filter_layer", layer_id=name, filter=["has", "name"], session_id=session)
        assert (await listed(desk, session, "a"))["has_filter"]
        await desk.call("filter_layer", layer_id=name, session_id=session)
        assert not (await listed(desk, session, "a"))["has_filter"]
    arguments = {"layer_id": "dots", "property": "circle-radius", "session_id": session}
    await desk.call("set_layer_paint", value=9, **arguments)
    assert (await listed(desk, session, "a"))["has_custom_paint"]
    info = (await desk.call("get_layer_info", layer_id="a", session_id=session)).structured
    assert info["style_layers"][0]["paint"]["circle-radius"] == 9
    await desk.call("reset_layer_style", layer_id="a", session_id=session)
    assert not (await listed(desk, session, "a"))["has_custom_paint"]
    await desk.call("toggle_layer", layer_id="a", session_id=session)
    assert not (await listed(desk, session, "a"))["visible"]


@pytest.mark.parametrize("name", ["a", "dots"])
async def test_a_layers_data_is_told_in_numbers_and_samples(desk: Desk, session: str, name: str) -> None:
    info = (await desk.call("get_layer_info", layer_id=name, session_id=session)).structured
    assert (info["id"], info["feature_count"], info["geometry_types"]) == ("a", 2, ["Point"])
    assert info["bounds"] == [8.5, 47.4, 8.5, 47.4]
    values = {"type": "string", "count": 2, "missing": 0, "distinct": 2, "values": ["Zug", SECRET_TEXT]}
    assert info["properties"] == {"name": values}
    assert info["ids"] == {"kind": "number", "first": [0, 1]}
    assert info["source"] == {"type": "geojson", "data": "(in the source itself)"}


async def test_data_of_others_is_not_told_of(desk: Desk, session: str) -> None:
    info = (await desk.call("get_layer_info", layer_id="b", session_id=session)).structured
    assert info["source"]["data"] == "https://example.org/b.geojson" and "feature_count" not in info
    with pytest.raises(UnknownLayer):
        await desk.call("get_layer_info", layer_id="c", session_id=session)


@pytest.mark.parametrize("tool", ["get_map_state", "list_layers"])
async def test_no_result_holds_source_data(desk: Desk, session: str, tool: str) -> None:
    assert SECRET_TEXT not in (await desk.call(tool, session_id=session)).text


async def test_a_local_callers_file_is_read_and_stored(hub: Hub, desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "places.geojson"
    path.write_text(json.dumps(PLACES))
    session_id = await desk.new_map()
    local = replace(desk, local=True)
    await local.call("add_layer", id="f", source=str(path), session_id=session_id)
    async with hub.open_session(session_id) as live:
        assert live.state.layers["f"].source["data"].startswith("data/")
    info = (await desk.call("get_layer_info", layer_id="f", session_id=session_id)).structured
    assert info["feature_count"] == 2


@pytest.mark.parametrize(("local", "files"), [(False, True), (True, False)])
async def test_a_file_is_refused_with_the_way_out(desk: Desk, local: bool, files: bool) -> None:
    session_id = await desk.new_map()
    with pytest.raises(InvalidArgument) as refused:
        caller = replace(desk, local=local, files=files)
        await caller.call("add_layer", id="f", source="/data/places.geojson", session_id=session_id)
    assert f"/data?session={session_id}'" in refused.value.message and "curl -X POST" in refused.value.message


@pytest.mark.parametrize(
    "content",
    [
        {"type": "geheim", "private_key": "geheim"},
        {"type": "geheim", "crs": "geheim"},
        {"type": ["geheim"], "features": "geheim"},
        {"type": "FeatureColection", "geheim": 1},
        {"token": "geheim"},
        {"type": "geheim", "much": "x" * 100_000},  # read by a worker process
        "geheim",
        ["geheim"],
        4711,
    ],
)
async def test_nothing_is_told_of_a_file_that_is_not_geojson(
    desk: Desk, tmp_path: Path, content: Any
) -> None:
    path, session_id = tmp_path / "config.json", await desk.new_map()
    path.write_text(json.dumps(content))
    with pytest.raises(InvalidGeoJson) as refused:
        await replace(desk, local=True).call("add_layer", id="f", source=str(path), session_id=session_id)
    message = refused.value.message
    assert "config.json" in message and "GeoJSON (RFC 7946)" in message
    assert not any(word in message for word in ("geheim", "4711", "Colection", "token", "array of"))


async def test_only_regular_geojson_files_are_read(desk: Desk, tmp_path: Path) -> None:
    session_id = await desk.new_map()
    local = replace(desk, local=True)
    (tmp_path / "secret.txt").write_text("{}")
    (tmp_path / "link.json").symlink_to(tmp_path / "secret.txt")
    (tmp_path / "folder.json").mkdir()
    os.mkfifo(tmp_path / "pipe.json")
    (tmp_path / "big.json").write_bytes(b" " * (MAX_DATA + 1))
    (tmp_path / "other.json").write_text('{"type": "Topology"}')
    for name, kind, text in (
        ("secret.txt", InvalidArgument, ".geojson or .json"),
        ("link.json", InvalidArgument, ".geojson or .json"),
        ("folder.json", InvalidArgument, "no regular file|directory"),
        ("pipe.json", InvalidArgument, "no regular file"),
        ("missing.json", InvalidArgument, "No such file"),
        ("big.json", TooLarge, "--max-data"),
        ("other.json", InvalidGeoJson, "not GeoJSON: its type must be"),
    ):
        with pytest.raises(kind, match=text):
            await local.call("add_layer", id="f", source=str(tmp_path / name), session_id=session_id)
    with pytest.raises(InvalidArgument, match="whole path"):
        await local.call("add_layer", id="f", source="places.geojson", session_id=session_id)


@pytest.mark.parametrize("tool", ["get_map_state", "list_layers", "get_layer_info", "open_map"])
async def test_a_reading_tool_says_what_others_did_before_though_no_news_of_it_came(
    autojump_clock: object, monkeypatch: pytest.MonkeyPatch, tool: str
) -> None:
    async with open_memory() as memory:
        shared = SharedMemory(memory)
        options: Any = {"max_data": MAX_DATA, "session_idle": 3600, "warm": False}
        async with open_hub(shared, **options) as other, open_hub(shared, **options) as hub:
            desk = Desk(hub, Tools(hub))
            on = {"session_id": await desk.new_map(title="Before")}
            await desk.call("add_layer", id="a", source=POINT, **on)
            async with hub.open_session(on["session_id"]) as live:
                monkeypatch.setattr(shared, "spread", lambda news: None)
                receipt = await other.execute(on["session_id"], SetTitle("Now"), Origin("model", "b", "b"))
                await desk.call(tool, **on, **({"layer_id": "a"} if tool == "get_layer_info" else {}))
                assert live.position == receipt.position


async def test_a_retry_is_told_the_same_place_wherever_the_view_is_now(desk: Desk, session: str) -> None:
    await desk.call("set_map_view", center=[7.4474, 46.975], zoom=9, session_id=session)
    first = await desk.call("set_map_view", _key="k", zoom=12, session_id=session)
    assert first.structured["camera_near"] == "3 km N of Bern, Switzerland"
    assert "The view is at 3 km N of Bern, Switzerland." in first.text
    await desk.call("set_map_view", center=[2.35, 48.85], zoom=9, session_id=session)
    again = await desk.call("set_map_view", _key="k", zoom=12, session_id=session)
    assert again.structured["camera_near"] == first.structured["camera_near"]


async def test_what_is_found_is_cut_and_says_so(desk: Desk) -> None:
    found = (await desk.call("find_places", country="US", kind="city", limit=500)).structured
    assert len(found["places"]) + found["places_left_out"] == 500 and "Known are" in found["known"]
    assert (await desk.call("find_places", query="Zurrich")).structured["nearest"][0] == "Zürich"
