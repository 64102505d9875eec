"""POST /pictures: only what is due, once, a PNG, within its bound."""

from __future__ import annotations

from typing import Any

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from mapsrv.hub.hub import Hub
from mapsrv.hub.pictures import MAX_PICTURE, Picture
from tests.hub.kit.page import LATE, open_page
from tests.web.kit.asgi import Client

PNG = b"\x89PNG\r\n\x1a\n" + b"x" * 100


async def post(client: Client, token: str, body: bytes = PNG, kind: str = "image/png") -> Any:
    return await client.ask("POST", f"/pictures?ask={token}", {"content-type": kind}, [body])


@pytest.mark.parametrize("token", ["", "guessed", "x" * 500, "%C3%A4"])
async def test_what_nobody_asked_for_is_not_found(client: Client, token: str) -> None:
    answer = await post(client, token)
    assert (answer.status, answer.code) == (404, "not_found")


@pytest.mark.parametrize(
    ("body", "kind", "expected"),
    [
        (b"<svg/>", "image/png", (422, "invalid_argument")),
        (PNG + b"x" * MAX_PICTURE, "image/png", (413, "too_large")),
        (PNG, "image/svg+xml", (415, "unsupported_media_type")),
    ],
)
async def test_what_is_no_small_png_is_refused(
    client: Client,
    hub: Hub,
    session: str,
    body: bytes,
    kind: str,
    expected: tuple[int, str],
    autojump_clock: object,
) -> None:
    async with (
        open_page(hub, session) as page,
        hub.open_session(session) as live,
        trio.open_nursery() as nursery,
    ):
        page.delay = LATE
        nursery.start_soon(hub.pictures.take, live, lambda: page.tab, "Claude")
        await wait_all_tasks_blocked()
        answer = await post(client, page.asked[0]["ask"], body, kind)
        assert (answer.status, answer.code) == expected
        nursery.cancel_scope.cancel()


async def test_a_picture_that_is_due_is_taken_once(
    client: Client, hub: Hub, session: str, autojump_clock: object
) -> None:
    async with open_page(hub, session) as page, hub.open_session(session) as live:
        answers: list[int] = []

        async def give(token: str) -> None:
            for _ in range(2):
                answers.append((await post(client, token)).status)

        page.picture = give
        picture = await hub.pictures.take(live, lambda: page.tab, "Claude")
        assert picture == Picture(PNG, None, ()) and answers == [204, 404]
