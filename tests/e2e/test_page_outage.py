"""What a person sees while the store is away, or another server takes over; a stand-in says the frames."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.conftest import DRAWN, rendered
from tests.e2e.kit.standin import RETRY_MS, Standin, State, pretending
from tests.e2e.test_page import XSS, circle, is_at, points

SHOTS = os.environ.get("MAPSRV_TEST_SCREENSHOTS")  # a folder: what the page looks like is kept there
SHARED, BRANCH, HEALED = "shared.4.0badcafe", "branch.1.0badcafe", "shared.9.feedface"
TEXTS = """() => { window.said = []; const line = document.getElementById('connection');
    new MutationObserver(() => said.push(line.textContent)).observe(line, {childList: true}) }"""
STEPS = """() => { window.steps = []; const map = mapsrv.map;
    for (const name of ['addSource', 'removeSource', 'addLayer', 'removeLayer', 'moveLayer', 'setFilter',
        'setPaintProperty', 'setLayoutProperty', 'flyTo', 'easeTo', 'jumpTo']) {
        const real = map[name].bind(map);
        map[name] = (...args) => { steps.push(`${name} ${args[0]?.id ?? args[0]}`);
            return real(...args) } } }"""


def layer(name: str, rank: str, colour: str, *names: str) -> dict[str, Any]:
    source = {"type": "geojson", "data": points(*names), "generateId": True}
    about = {"id": name, "title": name.title(), "type": "vector", "visible": True, "rank": rank}
    return {**about, "source": source, "style_layers": circle(name, colour)}


def a_state(*layers: dict[str, Any], lng: float = 0) -> State:
    camera = {"center": [lng, 0], "zoom": 4}
    return {"title": "Outage", "basemap": "natural-earth", "camera": camera, "layers": layers}


RED, BLUE = layer("red", "a", "#ff0000", "a", "b"), layer("blue", "b", "#0000ff", "c")


def refusal(key: str, message: str = 'No layer "red" is on this map.') -> dict[str, str]:
    return {"id": key, "command": "remove_layer", "code": "unknown_layer", "message": message}


@pytest.fixture
def standin() -> Iterator[Standin]:
    with pretending() as standin:
        yield standin


def greet(standin: Standin, number: int, position: str, state: State) -> None:
    """Say on a stream that opens what a server says first."""
    standin.opens(number)
    standin.snapshot(position, state)
    standin.say("presence", {"count": 2, "viewers": [{"name": "Ana"}]})
    standin.status("redis")


def begun(standin: Standin, page: Page) -> Page:
    page.goto(f"{standin.url}/?session=s")
    greet(standin, 1, SHARED, a_state(RED, BLUE))
    page.wait_for_function(rendered("red", 2), timeout=DRAWN)
    expect(page.locator("#connection")).to_have_text("Connected")
    return page


def shot(page: Page, name: str) -> None:
    if SHOTS:
        page.screenshot(path=Path(SHOTS) / f"{name}.png")


def test_while_the_store_is_away_the_page_says_saved_here_only_until_it_is_back(
    standin: Standin, page: Page
) -> None:
    begun(standin, page)
    saving = page.get_by_role("status").filter(has_text="Saved")
    expect(page.locator("#durability")).to_have_text("Saved on the server")
    expect(saving).to_have_count(0)
    standin.snapshot(BRANCH, a_state(RED, BLUE))
    standin.status("memory", 3)
    expect(saving).to_have_text("Saved here only: 3 changes waiting")
    expect(page.locator("#durability")).to_be_empty()
    page.get_by_role("button", name="Collapse the panel").click()
    expect(saving).to_be_in_viewport()
    assert saving.bounding_box()["height"] > 10, "it is seen beside a folded panel too"  # type: ignore[index]
    standin.snapshot(HEALED, a_state(RED, BLUE))
    standin.status("redis")
    expect(saving).to_have_text("Saved")
    expect(saving).to_have_count(0, timeout=DRAWN)
    expect(page.locator("#durability")).to_have_text("Saved on the server")


def test_a_server_that_only_has_its_memory_says_no_such_thing(standin: Standin, page: Page) -> None:
    page.goto(f"{standin.url}/?session=s")
    standin.opens(1)
    standin.snapshot(SHARED, a_state())
    standin.status("memory")
    expect(page.locator("#durability")).to_have_text("Kept in memory only")
    expect(page.locator("#saving")).to_have_text("")


def test_what_was_not_kept_is_said_once_as_text_and_goes_by_the_keyboard(
    standin: Standin, page: Page
) -> None:
    begun(standin, page)
    standin.status("redis", 0, refusal("a"), refusal("b", XSS))
    notice = page.get_by_role("region", name="2 changes were not kept")
    expect(notice.get_by_role("listitem")).to_have_count(2)
    expect(notice).to_contain_text('Removing a layer No layer "red" is on this map.')
    expect(notice).to_contain_text(XSS)
    assert page.evaluate("window.hacked") is None and page.locator("img[src=x]").count() == 0
    standin.end()
    greet(standin, 2, SHARED, a_state(RED, BLUE))
    standin.status("redis", 0, refusal("a"), refusal("b", XSS), refusal("c"))
    expect(page.locator("#refused-list li")).to_have_count(3)
    first = page.get_by_role("button", name="Dismiss: Removing a layer").first
    first.focus()
    for left in (2, 1):
        page.keyboard.press("Enter")
        expect(page.locator("#refused-list li")).to_have_count(left)
        expect(page.get_by_role("button", name="Dismiss: Removing a layer").first).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#refused")).to_be_hidden()
    assert page.evaluate("document.activeElement === mapsrv.map.getCanvas()")
    standin.status("redis", 0, refusal("a"), refusal("c"))
    standin.status("redis", 0, refusal("d"))
    expect(page.get_by_role("region", name="1 change was not kept")).to_be_visible()


def test_many_that_were_not_kept_are_counted_and_go_at_once(standin: Standin, page: Page) -> None:
    begun(standin, page)
    standin.status("redis", 0, *[refusal(str(n)) for n in range(300)])
    expect(page.get_by_role("region", name="300 changes were not kept")).to_be_visible()
    expect(page.locator("#refused-list li")).to_have_count(20)
    expect(page.locator("#refused-more")).to_have_text("and 280 more")
    page.get_by_role("button", name="Dismiss all").press("Enter")
    expect(page.locator("#refused")).to_be_hidden()


def test_a_drain_goes_unsaid_and_another_history_comes_as_a_difference(standin: Standin, page: Page) -> None:
    begun(standin, page)
    page.evaluate("void mapsrv.map.jumpTo({center: [3, 3], zoom: 4})")
    page.evaluate(TEXTS)
    page.evaluate(STEPS)
    wait = 3 * RETRY_MS
    standin.say("drain", {}, retry=wait)
    ended = time.monotonic()
    standin.end()
    again = standin.opens(2)
    assert again.last == SHARED and again.at - ended > wait / 1000
    repainted = {**RED, "restyled": {"red": {"paint": {"circle-color": "#00ff00"}}}}
    standin.snapshot(BRANCH, a_state(repainted, BLUE, lng=40))
    page.wait_for_function(f"() => document.documentElement.dataset.position === '{BRANCH}'")
    assert page.evaluate("steps") == ["setPaintProperty red"], "nothing else is touched, so nothing flashes"
    assert is_at(page, 3, 3, 4)
    expect(page.get_by_role("button", name="Go there")).to_be_visible()
    assert page.evaluate("said") == []


def test_a_server_that_is_killed_is_a_reconnecting_that_ends_by_itself(standin: Standin, page: Page) -> None:
    begun(standin, page)
    page.evaluate(TEXTS)
    standin.away = True
    standin.end()
    expect(page.locator("#connection")).to_have_text("Reconnecting …", timeout=DRAWN)
    page.get_by_label("Red", exact=True).click()  # sent again until a server is there
    standin.away = False
    greet(standin, 2, SHARED, a_state(RED, BLUE))
    expect(page.locator("#connection")).to_have_text("Connected", timeout=DRAWN)
    assert page.evaluate("said") == ["Reconnecting …", "Connected"]
    expect(page.locator("#message")).to_be_empty()


@pytest.mark.parametrize(
    ("look", "width", "height", "scheme"), [("wide", 1280, 800, "light"), ("narrow", 390, 780, "dark")]
)
def test_the_words_have_room_on_every_screen(
    standin: Standin, browser: Browser, look: str, width: int, height: int, scheme: Any
) -> None:
    size: Any = {"width": width, "height": height}
    with browser.new_context(viewport=size, color_scheme=scheme) as context:
        page = begun(standin, context.new_page())
        standin.status("memory", 3, refusal("a"), refusal("b", f"{'A long reason. ' * 12}{'x' * 90}"))
        standin.snapshot(BRANCH, a_state(RED, BLUE, lng=40))
        go_there = page.get_by_role("button", name="Go there")
        expect(go_there).to_be_visible()
        for folded in (False, True):
            if folded:
                page.get_by_role("button", name="Collapse the panel").click()
                page.wait_for_function("() => !document.getElementById('panel').getAnimations().length")
            boxes = [page.locator(name).bounding_box() for name in ("#panel", "#refused", "#go-there")]
            panel, notice, button = [box for box in boxes if box]
            for one, other in ((panel, notice), (panel, button), (notice, button)):
                assert apart(one, other), (folded, one, other)
            assert all(box["x"] >= 0 and box["y"] >= 0 for box in (panel, notice, button))
            for name in ("Dismiss all", "Stay here"):  # nothing of the map's own lies over it
                page.get_by_role("button", name=name).click(trial=True)
            expect(page.locator("#saving")).to_be_in_viewport()
            shot(page, f"{look}-{'folded' if folded else 'open'}")
        standin.away = True
        standin.end()
        expect(page.locator("#connection")).to_have_text("Reconnecting …", timeout=DRAWN)
        shot(page, f"{look}-reconnecting")


def apart(one: Any, other: Any) -> bool:
    """Tell whether two boxes do not overlap."""
    beside: bool = one["x"] + one["width"] <= other["x"] or other["x"] + other["width"] <= one["x"]
    above: bool = one["y"] + one["height"] <= other["y"] or other["y"] + other["height"] <= one["y"]
    return beside or above
