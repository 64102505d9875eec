"""Whose map is in front, in real browsers: the token, the proof, and what outlives what."""

from __future__ import annotations

from pathlib import Path

import trio
from playwright.sync_api import Browser, Page

from mapsrv.local.front import FRAGMENT, parted
from mapsrv.local.opener import show
from tests.e2e.conftest import opened
from tests.e2e.kit.front import comes_to_front, given, in_front, leaves_front
from tests.e2e.kit.server import Server, running

STORED = "() => JSON.stringify({...localStorage})"


def at(page: Page) -> str:
    """Return the address that the person sees; Playwright's own is as old as its last look."""
    return str(page.evaluate("() => location.href"))


def test_a_token_is_traded_once_and_stays_through_reload_and_back(server: Server, page: Page) -> None:
    session, trades = server.new_map(), []
    page.on(
        "request", lambda asked: trades.append(asked.url) if '{"token"' in (asked.post_data or "") else None
    )
    link = given(server.folder, session)
    opened(page, link)
    assert at(page) == parted(link)[0] and comes_to_front(server.folder, session)
    page.click("#connect-open")
    assert FRAGMENT not in page.content() and session in page.content()
    assert page.evaluate("() => history.length") <= 2, "the address with the token is no step to go back to"
    page.goto("about:blank")
    assert leaves_front(server.folder, session)
    page.go_back()
    assert at(page) == parted(link)[0] and comes_to_front(server.folder, session)
    page.reload()
    assert at(page) == parted(link)[0] and comes_to_front(server.folder, session)
    assert trades == [f"{server.url}/front"]


def test_the_page_that_a_browser_is_opened_at_sends_it_on(server: Server, page: Page, tmp_path: Path) -> None:
    session, at_start = server.new_map(), page.evaluate("() => history.length")
    link = given(server.folder, session)

    async def goes() -> bool:
        async def opens(url: str) -> bool:  # noqa: ASYNC124 (Playwright's is not async)
            urls.append(url)
            return True

        async def waits(token: str) -> bool:  # noqa: ASYNC124
            return True

        return await show(tmp_path / "data", link, waits, opens)

    urls: list[str] = []
    assert trio.run(goes) is True
    page.goto(next(url for url in urls if url.startswith("file:")))
    page.wait_for_url(parted(link)[0])
    assert comes_to_front(server.folder, session) and at(page) == parted(link)[0]
    assert page.evaluate("() => history.length") == at_start + 1, "no way back to the page with the token"


def test_a_restarted_server_knows_its_users_browser(server: Server, page: Page) -> None:
    session = server.new_map()
    opened(page, given(server.folder, session))
    assert comes_to_front(server.folder, session)
    server.stop()
    server.start()
    assert comes_to_front(server.folder, session)


def test_a_second_browser_needs_a_token_of_its_own(server: Server, browser: Browser, page: Page) -> None:
    session, other = server.new_map(), server.new_map()
    opened(page, given(server.folder, session))
    assert comes_to_front(server.folder, session)
    for_second = given(server.folder, other)
    with browser.new_context() as second:
        tab = opened(second.new_page(), parted(for_second)[0])
        assert in_front(server.folder) == session, "a plain link, as one that was shared, proves nothing"
        tab.goto(for_second)  # the same document: only its fragment changes
        assert comes_to_front(server.folder, other) and at(tab) == parted(for_second)[0]


def test_somebody_else_on_a_shared_map_does_not_have_it_in_front(
    server: Server, browser: Browser, page: Page
) -> None:
    session = server.new_map()
    opened(page, given(server.folder, session))
    assert comes_to_front(server.folder, session)
    with browser.new_context() as second:
        opened(second.new_page(), at(page))
        assert in_front(server.folder) == session
        page.goto("about:blank")
        assert leaves_front(server.folder, session)


def test_two_servers_on_two_ports_know_their_own_tokens_alone(
    server: Server, page: Page, tmp_path: Path
) -> None:
    beside = tmp_path / "beside"
    beside.mkdir()
    with running(beside) as other:
        session, theirs = server.new_map(), other.new_map()
        link = given(server.folder, session)
        opened(page, link)
        assert comes_to_front(server.folder, session)
        stored = page.evaluate(STORED)
        opened(page, f"{other.url}/?session={theirs}{FRAGMENT}{parted(link)[1]}")
        assert at(page) == f"{other.url}/?session={theirs}"
        assert stored != "{}" and page.evaluate(STORED) == "{}", "storage is an address's own, with its port"
        assert in_front(beside) != theirs
