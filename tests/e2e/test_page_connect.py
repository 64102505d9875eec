"""How an assistant is connected, as a person reads it on the page; and the demo on the map in front."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from mapsrv.config import parse
from mapsrv.demo.story import TITLE
from mapsrv.local.own_command import own_command
from mapsrv.wire.connect import steps, words
from mapsrv.wire.sse import frame
from tests.e2e.conftest import DRAWN, opened, where
from tests.e2e.kit.front import WHO, comes_to_front, given, in_front
from tests.e2e.kit.pixels import pixel
from tests.e2e.kit.server import Server, running, wait_until
from tests.e2e.test_page_files import SHOW_AS

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
SECONDS = 60
INDIA = (78.5, 22.5)  # some 450 people per km2, and no city of five million just there
NOTES = """() => !mapsrv.map.isMoving() && mapsrv.map.queryRenderedFeatures().some(
    ({layer, properties}) => layer.type === 'symbol' && properties.note?.endsWith(' million people'))"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("connect")) as server:
        yield server


@pytest.fixture(scope="module")
def session(server: Server) -> str:
    return server.new_map()


@pytest.fixture(scope="module")
def own(server: Server, browser: Browser, session: str) -> Iterator[Page]:
    """The page of the user who runs the server, in front."""
    with browser.new_context(viewport={"width": 900, "height": 600}) as context:
        yield opened(context.new_page(), given(server.folder, session))


def is_orange(color: tuple[int, int, int]) -> bool:
    red, green, blue = color
    return red > green + 60 and green > blue + 20


def dialog(page: Page) -> list[str]:
    """Open the dialog, and return the texts that it offers to copy."""
    page.get_by_role("button", name="Connect your assistant").first.click()
    expect(page.get_by_role("dialog")).to_be_visible()
    return page.locator("#connect-body pre").all_text_contents()


def test_this_users_own_page_has_the_full_command_in_the_banners_words(server: Server, own: Page) -> None:
    command = own_command(parse(["--data-dir", str(server.folder)], {}))
    dialog(own)
    expect(own.locator("#connect-body")).to_contain_text(shlex.join(command))
    code, desktop, other = steps("own", base=server.url, command=command)
    texts = own.locator("#connect-body pre").all_text_contents()
    assert texts[0] == code.texts[0] and json.loads(texts[1]) == json.loads(desktop.texts[0])
    assert texts[2:5] == [*other.texts, words()["say"]]
    read = own.locator("#connect-body").inner_text()
    assert all(
        f"{step.client}\n\n{step.where}" in read.replace("\n\n\n", "\n\n") for step in (code, desktop, other)
    )
    expect(own.locator("#connect-status")).to_have_text(f"{WHO.name} is here")  # who asked for the link
    own.keyboard.press("Escape")


def test_who_has_the_plain_link_reads_how_to_connect_by_the_address_and_no_path(
    server: Server, own: Page, browser: Browser
) -> None:
    url = str(own.evaluate("() => location.href"))
    with browser.new_context() as context:
        page = opened(context.new_page(), url)
        texts = dialog(page)
        assert texts[:3] == [text for step in steps("address", base=server.url) for text in step.texts]
        assert texts[3:] == [words()["say_where"].format(link=url)]
        assert str(server.folder) not in page.content() and "stdio" not in page.content()


def test_on_a_phone_it_says_where_to_go_and_what_to_say(
    server: Server, browser: Browser, session: str
) -> None:
    with browser.new_context(**PHONE) as context:
        page = opened(context.new_page(), f"{server.url}/?session={session}")
        page.get_by_role("button", name="Connect your assistant").first.tap()
        read = page.locator("#connect-body")
        expect(read).to_contain_text(words()["elsewhere"])
        assert "terminal" not in read.inner_text() and str(page.url) in read.inner_text()
        assert all(
            box["height"] >= 44
            for button in read.get_by_role("button").all()
            if (box := button.bounding_box())
        )


def test_an_empty_map_says_the_one_thing_to_do_and_whether_an_assistant_has_come(
    server: Server, browser: Browser
) -> None:
    snapshot = server.state(empty := server.new_map())
    here = {"count": 1, "viewers": [], "models": [{"name": "Claude", "id": "claude", "drawing": True}]}
    said = frame("snapshot", json.dumps(snapshot).encode(), id=snapshot["position"])
    said += frame("presence", json.dumps(here).encode())
    with browser.new_context() as context:
        page = opened(context.new_page(), f"{server.url}/?session={empty}")
        expect(page.locator("#no-layers")).to_have_text("No layers yet. Connect your assistant")
        page.click("#connect-open")
        expect(page.locator("#connect-status")).to_have_text("Waiting for an assistant")
        stream = {"content-type": "text/event-stream"}
        page.route("**/events?*", lambda route: route.fulfill(body=said, headers=stream))
        page.reload()
        expect(page.locator("#no-layers")).to_have_text(f"No layers yet. Say to Claude: “{words()['say']}”")
        page.click("#connect-open")
        expect(page.locator("#connect-status")).to_have_text("Claude is here and drawing")


def test_the_demo_draws_on_the_map_in_front_and_opens_no_second_one(
    server: Server, own: Page, session: str, tmp_path: Path
) -> None:
    links, script = tmp_path / "links", tmp_path / "browser"
    script.write_text(f"#!{sys.executable}\nimport sys\nopen({str(links)!r}, 'a').write(sys.argv[1])\n")
    script.chmod(0o755)
    assert comes_to_front(server.folder, session)
    command = [sys.executable, "-m", "mapsrv", "demo", "--pace", "0"]
    environment = {**server.env, "BROWSER": str(script)}
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=SECONDS)
    assert ended.returncode == 0, ended.stderr
    assert not links.exists() and in_front(server.folder) == session
    expect(own.locator("#title")).to_have_text(TITLE)
    for title in ("People per km²", "Cities over a million", "The largest cities"):
        expect(own.locator("#layers")).to_contain_text(title)
    own.wait_for_function(NOTES)
    assert wait_until(lambda: is_orange(pixel(own, *where(own, *INDIA))), DRAWN / 1_000)


def test_a_page_connects_at_once_when_it_or_the_network_is_back(
    server: Server, browser: Browser, session: str
) -> None:
    with browser.new_context() as context:
        page = context.new_page()
        page.clock.install()
        opened(page, f"{server.url}/?session={session}")
        page.clock.pause_at(page.evaluate("Date.now()") / 1000 + 3)  # from here on nothing is a timer's doing
        page.route("**/events?*", lambda route: route.fulfill(status=503))
        context.set_offline(True)
        context.set_offline(False)
        expect(page.locator("html")).to_have_attribute("data-connection", "lost")
        page.unroute("**/events?*")
        page.evaluate(SHOW_AS, "hidden")
        expect(page.locator("html")).to_have_attribute("data-connection", "lost")
        page.evaluate(SHOW_AS, "visible")
        expect(page.locator("html")).to_have_attribute("data-connection", "open")
