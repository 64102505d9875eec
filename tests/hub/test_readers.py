"""Readers pull by cursor; presence is the latest value, at a tick."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import trio
from trio.testing import assert_no_checkpoints, wait_all_tasks_blocked

from mapsrv.core.commands import SetTitle
from mapsrv.core.log import MAX_EVENTS, Origin, Position
from mapsrv.core.ops import LayerRemoved
from mapsrv.hub.hub import Hub
from mapsrv.hub.presence.tabs import AWAY_SECONDS
from mapsrv.hub.problems import MAX_PROBLEMS, Problem, Problems
from mapsrv.hub.subscribers import MAX_TAKE, Subscriber, event_frame
from tests.kit.sse import Parser

ANA = Origin("model", "ana", "Ana")


def reading(hub: Hub, session_id: str, cursor: Position | None = None, viewer: str = "tab") -> Any:
    return hub.subscribe(session_id, cursor, viewer=viewer, name="", url="http://h/")


def taken(subscriber: Subscriber) -> Iterator[tuple[str, Any, str | None]]:
    parser = Parser()
    with assert_no_checkpoints():
        while (frames := subscriber.take()) is not None:
            for message in parser.feed(frames):
                yield message.event, json.loads(message.data), message.id


async def test_a_newcomer_gets_a_snapshot_then_status_and_presence_then_events(
    autojump_clock: object, hub: Hub
) -> None:
    session_id = await hub.create_session()
    async with reading(hub, session_id) as reader:
        await trio.sleep(1)
        names = [name for name, _, _ in taken(reader)]
        assert names == ["snapshot", "status", "presence"]
        receipt = await hub.execute(session_id, SetTitle("x"), ANA)
        await reader.wait()
        [(name, event, at)] = taken(reader)
        assert (name, at) == ("event", str(receipt.position))
        assert event["ops"] == [{"op": "set_title", "title": "x"}] and event["origin"]["name"] == "Ana"
        assert receipt.viewers == 1 and not list(taken(reader))


async def test_a_resumed_reader_equals_an_undisturbed_one(autojump_clock: object, hub: Hub) -> None:
    session_id = await hub.create_session()
    async with reading(hub, session_id) as whole:
        list(taken(whole))
        cursors, frames = [whole.cursor], []
        for number in range(5):
            await hub.execute(session_id, SetTitle(f"{number}"), ANA)
            frames += list(taken(whole))
            cursors.append(whole.cursor)
        for index, cursor in enumerate(cursors):
            async with reading(hub, session_id, cursor, "other") as resumed:
                events = [frame for frame in taken(resumed) if frame[0] == "event"]
                assert events == [frame for frame in frames if frame[0] == "event"][index:]


async def test_a_slow_reader_gets_a_snapshot(autojump_clock: object, hub: Hub) -> None:
    session_id = await hub.create_session()
    async with reading(hub, session_id) as slow, hub.open_session(session_id) as live:
        list(taken(slow))
        for number in range(MAX_EVENTS + 1):
            await hub.execute(session_id, SetTitle(f"{number}"), ANA)
        [(name, snapshot, at)] = [frame for frame in taken(slow) if frame[0] != "presence"]
        assert name == "snapshot" and at == str(live.position) == snapshot["position"]
        assert snapshot["state"]["title"] == f"{MAX_EVENTS}" and snapshot["url"] == "http://h/"


async def test_a_reader_far_behind_takes_in_portions(autojump_clock: object, hub: Hub) -> None:
    session_id = await hub.create_session()
    async with reading(hub, session_id) as slow:
        list(taken(slow))
        for number in range(40):
            await hub.execute(session_id, SetTitle(f"{number}" * 20_000), ANA)
        first = slow.take()
        assert first is not None and first.count(b"event: event") == 1  # large ones go alone, and are shared
        with trio.fail_after(1):
            await slow.wait()
        assert len(list(taken(slow))) > 20


async def test_what_a_reader_has_of_its_own_is_small_however_large_the_map_and_however_far_behind(
    autojump_clock: object, hub: Hub
) -> None:
    session_id = await hub.create_session()
    await hub.execute(session_id, SetTitle("x" * 100_000), ANA)
    async with reading(hub, session_id) as one, reading(hub, session_id, viewer="other") as other:
        for number in range(200):
            await hub.execute(session_id, SetTitle(f"{number}" * 100), ANA)
        await trio.sleep(1)
        pairs = list(zip(parts(one), parts(other), strict=True))
        await hub.execute(session_id, SetTitle("y" * 100_000), ANA)
        for number in range(200):
            await hub.execute(session_id, SetTitle(f"{number}" * 100), ANA)
        pairs += zip(parts(one), parts(other), strict=True)
        assert sum(len(mine) for mine, _ in pairs) > 150_000
        assert all(mine is theirs or len(mine) <= MAX_TAKE for mine, theirs in pairs)


def parts(subscriber: Subscriber) -> list[bytes]:
    return list(iter(subscriber.take, None))


async def test_an_event_is_one_frame_for_all(autojump_clock: object, hub: Hub) -> None:
    session_id = await hub.create_session()
    async with hub.open_session(session_id) as live:
        before = live.position
        await hub.execute(session_id, SetTitle("x"), ANA)
        [event] = live.session.since(before).events  # type: ignore[union-attr]
        assert event_frame(event) is event_frame(event)
        assert live.encoded_state() is live.encoded_state()


async def test_a_tab_counts_once_however_many_streams_and_is_gone_with_the_last(
    autojump_clock: object, hub: Hub
) -> None:
    session_id = await hub.create_session()
    async with reading(hub, session_id), hub.open_session(session_id) as live:
        async with reading(hub, session_id), reading(hub, session_id, viewer="second"):
            assert live.presence.count == 2 == hub.viewers
        assert live.presence.count == 1
    assert live.presence.count == 0


async def test_a_hidden_tab_counts_half_an_hour(autojump_clock: object, hub: Hub) -> None:
    session_id = await hub.create_session()
    async with hub.open_session(session_id) as live:
        async with reading(hub, session_id):
            live.presence.told("tab", {"visible": True}, own=True)
            live.presence.told("tab", {"visible": False}, own=True)
        assert live.presence.count == 1 and hub.in_front() == session_id
        await trio.sleep(AWAY_SECONDS - 1)
        assert live.presence.count == 1
        await trio.sleep(2)
        assert live.presence.count == 0 and hub.in_front() is None
        async with reading(hub, session_id):
            live.presence.told("tab", {"visible": False}, own=True)
        live.presence.gone("tab")
        live.presence.gone("tab")
        live.presence.told("tab", {"visible": True}, own=True)
        assert live.presence.count == 0 and hub.in_front() is None


async def test_the_map_in_front_is_the_one_that_its_own_user_saw_last(
    autojump_clock: object, hub: Hub
) -> None:
    one, two = await hub.create_session(), await hub.create_session()
    async with reading(hub, one, viewer="a"), reading(hub, two, viewer="b"):
        async with hub.open_session(one) as first, hub.open_session(two) as second:
            second.presence.told("b", {"visible": True})
            assert hub.in_front() is None, "a stream that proves nothing does not count"
            first.presence.told("a", {"visible": True}, own=True)
            await trio.sleep(1)
            second.presence.told("b", {"visible": True})
            assert hub.in_front() == one
            second.presence.told("b", {"visible": True}, own=True)
            assert hub.in_front() == two
            await trio.sleep(1)
            first.presence.told("a", {"visible": False}, own=True)
            assert hub.in_front() == two, "a tab that says it is hidden is not in front"


async def test_presence_goes_out_whole_at_most_twice_a_second_and_only_when_changed(
    autojump_clock: object, hub: Hub
) -> None:
    session_id = await hub.create_session()
    async with reading(hub, session_id) as reader, hub.open_session(session_id) as live:
        await trio.sleep(1)
        list(taken(reader))
        frames = []
        for step in range(200):
            live.presence.told("tab", {"viewport": {"zoom": step // 2}, "name": "Ana"})
            await trio.sleep(0.01)
            frames += [frame[1] for frame in taken(reader)]
        await trio.sleep(1)
        frames += [frame[1] for frame in taken(reader)]
        assert 3 <= len(frames) <= 6
        viewer = {"id": "tab", "name": "Ana", "kind": "person", "viewport": {"zoom": 99}}
        assert frames[-1] == {"count": 1, "models": [], "calls": [], "viewers": [viewer]}
        live.presence.told("tab", {"viewport": {"zoom": 99}})
        await trio.sleep(1)
        assert not list(taken(reader))


async def test_a_wake_between_take_and_wait_is_not_lost(autojump_clock: object, hub: Hub) -> None:
    session_id = await hub.create_session()
    async with reading(hub, session_id) as reader:
        await trio.sleep(1)
        list(taken(reader))
        await hub.execute(session_id, SetTitle("x"), ANA)
        with trio.fail_after(1):
            await reader.wait()
        await wait_all_tasks_blocked()
        [message] = Parser().feed(reader.ping())
        assert message.event == "ping" and json.loads(message.data) == {
            "position": str((await _at(hub, session_id)))
        }


async def _at(hub: Hub, session_id: str) -> Position:
    async with hub.open_session(session_id) as live:
        return live.position


def test_problems_are_kept_once_bounded_and_until_the_layer_changes() -> None:
    problems = Problems()
    for number in range(MAX_PROBLEMS + 5):
        problems.report(Problem("fault", f"layer {number}", "e.1.x"))
        problems.report(Problem("fault", f"layer {number}", "e.2.x"))
    problems.report(Problem("no layer"))
    shown = [problem.to_json() for problem in problems]
    assert len(shown) == MAX_PROBLEMS and shown[-1] == {"text": "no layer", "count": 1}
    assert shown[0] == {"since": "e.2.x", "layer_id": "layer 6", "text": "fault", "count": 1}
    problems.forget([LayerRemoved(f"layer {number}") for number in range(MAX_PROBLEMS + 5)])
    assert [problem.text for problem in problems] == ["no layer"]
