"""POST /presence: what a tab may say, and what becomes of it."""

from __future__ import annotations

import json
from contextlib import AsyncExitStack
from typing import Any

import pytest
import trio

from mapsrv.hub.hub import Hub
from mapsrv.web.site import Site
from mapsrv.web.streams import Streams
from tests.web.kit.asgi import Client

VIEWPORT = {"center": [8.5, 47.4], "zoom": 9, "bearing": 0, "pitch": 0, "bounds": [8, 47, 9, 48]}
POINTING = {"lng_lat": [8.5, 47.4], "layer_id": "stops", "style_layer": "stops", "properties": {"name": "HB"}}
WRONG: tuple[dict[str, Any], ...] = (
    {"viewer": ""},
    {"viewer": 3},
    {"viewer": "x" * 101},
    {"visible": "yes"},
    {"gone": 1},
    {"name": "x" * 81},
    {"name": ["Ana"]},
    {"viewport": "here"},
    {"viewport": {"center": [8.5]}},
    {"viewport": {"center": [8.5, 91]}},
    {"viewport": {"center": [1e9, 0]}},
    {"viewport": {"zoom": "9"}},
    {"viewport": {"zoom": True}},
    {"viewport": {"pitch": 181}},
    {"viewport": {"bounds": [1, 2, 3]}},
    {"pointing": "there"},
    {"cursor": "there"},
    {"cursor": [8.5, 91]},
    {"pointing": {"properties": {"text": "x" * 5000}}},
    {"problems": {}},
    {"problems": [{"message": "no"}] * 21},
    {"problems": [{"message": "x" * 501}]},
    {"problems": [{}]},
    {"problems": ["no"]},
    {"drawn": "all"},
    {"drawn": {"problems": [{"text": " "}]}},
)


async def say(client: Client, session: str, **told: Any) -> int:
    return (await client.post(f"/presence?session={session}", {"viewer": "tab", **told})).status


async def test_what_a_tab_says_reaches_the_others(
    client: Client, session: str, autojump_clock: object
) -> None:
    async with client.stream(f"/events?session={session}&viewer=tab") as stream:
        told = {
            "visible": True,
            "name": "Ana",
            "viewport": {**VIEWPORT, "junk": "x" * 100},
            "pointing": POINTING,
            "cursor": [8.5, 47.4],
        }
        answer = await client.post(f"/presence?session={session}", {"viewer": "tab", **told})
        assert (answer.status, answer.body, answer.cookies) == (204, b"", {})
        await trio.sleep(1)
        (viewer,) = json.loads(stream.of("presence")[-1].data)["viewers"]
        assert (viewer["name"], viewer["viewport"], viewer["pointing"]) == ("Ana", VIEWPORT, POINTING)
        assert viewer["cursor"] == [8.5, 47.4]


async def test_a_tab_is_told_with_the_author_that_its_changes_bear(
    client: Client, session: str, autojump_clock: object
) -> None:
    client.cookies.clear()
    async with client.stream(f"/events?session={session}&viewer=tab") as stream:
        await trio.sleep(1)
        (viewer,) = json.loads(stream.of("presence")[-1].data)["viewers"]
        assert viewer.keys() == {"id", "name", "kind"}, "no cookie tells it apart"
    client.cookies["mapsrv_viewer"] = "a" * 22
    async with client.stream(f"/events?session={session}&viewer=tab") as stream:
        await client.post(
            f"/commands?session={session}", {"command": "open_map", "arguments": {"title": "x"}}
        )
        await trio.sleep(1)
        (viewer,) = json.loads(stream.of("presence")[-1].data)["viewers"]
        assert json.loads(stream.of("event")[-1].data)["origin"]["id"] == viewer["author"]


async def test_a_persons_name_turns_no_text_around_and_hides_nothing(
    client: Client, session: str, autojump_clock: object
) -> None:
    turned = "?name=Ana%E2%80%AEgnp%E2%80%8B"
    async with client.stream(f"/events{turned}&session={session}&viewer=tab") as stream:
        await trio.sleep(1)
        (viewer,) = json.loads(stream.of("presence")[-1].data)["viewers"]
        assert viewer["name"] == "Anagnp"
        assert await say(client, session, name="\u2067Bell\u200d\u202e") == 204
        body = {"command": "open_map", "arguments": {"title": "x"}}
        await client.post(f"/commands{turned}&session={session}", body)
        await trio.sleep(1)
        (viewer,) = json.loads(stream.of("presence")[-1].data)["viewers"]
        assert viewer["name"] == "Bell"
        assert json.loads(stream.of("event")[-1].data)["origin"]["name"] == "Anagnp"


async def test_a_frame_has_16_kib_whatever_tabs_point_at(
    site: Site, client: Client, session: str, autojump_clock: object
) -> None:
    site.streams = Streams(site.hub, per_session=50)
    pointing = {"lng_lat": [8.123456789, 47.4], "properties": {f"k{n}": "\U0001f5fa" * 60 for n in range(15)}}
    async with AsyncExitStack() as stack:
        for number in range(20):
            target = f"/events?session={session}&viewer={number}"
            stream = await stack.enter_async_context(client.stream(target))
            told: Any = {"viewer": f"{number}", "name": "\U0001f5fa" * 80, "pointing": pointing}
            assert (await client.post(f"/presence?session={session}", told)).status == 204
        await trio.sleep(1)
        frame = stream.of("presence")[-1].data
    assert len(frame) < 16 * 1024
    told = json.loads(frame)
    assert told["count"] == 20 and 5 < len(told["viewers"]) < 20
    assert all(viewer["pointing"]["lng_lat"] == [8.12346, 47.4] for viewer in told["viewers"])


async def test_20_tabs_of_one_cookie_count_and_each_stream_without_one(
    site: Site, client: Client, session: str, autojump_clock: object
) -> None:
    site.streams, hub = Streams(site.hub, per_session=50), site.hub
    async with AsyncExitStack() as stack:
        for number in range(25):
            target = f"/events?session={session}&viewer=tab-{number}"
            cookie = {"cookie": "mapsrv_viewer=AAAAAAAAAAAAAAAAAAAAAA"}
            await stack.enter_async_context(client.stream(target, **cookie))
        assert hub.viewers == 20
        for _ in range(25):
            await stack.enter_async_context(client.stream(f"/events?session={session}"))
        assert hub.viewers == 45


async def test_a_hidden_tab_counts_until_it_is_gone(client: Client, hub: Hub, session: str) -> None:
    async with client.stream(f"/events?session={session}&viewer=tab"):
        assert await say(client, session, visible=False) == 204
    assert hub.viewers == 1
    assert await say(client, session, gone=True) == 204
    assert hub.viewers == 0


async def test_a_tab_without_a_stream_is_passed_over(client: Client, hub: Hub, session: str) -> None:
    assert await say(client, session, visible=True, viewport=VIEWPORT) == 204
    assert hub.viewers == 0


async def test_problems_are_kept_for_the_model(client: Client, hub: Hub, session: str) -> None:
    problem = {"position": "a.1.b", "layer_id": "stops", "message": "no such property"}
    assert await say(client, session, problems=[problem, {"message": "another"}]) == 204
    async with hub.open_session(session) as live:
        assert [held.to_json() for held in live.problems] == [
            {**problem, "text": "no such property", "count": 1, "since": "a.1.b"},
            {"message": "another", "text": "another", "count": 1},
        ]


@pytest.mark.parametrize("told", WRONG, ids=lambda told: json.dumps(told)[:40])
async def test_what_is_wrong_is_refused_and_changes_nothing(
    client: Client, session: str, told: dict[str, Any]
) -> None:
    answer = await client.post(f"/presence?session={session}", {"viewer": "tab", **told})
    assert (answer.status, answer.code) == (422, "invalid_argument")


async def test_a_tab_says_an_object_of_64_kib_at_most(client: Client, session: str) -> None:
    assert (await client.post(f"/presence?session={session}", [])).code == "bad_request"
    answer = await client.post(f"/presence?session={session}", b'"' + b"x" * 65536 + b'"')
    assert (answer.status, answer.code) == (413, "too_large")
