"""A picture of a map: one at a time, under a token that is good once, wherever the page's words land."""

from __future__ import annotations

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from mapsrv.errors import StoreAway
from mapsrv.hub.hub import Hub
from mapsrv.hub.pictures import SECONDS, Picture
from tests.hub.kit.page import LATE, Page, open_page
from tests.hub.replicas.test_tabs import opened

PNG = b"\x89PNG\r\n\x1a\n picture"
VIEW = {"center": [8.5, 47.4], "zoom": 9}


async def post(hub: Hub, token: str, body: bytes = PNG) -> bool:
    """Do as POST /pictures does."""
    admitted = await hub.pictures.admit(token)
    if admitted:
        await hub.pictures.leave(token, body)
    return admitted


def gives(page: Page, at: Hub) -> list[tuple[str, bool]]:
    """Have the page post its pictures at a process; return what became of them."""
    posted: list[tuple[str, bool]] = []
    page.view = VIEW

    async def give(token: str) -> None:
        posted.append((token, await post(at, token)))

    page.picture = give
    return posted


async def taken(hub: Hub, session_id: str, by: str = "Claude") -> Picture | None:
    async with hub.open_session(session_id) as live:
        return await hub.pictures.take(live, lambda: hub.asking.page(live), by)


async def test_a_page_gives_one_with_the_view_it_has(hub: Hub, autojump_clock: object) -> None:
    session_id = await hub.create_session()
    assert await taken(hub, session_id) is None, "nobody is there"
    async with open_page(hub, session_id) as page:
        posted = gives(page, hub)
        page.loading = ["roads"]
        assert await taken(hub, session_id) == Picture(PNG, VIEW, ("roads",))
        assert page.asked[0]["picture"] == "Claude"
        [(token, admitted)] = posted
        assert admitted and not await post(hub, token) and not await post(hub, "guessed")


async def test_a_token_is_good_once(hub: Hub, autojump_clock: object) -> None:
    session_id = await hub.create_session()
    async with open_page(hub, session_id) as page:
        again: list[bool] = []

        async def give(token: str) -> None:
            assert await post(hub, token)
            again.append(await post(hub, token, b"another"))
            again.append(await hub.pictures.admit(token))

        page.picture = give
        picture = await taken(hub, session_id)
        assert picture is not None and picture.png == PNG and again == [False, False]


async def test_who_asks_meanwhile_gets_the_same(hub: Hub, autojump_clock: object) -> None:
    session_id = await hub.create_session()
    async with open_page(hub, session_id) as page:
        gives(page, hub)
        page.delay = 1.0
        pictures: list[Picture | None] = []

        async def ask() -> None:
            pictures.append(await taken(hub, session_id))

        async with trio.open_nursery() as nursery:
            for _ in range(5):
                nursery.start_soon(ask)
        assert len(page.asked) == 1 and len(pictures) == 5 and len({id(one) for one in pictures}) == 1


async def test_where_the_first_who_asked_leaves_the_next_has_one_taken(
    hub: Hub, autojump_clock: object
) -> None:
    session_id = await hub.create_session()
    async with open_page(hub, session_id) as page, trio.open_nursery() as nursery:
        gives(page, hub)
        page.delay = 1.0
        left = trio.CancelScope()

        async def leave() -> None:
            with left:
                await taken(hub, session_id)

        nursery.start_soon(leave)
        await wait_all_tasks_blocked()
        pictures: list[Picture | None] = []

        async def ask() -> None:
            pictures.append(await taken(hub, session_id))

        nursery.start_soon(ask)
        await wait_all_tasks_blocked()
        left.cancel()
        await trio.sleep(3)
        assert [one is not None for one in pictures] == [True] and len(page.asked) == 2


async def test_a_page_that_gives_none_costs_ten_seconds_at_most(hub: Hub, autojump_clock: object) -> None:
    session_id = await hub.create_session()
    async with open_page(hub, session_id) as page:
        assert await taken(hub, session_id) is None, "it answers, and has posted nothing"
        page.delay = LATE
        began = trio.current_time()
        assert await taken(hub, session_id) is None
        assert trio.current_time() - began == pytest.approx(SECONDS)


@pytest.mark.parametrize("posted_at", [0, 1, 2])
async def test_it_comes_from_another_process_wherever_it_is_posted(
    posted_at: int, autojump_clock: object
) -> None:
    async with opened() as (shared, hubs, session_id):
        async with open_page(hubs[1], session_id, at=hubs[2]) as page:
            posted = gives(page, hubs[posted_at])
            await trio.sleep(15)  # the others have been told of it
            picture = await taken(hubs[0], session_id)
            assert picture is not None and (picture.png, picture.view) == (PNG, VIEW)
            [(token, admitted)] = posted
            assert admitted and not await post(hubs[2], token)
        assert all(body is None for body, _until in shared.parcels.values()), "nothing is left behind"


async def test_without_the_store_it_comes_where_it_was_asked_for(
    monkeypatch: pytest.MonkeyPatch, autojump_clock: object
) -> None:
    async def away(*_arguments: object) -> None:
        await trio.lowlevel.checkpoint()
        raise StoreAway("It does not answer.")

    async with opened(1) as (shared, (hub,), session_id), open_page(hub, session_id) as page:
        for call in ("expect", "admit", "leave", "collect"):
            monkeypatch.setattr(shared, call, away)
        assert await taken(hub, session_id) is None
        gives(page, hub)
        picture = await taken(hub, session_id)
        assert picture is not None and picture.png == PNG
