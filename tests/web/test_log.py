"""GET /log: what changed the map, newest first, a page at a time."""

from __future__ import annotations

from typing import Any

import pytest

from tests.web.kit.asgi import Client


async def titled(client: Client, session: str, count: int) -> list[str]:
    """Rename the map so often; return the positions."""
    positions = []
    for number in range(count):
        body = {"command": "open_map", "arguments": {"title": f"{number}"}}
        answer = await client.post(f"/commands?session={session}&name=Ana", body)
        positions.append(answer.json["position"])
    return positions


async def log(client: Client, session: str, before: str = "") -> dict[str, Any]:
    answer = await client.get(f"/log?session={session}" + (f"&before={before}" if before else ""))
    assert answer.status == 200 and answer.header("cache-control") == "no-store"
    page: dict[str, Any] = answer.json
    return page


async def test_pages_go_back_to_the_maps_beginning(client: Client, session: str) -> None:
    assert await log(client, session) == {"older": "none", "events": []}
    positions = await titled(client, session, 130)
    page = await log(client, session)
    assert page["older"] == "more" and len(page["events"]) == 100
    event = page["events"][0]
    assert event["position"] == positions[-1] and event["origin"]["name"] == "Ana"
    assert event["ops"] == [{"op": "set_title", "title": "129"}]
    rest = await log(client, session, page["events"][-1]["position"])
    assert rest["older"] == "none"
    assert [one["position"] for one in page["events"] + rest["events"]] == positions[::-1]


async def test_a_place_that_is_not_there_is_forgotten_and_what_is_none_is_refused(
    client: Client, session: str
) -> None:
    await titled(client, session, 3)
    assert await log(client, session, "elsewhere.2.00000000") == {"older": "forgotten", "events": []}
    wrong = await client.get(f"/log?session={session}&before=nonsense")
    assert (wrong.status, wrong.code) == (422, "invalid_argument")


@pytest.mark.parametrize(
    ("target", "headers", "status"),
    [
        ("/log?session=unknown", {}, 404),
        ("/log", {}, 400),
        ("/log?session={}", {"origin": "https://elsewhere.example"}, 403),
        ("/log?session={}", {"host": "elsewhere.example"}, 403),
    ],
)
async def test_it_is_for_the_page_of_a_map_that_is_there(
    client: Client, session: str, target: str, headers: dict[str, str], status: int
) -> None:
    assert (await client.get(target.format(session), **headers)).status == status
