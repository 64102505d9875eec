"""GET /events: the stream, in virtual time."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import trio
import trio.testing

from mapsrv.core.commands import SetTitle
from mapsrv.core.log import Origin
from mapsrv.errors import StoreUnavailable
from mapsrv.hub.hub import Hub
from mapsrv.web.site import Site
from tests.web.conftest import MAX_STREAMS
from tests.web.kit.asgi import Client

ANA = Origin("person", "ana", "Ana")


async def retitle(hub: Hub, session: str, title: str) -> str:
    return str((await hub.execute(session, SetTitle(title), ANA)).position)


async def test_a_stream_opens_with_retry_a_snapshot_and_the_status(client: Client, session: str) -> None:
    async with client.stream(f"/events?session={session}") as stream:
        answer = stream.answer
        assert answer is not None and answer.status == 200
        assert answer.header("content-type") == "text/event-stream; charset=utf-8"
        assert answer.header("cache-control") == "no-cache, no-transform"
        assert answer.header("x-accel-buffering") == "no"
        retry = re.match(rb"retry: (\d+)\n\n", answer.body)
        assert retry and 1000 <= int(retry[1]) <= 3000
        assert [message.event for message in stream.messages][:2] == ["snapshot", "status"]
        snapshot = json.loads(stream.messages[0].data)
        assert snapshot["session_id"] == session and stream.messages[0].id == snapshot["position"]
        assert snapshot["url"] == f"http://localhost:8081/?session={session}"
        assert list(answer.cookies) == ["mapsrv_viewer"]


async def test_without_a_map_a_stream_is_of_a_new_one_and_a_reconnect_keeps_it(app: Any) -> None:
    client, sessions = Client(app, keep_cookies=True), []
    for _ in range(2):
        async with client.stream("/events") as stream:
            assert stream.answer is not None
            sessions.append(stream.answer.cookie_value("mapsrv_session"))
            assert json.loads(stream.of("snapshot")[0].data)["session_id"] == sessions[-1]
    assert sessions[0] == sessions[1]


async def test_an_event_reaches_an_open_stream(client: Client, hub: Hub, session: str) -> None:
    async with client.stream(f"/events?session={session}") as stream:
        position = await retitle(hub, session, "Rivers")
        await trio.testing.wait_all_tasks_blocked()
        (event,) = stream.of("event")
        assert event.id == position
        assert json.loads(event.data)["ops"] == [{"op": "set_title", "title": "Rivers"}]


async def test_the_header_wins_over_the_query_where_both_say_a_position(
    client: Client, hub: Hub, session: str
) -> None:
    first, second = await retitle(hub, session, "One"), await retitle(hub, session, "Two")
    async with client.stream(f"/events?session={session}&last_event_id={first}") as stream:
        assert [event.id for event in stream.of("event")] == [second] and not stream.of("snapshot")
    target = f"/events?session={session}&last_event_id={first}"
    async with client.stream(target, last_event_id=second) as stream:
        assert not stream.of("event") and not stream.of("snapshot")


async def test_a_position_that_is_none_gets_a_snapshot(client: Client, hub: Hub, session: str) -> None:
    position = await retitle(hub, session, "One")
    for wrong in ("x", "a.b.c", f"{position}0", position[:-8] + "00000000", "a.1.b" * 400):
        async with client.stream(f"/events?session={session}", last_event_id=wrong) as stream:
            assert len(stream.of("snapshot")) == 1


async def test_a_map_never_issued_and_a_store_that_is_away_are_told_apart(
    app: Any, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = Client(app)
    answer = await client.get("/events?session=never")
    assert (answer.status, answer.code, answer.cookies) == (404, "unknown_session", {})

    async def away(*_: object, **__: object) -> None:  # noqa: ASYNC124
        raise StoreUnavailable("The store is away.")

    for name in ("load", "exists", "create", "get_blob"):
        monkeypatch.setattr(hub.store, name, away)
    client.cookies["mapsrv_session"] = "one-that-was"
    for target in ("/events?session=never", "/state?session=never", "/?session=never", "/", "/events"):
        answer = await client.get(target)
        assert (answer.status, answer.code, answer.cookies) == (503, "store_unavailable", {}), target
    assert (await client.get("/data/" + "0" * 64)).code == "store_unavailable"


async def test_a_ping_has_the_head_every_15_seconds(
    client: Client, hub: Hub, session: str, autojump_clock: object
) -> None:
    async with client.stream(f"/events?session={session}") as stream:
        position = await retitle(hub, session, "One")
        await trio.sleep(14.9)
        assert stream.of("ping") == []
        await trio.sleep(0.2)
        assert [json.loads(ping.data) for ping in stream.of("ping")] == [{"position": position}]
        await trio.sleep(15)
        assert len(stream.of("ping")) == 2


async def test_draining_ends_every_stream_and_refuses_new_ones(
    client: Client, site: Site, session: str
) -> None:
    async with client.stream(f"/events?session={session}") as stream:
        assert len(site.streams) == 1
        await site.streams.drain()
        with trio.fail_after(1):
            await stream.ended.wait()
            await site.streams.ended()
        assert stream.messages[-1].event == "drain"
    answer = await client.get(f"/events?session={session}")
    assert (answer.status, answer.code, answer.header("retry-after")) == (503, "draining", "1")


async def test_one_tab_counts_once_and_a_closed_one_no_more(
    client: Client, hub: Hub, session: str, autojump_clock: object
) -> None:
    async with client.stream(f"/events?session={session}&viewer=tab&name=Ana") as first:
        async with client.stream(f"/events?session={session}&viewer=tab"):
            await trio.sleep(2)
            told = json.loads(first.of("presence")[-1].data)
            assert told["count"] == 1 and told["viewers"][0]["name"] == "Ana"
            assert "tab" not in json.dumps(told)
        assert hub.viewers == 1
    assert hub.viewers == 0


async def test_streams_of_one_map_are_bounded(client: Client, hub: Hub, session: str) -> None:
    async with trio.open_nursery() as nursery:
        left = trio.Event()

        async def watch() -> None:
            async with client.stream(f"/events?session={session}"):
                await left.wait()

        for _ in range(MAX_STREAMS):
            nursery.start_soon(watch)
        await trio.testing.wait_all_tasks_blocked()
        answer = await client.get(f"/events?session={session}")
        assert (answer.status, answer.code, answer.header("retry-after")) == (429, "too_many", "10")
        assert (await client.get("/ready")).status == 200
        left.set()


async def test_a_reader_that_stalls_holds_one_frame_and_catches_up(
    client: Client, hub: Hub, session: str
) -> None:
    async with client.stream(f"/events?session={session}") as stream:
        await trio.testing.wait_all_tasks_blocked()
        stream.reading = trio.Event()
        for number in range(1500):  # more than the ring holds
            await retitle(hub, session, f"Title {number}")
        before = len(stream.messages)
        stream.reading.set()
        await trio.testing.wait_all_tasks_blocked()
        events = [message.event for message in stream.messages[before:] if message.event != "presence"]
        assert events == ["event", "snapshot"]
        assert json.loads(stream.of("snapshot")[-1].data)["state"]["title"] == "Title 1499"


async def test_a_stream_of_another_site_is_refused(client: Client, hub: Hub) -> None:
    answer = await client.get("/events", origin="http://evil.example")
    assert (answer.status, answer.code) == (403, "forbidden")
    assert (await client.get("/events", sec_fetch_site="cross-site", sec_fetch_mode="no-cors")).status == 403
    assert (await client.get("/", sec_fetch_site="cross-site", sec_fetch_mode="navigate")).status == 303
