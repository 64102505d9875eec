"""add_layer on data that is here, while others change it: on this process, and on one that was away."""

from __future__ import annotations

from typing import Any

import pytest
import trio

from mapsrv.core import commands as c
from mapsrv.core.log import Origin
from mapsrv.core.prepared import Prepared
from mapsrv.core.state import MapState
from mapsrv.errors import Busy
from mapsrv.hub.hub import Hub
from tests.hub.replicas.test_reconcile import back, running

ANA, BOB = Origin("model", "ana", "Ana"), Origin("person", "bob", "Bob")
LABELS = {"type": "symbol", "layout": {"text-field": ["get", "name"]}}
WANTED = (c.AddStyleLayers("a", (LABELS,)), c.AddLayer("b", {c.OTHERS: "a"}))


def points(*lngs: float) -> dict[str, Any]:
    return {"type": "geojson", "data": {"type": "MultiPoint", "coordinates": [[lng, 0] for lng in lngs]}}


def coordinates(state: MapState, layer_id: str) -> Any:
    return state.layers[layer_id].source["data"]["features"][0]["geometry"]["coordinates"]


@pytest.mark.parametrize("wanted", WANTED, ids=["its own", "another's"])
async def test_what_was_prepared_on_other_data_is_prepared_anew(
    autojump_clock: object, hub: Hub, wanted: c.Command
) -> None:
    session_id = await hub.create_session()
    await hub.execute(session_id, c.AddLayer("a", points(1)), ANA)
    prepare, turns = hub.gate.prepare, 0

    async def slow(command: c.Command, state: MapState) -> Prepared:
        nonlocal turns
        prepared = await prepare(command, state)
        if command is wanted:
            turns += 1
            if turns == 1:
                await hub.execute(session_id, c.AddLayer("a", points(1, 2)), BOB)
        return prepared

    hub.gate.prepare = slow
    receipt = await hub.execute(session_id, wanted, ANA)
    assert turns == 2
    assert receipt.changed == (("a",) if isinstance(wanted, c.AddStyleLayers) else ("b",))
    async with hub.open_session(session_id) as live:
        assert all(len(coordinates(live.state, name)) == 2 for name in live.state.layers)


@pytest.mark.parametrize("wanted", WANTED, ids=["its own", "another's"])
async def test_data_that_never_rests_is_busy(autojump_clock: object, hub: Hub, wanted: c.Command) -> None:
    session_id = await hub.create_session()
    await hub.execute(session_id, c.AddLayer("a", points(1)), ANA)
    prepare = hub.gate.prepare

    async def never(command: c.Command, state: MapState) -> Prepared:
        prepared = await prepare(command, state)
        if command is wanted:
            await hub.execute(session_id, c.ToggleLayer("a"), BOB)
        return prepared

    hub.gate.prepare = never
    with pytest.raises(Busy):
        await hub.execute(session_id, wanted, ANA)


@pytest.mark.parametrize("gone", [False, True], ids=["changed", "removed"])
async def test_what_was_done_without_the_store_is_done_again_on_what_is_there(
    autojump_clock: object, gone: bool
) -> None:
    async with running() as pods:
        session_id = await pods.away.create_session()
        await pods.away.execute(session_id, c.AddLayer("a", points(1)), ANA)
        async with pods.away.open_session(session_id) as live:
            pods.line.cut = True
            for wanted in WANTED:
                receipt = await pods.away.execute(session_id, wanted, ANA)
                assert receipt.durability == "memory"
            assert coordinates(live.state, "b") == [[1, 0]]
            other = c.RemoveLayer("a") if gone else c.AddLayer("a", points(1, 2))
            await pods.other.execute(session_id, other, BOB)
            pods.line.mend()
            with trio.fail_after(600):
                await back(live)
            told = await pods.away.execute(session_id, c.SetTitle("later"), ANA)
            if gone:
                assert not live.state.layers and len(told.warnings) == 2
                assert "no layer" in told.warnings[0] and "no layer" in told.warnings[1]
                return
            assert not told.warnings and live.state.layers["a"].style_layer_ids() == ("a", "a-symbol")
            assert coordinates(live.state, "b") == [[1, 0], [2, 0]]
