"""One page is asked by name, answers at once, and is left alone where it does not."""

from __future__ import annotations

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from mapsrv.core.commands import SetTitle
from mapsrv.core.log import Origin, Position
from mapsrv.hub.asking import MAX_MISSES, QUIET_SECONDS, covers
from mapsrv.hub.hub import Hub
from mapsrv.wire.drawn import drawn
from mapsrv.wire.said import Said, public_id
from tests.hub.kit.page import LATE, open_page
from tests.hub.replicas.test_tabs import opened

MODEL = Origin("model", "m", "m")


async def test_a_page_answers_what_it_has_applied_and_nobody_waits_longer(
    hub: Hub, autojump_clock: object
) -> None:
    session_id = await hub.create_session()
    async with open_page(hub, session_id) as page, hub.open_session(session_id) as live:
        receipt = await hub.execute(session_id, SetTitle("Zug"), MODEL)
        page.delay, page.loading = 0.3, ["roads"]
        began = trio.current_time()
        found = await hub.asking.ask(live, page.tab, ["roads", "lakes"], 2.0)
        assert found is not None and found.loading == ("roads",)
        assert covers(found.applied, receipt.position)
        assert trio.current_time() - began == pytest.approx(0.3)
        [asked] = page.asked
        assert asked["wait"] == ["roads", "lakes"] and asked["ms"] < 2000
        assert asked["position"] == str(receipt.position)


async def test_only_a_page_that_told_what_it_draws_and_is_seen_is_asked(
    hub: Hub, autojump_clock: object
) -> None:
    session_id = await hub.create_session()
    async with (
        hub.open_session(session_id) as live,
        hub.subscribe(session_id, None, viewer=public_id("older"), name="", url=""),
    ):
        await hub.tab_says(live, Said(public_id("older"), 1, {"visible": True}))
        assert hub.asking.page(live) is None
        async with open_page(hub, session_id) as page:
            assert hub.asking.page(live) == page.tab
            await page.says(visible=False)
            assert hub.asking.page(live) is None
            await page.says(visible=True)
            assert hub.asking.page(live) == page.tab
        assert hub.asking.page(live) is None


async def test_the_page_in_front_is_asked_first_where_that_counts(hub: Hub, autojump_clock: object) -> None:
    session_id = await hub.create_session()
    async with open_page(hub, session_id, "a"), open_page(hub, session_id, "b") as front:
        async with hub.open_session(session_id) as live:
            said = Said(front.tab, 9, {"visible": True})
            await trio.sleep(1)
            await hub.tab_says(live, said, own=True)
            assert hub.asking.page(live) == public_id("a")
            assert hub.asking.page(live, front=True) == front.tab


async def test_a_page_that_let_two_asks_pass_is_not_asked_for_a_minute(
    hub: Hub, autojump_clock: object
) -> None:
    session_id = await hub.create_session()
    async with open_page(hub, session_id) as page, hub.open_session(session_id) as live:
        page.delay = LATE
        for _ in range(MAX_MISSES):
            assert hub.asking.page(live) == page.tab
            began = trio.current_time()
            assert await hub.asking.ask(live, page.tab, [], 2.0) is None
            assert trio.current_time() - began == pytest.approx(2.0)
        assert hub.asking.page(live) is None
        await trio.sleep(QUIET_SECONDS)
        page.delay = 0.0
        assert await hub.asking.ask(live, page.tab, [], 2.0) is not None
        page.delay = LATE
        assert await hub.asking.ask(live, page.tab, [], 2.0) is None
        assert hub.asking.page(live) == page.tab, "one miss after an answer is one"


async def test_another_tab_cannot_answer_for_it(hub: Hub, autojump_clock: object) -> None:
    session_id = await hub.create_session()
    async with (
        open_page(hub, session_id) as page,
        open_page(hub, session_id, "other") as other,
        hub.open_session(session_id) as live,
        trio.open_nursery() as nursery,
    ):
        page.delay = LATE
        nursery.start_soon(hub.asking.ask, live, page.tab, [], 2.0)
        await wait_all_tasks_blocked()
        await other.says([page.asked[0]["ask"]])
        await wait_all_tasks_blocked()
        assert trio.current_time() < 2 and len(nursery.child_tasks) == 1


async def test_who_waits_goes_on_when_the_server_stops_and_when_it_is_cancelled(
    hub: Hub, autojump_clock: object
) -> None:
    session_id = await hub.create_session()
    async with open_page(hub, session_id) as page, hub.open_session(session_id) as live:
        page.delay = LATE
        with trio.move_on_after(0.5) as left:
            await hub.asking.ask(live, page.tab, [], 2.0)
        assert left.cancelled_caught
        began = trio.current_time()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(hub.asking.ask, live, page.tab, [], 2.0)
            await wait_all_tasks_blocked()
            hub.asking.end()
        assert await hub.asking.ask(live, page.tab, [], 2.0) is None
        assert trio.current_time() == began


@pytest.mark.parametrize("answered_at", [0, 1, 2])
async def test_a_page_elsewhere_is_asked_and_answers_wherever_its_words_land(
    answered_at: int, autojump_clock: object
) -> None:
    async with opened() as (_, hubs, session_id):
        asker, home = hubs[0], hubs[1]
        async with open_page(home, session_id, at=hubs[answered_at]) as page:
            await trio.sleep(15)  # the others have been told of it
            receipt = await asker.execute(session_id, SetTitle("Zug"), MODEL)
            live = asker.held()[session_id]
            assert asker.asking.page(live) == page.tab
            found = await asker.asking.ask(live, page.tab, [], 2.0)
            assert found is not None and covers(found.applied, receipt.position)
            assert len(page.asked) == 1
        await trio.sleep(60)
        assert asker.asking.page(live) is None


def test_a_place_of_another_history_is_not_covered() -> None:
    here = Position("e", 3, "x")
    assert covers("e.3.x", here) and covers("e.4.y", here)
    assert not any(covers(text, here) for text in ("e.2.z", "f.9.x", "", "junk"))


def test_frames_for_a_tab_are_bounded_and_taken_once() -> None:
    from mapsrv.hub import asks as module
    from mapsrv.wire.asked import Ask

    asks = module.Asks()
    for number in range(module.MAX_FRAMES + 3):
        asks.put("tab", Ask(f"t{number}", "e.1.x"))
    taken = asks.take("tab")
    assert taken is not None and taken.count(b"event: ask") == module.MAX_FRAMES and b"t6" in taken
    assert asks.take("tab") is None
    asks.owe("tab", Ask("theirs", "e.1.x"))
    assert not asks.heard(Said("other", 1, {"drawn": drawn({"answers": ["theirs"]})}))
    assert asks.heard(Said("tab", 1, {"drawn": drawn({"answers": ["theirs"]})}))
    assert not asks.heard(Said("tab", 2, {"drawn": drawn({"answers": ["theirs"]})})), "passed on once"
    assert not asks.heard(Said("tab", 3, {"visible": True}))
