"""What measures the page's frames."""

from __future__ import annotations

from playwright.sync_api import Page

from tests.bench import painting
from tests.e2e.conftest import opened
from tests.e2e.kit.server import Server

COUNT_CHANNELS = """() => {
    const Own = MessageChannel;
    window.channels = 0;
    window.MessageChannel = class extends Own { constructor() { super(); channels += 1; } };
}"""


def test_the_bench_of_painting_leaves_the_page_to_itself(server: Server, page: Page) -> None:
    session_id = painting.made(server, 1, 0)
    opened(page, f"{server.url}/?session={session_id}")
    page.evaluate(COUNT_CHANNELS)
    assert painting.equip(page) is None
    assert page.evaluate("channels") == 0  # nothing runs before it is asked to
    assert page.evaluate("rested()") is None  # and not the event, which has the whole map in it
