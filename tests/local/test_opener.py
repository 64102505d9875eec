"""A browser is opened without the token on its command line, and nobody is left at its error page."""

from __future__ import annotations

import html
import os
import re
import time
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

import pytest
import trio

from mapsrv.local import LocalServer, local_url
from mapsrv.local.front import PATIENCE_SECONDS, TOKEN_SECONDS, Front, address, parted
from mapsrv.local.opener import clear, show
from mapsrv.local.waiting import TOKEN_HEADER, is_waiting, waiting_app
from tests.kit.ports import free_port

PLAIN = 'http://127.0.0.1:1/?session=a&b="<c'


class Browser:
    """Notes what it is opened at, and when. `reads`: as a page of the data folder can be read by it."""

    def __init__(self, front: Front, *, reads: bool = True, lasts: float = 0.0) -> None:
        self.front, self.reads, self.lasts = front, reads, lasts
        self.opened: list[tuple[str, float]] = []
        self.modes: list[int] = []

    async def open(self, url: str) -> bool:
        self.opened.append((url, trio.current_time()))
        if url.startswith("file:") and self.reads:
            page = Path(url2pathname(urlsplit(url).path))
            self.modes.append(page.stat().st_mode & 0o777)
            found = re.search(r'content="0;url=([^"]+)"', page.read_text())
            assert found is not None
            plain, token = parted(html.unescape(found[1]))
            assert plain == PLAIN and self.front.trade(token)
        await trio.sleep(self.lasts)
        return True


async def shown(front: Front, browser: Browser, folder: Path) -> bool:
    return await show(folder, address(PLAIN, front.token()), front.is_waiting, browser.open)


async def test_the_token_stands_in_a_page_of_this_user_alone(tmp_path: Path, autojump_clock: object) -> None:
    front = Front()
    browser = Browser(front)
    assert await shown(front, browser, tmp_path / "new") is False
    [(url, _)] = browser.opened
    assert url.startswith("file:///") and "front=" not in url and browser.modes == [0o600]
    assert list((tmp_path / "new").iterdir()) == [], "it goes once its token was traded"


async def test_a_browser_that_cannot_read_it_is_opened_at_the_plain_address(
    tmp_path: Path, autojump_clock: object
) -> None:
    front, begun = Front(), trio.current_time()
    browser = Browser(front, reads=False)
    assert await shown(front, browser, tmp_path) is True
    (first, _), (second, at) = browser.opened
    assert first.startswith("file:") and second == PLAIN and at - begun == PATIENCE_SECONDS
    [page] = tmp_path.iterdir()
    clear(tmp_path)
    assert page.exists(), "a cold browser may yet read it"
    os.utime(page, (0, time.time() - TOKEN_SECONDS - 1))
    await shown(front, Browser(front), tmp_path)
    assert list(tmp_path.iterdir()) == []


async def test_a_browser_whose_command_lasts_holds_up_nothing(tmp_path: Path, autojump_clock: object) -> None:
    front = Front()
    browser = Browser(front, reads=False, lasts=1_000.0)
    assert await shown(front, browser, tmp_path) is True
    assert browser.opened[1][1] - browser.opened[0][1] == PATIENCE_SECONDS


async def test_without_a_folder_or_a_token_the_plain_address_is_opened_at_once(
    tmp_path: Path, autojump_clock: object
) -> None:
    front, begun = Front(), trio.current_time()
    (tmp_path / "file").write_text("no folder")
    browser = Browser(front)
    assert await shown(front, browser, tmp_path / "file") is True
    assert await show(tmp_path, PLAIN, front.is_waiting, browser.open) is False
    assert browser.opened == [(PLAIN, begun), (PLAIN, begun)]


@pytest.mark.parametrize(("trades", "said"), [(True, b"done"), (False, b"waits")])
async def test_who_knows_a_token_may_ask_whether_it_waits(
    autojump_clock: object, trades: bool, said: bytes
) -> None:
    front, sent = Front(), []
    token = front.token()

    async def send(message: dict[str, object]) -> None:  # noqa: ASYNC124 (ASGI's)
        sent.append(message)

    scope = {"type": "http", "headers": [(TOKEN_HEADER.encode(), token.encode())]}
    async with trio.open_nursery() as nursery:
        nursery.start_soon(waiting_app(front), scope, send, send)
        await trio.sleep(1)
        if trades:
            front.trade(token)
    assert sent[-1]["body"] == said


async def test_where_no_server_answers_nothing_waits() -> None:
    server = LocalServer(local_url("127.0.0.1", free_port()), 1, "1", "s")
    assert await is_waiting(server, "T") is False
