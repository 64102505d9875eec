"""Styles at the gate: judged once, the verdict kept with the command; facts in the Receipt, and again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pytest
import trio

from mapsrv.core.log import Origin
from mapsrv.errors import InvalidArgument
from mapsrv.hub.hub import Hub
from mapsrv.hub.lifecycle import open_hub
from mapsrv.prepare.style_check import Findings, StyleCheck
from mapsrv.store.memory import MemoryStore
from mapsrv.wire.calls import parse_call
from tests.hub.kit.line import Line
from tests.hub.kit.shared import SharedMemory

ANA = Origin("model", "ana", "Ana")
POINT = {"type": "Point", "coordinates": [7, 46]}
MATCHED = {"total": 1, "of": 1, "in_view": 1}


class Judge(StyleCheck):
    """Finds the same of all, and refuses once it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.judged, self.strict = 0, False

    async def judge(self, items: Iterable[Any], *rest: Any, **more: Any) -> Findings:
        self.judged += 1
        await trio.lowlevel.checkpoint()
        if self.strict:
            raise InvalidArgument("paint: no")
        return Findings(("look",), {"matched": MATCHED})


async def do(
    hub: Hub, session_id: str, tool: str, key: str | None = None, **arguments: Any
) -> Mapping[str, Any]:
    receipt = await hub.execute(session_id, parse_call(tool, arguments).request, ANA, key)
    return receipt.to_json("http://here")


async def with_layer(hub: Hub) -> str:
    session_id = await hub.create_session()
    await do(hub, session_id, "add_layer", id="a", source=POINT)
    return session_id


async def test_a_receipt_tells_what_matched_on_a_retry_too(hub: Hub, autojump_clock: object) -> None:
    session_id = await with_layer(hub)
    hub.preparer.style = judge = Judge()
    for _ in range(2):
        told = await do(hub, session_id, "filter_layer", "key-1", layer_id="a", filter=["has", "n"])
        assert told["matched"] == MATCHED and told["warnings"] == ["look"]
    assert judge.judged == 1
    assert "matched" not in await do(hub, session_id, "remove_layer", layer_id="a")


async def test_a_filter_that_is_there_already_is_counted_too(hub: Hub, autojump_clock: object) -> None:
    session_id = await with_layer(hub)
    hub.preparer.style = Judge()
    for _ in range(2):
        told = await do(hub, session_id, "filter_layer", layer_id="a", filter=["has", "n"])
        assert told["matched"] == MATCHED


async def test_a_wrong_style_changes_nothing(hub: Hub, autojump_clock: object) -> None:
    session_id = await with_layer(hub)
    hub.preparer.style = judge = Judge()
    judge.strict = True
    async with hub.open_session(session_id) as live:
        before = live.position
        for tool, arguments in (
            ("set_layer_paint", {"layer_id": "a", "property": "circle-radius", "value": 3}),
            ("filter_layer", {"layer_id": "a", "filter": ["has", "n"]}),
            ("add_layer", {"id": "b", "source": POINT}),
        ):
            with pytest.raises(InvalidArgument, match="paint: no"):
                await do(hub, session_id, tool, **arguments)
        assert live.position == before


async def test_what_was_accepted_without_the_store_is_not_judged_anew(autojump_clock: object) -> None:
    shared = SharedMemory(MemoryStore())
    line = Line(shared)
    async with open_hub(line, max_data=1 << 20, session_idle=1e6, warm=False) as hub:
        session_id = await with_layer(hub)
        hub.preparer.style = judge = Judge()
        async with hub.open_session(session_id) as live:
            line.cut = True
            paint = {"layer_id": "a", "property": "circle-radius", "value": 3}
            told = await do(hub, session_id, "set_layer_paint", "key-1", **paint)
            assert told["durability"] == "memory" and told["warnings"] == ["look"] and judge.judged == 1
            judge.strict = True  # the verdict of today would be another
            line.cut = False
            with trio.fail_after(60):
                while live.branch is not None:  # noqa: ASYNC110
                    await trio.sleep(0.01)
            (override,) = live.state.layers["a"].restyled.values()
            assert override == {"paint": {"circle-radius": 3}}
            again = await do(hub, session_id, "set_layer_paint", "key-1", **paint)
            assert again["warnings"] == ["look"] and judge.judged == 1


async def test_many_who_restyle_one_layer_do_not_send_each_other_back(
    hub: Hub, autojump_clock: object
) -> None:
    session_id = await with_layer(hub)
    hub.preparer.style = judge = Judge()

    async def person(number: int) -> None:
        origin = Origin("person", f"p{number}", "")
        for step in range(20):
            value = ["+", ["get", "n"], step + number / 10]
            arguments = {"layer_id": "a", "property": "circle-radius", "value": value}
            await hub.execute(session_id, parse_call("set_layer_paint", arguments).request, origin)

    async with trio.open_nursery() as nursery:
        for number in range(6):
            nursery.start_soon(person, number)
    assert judge.judged == 120, "each once"


async def test_a_layer_that_is_another_meanwhile_is_judged_anew(hub: Hub, autojump_clock: object) -> None:
    session_id = await with_layer(hub)

    class Slow(Judge):
        async def judge(self, items: Iterable[Any], *rest: Any, **more: Any) -> Findings:
            found = await super().judge(items, *rest, **more)
            if self.judged == 1:
                hub.preparer.style = Judge()
                await do(hub, session_id, "add_layer", id="a", source=POINT, layers=[{"type": "circle"}])
                hub.preparer.style = self
            return found

    hub.preparer.style = judge = Slow()
    receipt = await hub.execute(
        session_id,
        parse_call("filter_layer", {"layer_id": "a", "filter": ["has", "n"]}).request,
        Origin("person", "other", ""),
    )
    assert receipt.to_json("")["matched"] == MATCHED and judge.judged == 2
