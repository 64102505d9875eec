"""Streamable HTTP when clients leave, come back, or do not read: what outlives them, and what is bounded."""

from __future__ import annotations

from typing import Any

import pytest
import trio
import trio.testing

from tests.bridge.http.kit.served import JSON, Front, call, slow

NEW = "2025-11-25"


async def test_an_id_that_waits_for_its_answer_cannot_be_used_again():
    front = Front()
    headers = await front.initialize()
    async with front.open("POST", "/mcp", headers, slow(7)) as first:
        again = await front.ask("POST", "/mcp", headers, call("tools/list", 7))
        assert again.status == 400 and "7" in again.json["error"]["message"]
        front.a.says(front.a.only, id=front.a.heard[-1]["id"], result={})
        await first.over.wait()
    assert len(first.said) == 2
    assert (await front.ask("POST", "/mcp", headers, call("tools/list", 7))).status == 200


async def test_who_loses_a_calls_stream_comes_back_for_the_answer():
    front = Front()
    headers = await front.initialize(NEW)
    async with front.open("POST", "/mcp", headers, slow(7)) as lost:
        lost.leave()
        await lost.over.wait()
    assert len(lost.said) == 1 and not any(
        said.get("method") == "notifications/cancelled" for said in front.a.heard
    )
    front.a.says(front.a.only, id=front.a.heard[-1]["id"], result={"late": True})
    for last in (lost.events[-1].id, lost.events[-1].id):
        back = await front.ask("GET", "/mcp", {**headers, "last-event-id": last})
        assert [said.get("result") for said in back.said] == [{"late": True}]


async def test_a_primed_client_comes_back_for_all_of_it():
    front = Front()
    headers = await front.initialize(NEW)
    async with front.open("POST", "/mcp", headers, slow(7)) as lost:
        lost.leave()
        await lost.over.wait()
    first = lost.body.split(b"\n")[0].removeprefix(b"id: ").decode()
    async with front.open("GET", "/mcp", {**headers, "last-event-id": first}) as back:
        assert [said["method"] for said in back.said] == ["notifications/progress"]
        front.a.says(front.a.only, id=front.a.heard[-1]["id"], result={})
        await back.over.wait()
    assert back.said[-1]["id"] == 7


async def test_the_sessions_own_stream_is_taken_over_by_who_comes_back():
    front = Front()
    headers = await front.initialize()
    async with front.open("GET", "/mcp", headers) as dead:
        front.a.says(front.a.only, method="notifications/tools/list_changed")
        await trio.testing.wait_all_tasks_blocked()
        front.a.says(front.a.only, method="notifications/prompts/list_changed")
        await trio.testing.wait_all_tasks_blocked()
        first = dead.events[0].id  # of the first notification: this client is not primed
        async with front.open("GET", "/mcp", {**headers, "last-event-id": first}) as back:
            await dead.over.wait()
            assert [said["method"] for said in back.said] == ["notifications/prompts/list_changed"]
            front.a.says(front.a.only, method="notifications/resources/list_changed")
            await trio.testing.wait_all_tasks_blocked()
            assert len(back.said) == 2 and len(dead.said) == 2


async def test_a_cancelled_calls_stream_ends_without_an_answer():
    front = Front()
    headers = await front.initialize()
    async with front.open("POST", "/mcp", headers, slow(7)) as answer:
        cancel = {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 7}}
        assert (await front.ask("POST", "/mcp", headers, cancel)).status == 202
        await answer.over.wait()
    assert [said["method"] for said in answer.said] == ["notifications/progress"]
    assert (await front.ask("POST", "/mcp", headers, call("tools/list", 7))).status == 200


async def test_a_session_whose_client_left_before_it_knew_of_it_ends():
    front = Front()
    front.a.hear = never  # type: ignore[method-assign]
    async with front.open("POST", "/mcp", JSON, call("initialize")) as answer:
        assert front.a.sessions
        answer.leave()
        await answer.over.wait()
    assert not front.a.sessions


async def never(session: Any, message: Any) -> None:
    await trio.lowlevel.checkpoint()


async def test_calls_that_nobody_reads_the_answers_of_end_the_session_and_not_more():
    front = Front()
    headers = await front.initialize()
    async with trio.open_nursery() as nursery:
        for id in range(40):
            await nursery.start(stalled, front, headers, id)
        session = front.a.only
        answers = [said["id"] for said in front.a.heard if said.get("method") == "mute"]
        for id in answers:
            front.a.says(session, id=id, result="x" * 2**20)
        assert session.over.is_set() and session._room.unread == 0
        nursery.cancel_scope.cancel()


async def stalled(  # noqa: ASYNC114 (started above)
    front: Front, headers: dict[str, str], id: int, task_status: Any
) -> None:
    async with front.open("POST", "/mcp", headers, call("mute", id)) as answer:
        answer.reading = False
        task_status.started()
        await trio.sleep_forever()


async def test_who_reads_nothing_but_calls_one_after_the_other_is_bounded_too():
    front = Front()
    headers = await front.initialize()
    session = front.a.only
    async with trio.open_nursery() as nursery:
        for id in range(40):
            if session.over.is_set():
                break
            await nursery.start(stalled, front, headers, id)
            front.a.says(session, id=front.a.heard[-1]["id"], result="x" * 2**20)
            await trio.testing.wait_all_tasks_blocked()
        nursery.cancel_scope.cancel()
    assert session.over.is_set() and id < 20


async def test_notifications_that_nobody_ever_reads_are_forgotten_and_end_nothing():
    front = Front()
    await front.initialize()
    for _ in range(100):
        front.a.says(front.a.only, method="notifications/message", params={"data": "x" * 2**20})
    assert front.a.only._room.kept < 3 * 2**20


async def test_a_server_that_does_not_read_has_its_callers_told(autojump_clock):
    front = Front()
    headers = await front.initialize()
    answer = await front.ask("POST", "/mcp", headers, call("deaf"))
    assert (
        answer.status == 429
        and answer.headers["retry-after"] == "5"
        and "30 s" in answer.json["error"]["message"]
    )
    assert (await front.ask("POST", "/mcp", headers, call("deaf"))).status == 429, "the id is free again"


async def test_a_stream_and_a_call_in_flight_are_use():
    front = Front()
    headers = await front.initialize()
    session = front.a.only
    assert session.readers == 0
    async with front.open("GET", "/mcp", headers), front.open("POST", "/mcp", headers, slow(7)):
        assert session.readers == 2
    assert session.readers == 0


@pytest.mark.parametrize("path", ["/mcp", "/sse", "/messages"])
async def test_ids_stay_out_of_logs(path, caplog):
    front = Front()
    headers = await front.initialize()
    caplog.set_level("DEBUG")
    await front.ask("POST", path, {**headers, "last-event-id": "a" * 32 + ".1"}, call("a"))
    async with front.open("GET", path, headers):
        pass
    assert not any(id in caplog.text for id in (*front.a.sessions, "a" * 32))
