"""How the page stands in its windows: on a phone, in the dark, with many layers; and that all can use it.

A stand-in says what a server would, so one page is led through everything.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.conftest import DRAWN, where
from tests.e2e.kit.axe import violations
from tests.e2e.kit.looks import a_state, dead_tiles, greet
from tests.e2e.kit.pixels import pixel
from tests.e2e.kit.server import wait_until
from tests.e2e.kit.standin import Standin, pretending
from tests.kit.ports import free_port

DESK, SMALL, PHONE = (1440, 900), (1024, 768), (390, 844)
FINGER = 44  # pixels
ROME = (12.5 + 18 * 0.13, 41.9 - 18 * 0.065)  # of the last layer but one
IDLE = "() => mapsrv.map.loaded() && !mapsrv.map.isMoving()"
# What can be pressed and is seen, and is smaller than a finger; a link in a text is as high as its line.
SMALL_TARGETS = """least => [...document.querySelectorAll(
        'button, summary, input, a[href], [tabindex="0"]:not(pre, canvas)')]
    .filter(it => it.checkVisibility({ visibilityProperty: true, opacityProperty: false }))
    .filter(it => !it.closest('.maplibregl-ctrl-attrib-inner'))
    .filter(it => !document.querySelector('dialog[open]') || it.closest('dialog'))
    .map(it => [it, (it.closest('label') ?? it).getBoundingClientRect()])
    .filter(([it, box]) => box.width < least || box.height < least)
    .map(([it, box]) => `${it.outerHTML.slice(0, 90)} ${box.width}x${box.height}`)"""


@contextmanager
def at(browser: Browser, width: int, height: int, **kind: Any) -> Iterator[tuple[Page, Standin]]:
    """Open a map with twenty layers."""
    size: Any = {"width": width, "height": height}
    with pretending() as standin, browser.new_context(viewport=size, **kind) as context:
        page = context.new_page()
        page.goto(f"{standin.url}/?session=s")
        greet(standin, 1, 20)
        expect(page.locator("#connection")).to_have_text("Connected", timeout=DRAWN)
        page.wait_for_function(IDLE, timeout=DRAWN)
        yield page, standin


@pytest.fixture(scope="module")
def desk(browser: Browser) -> Iterator[tuple[Page, Standin]]:
    with at(browser, *DESK) as opened:
        yield opened


@pytest.fixture(scope="module")
def phone(browser: Browser) -> Iterator[tuple[Page, Standin]]:
    with at(browser, *PHONE, has_touch=True, is_mobile=True) as opened:
        yield opened


def box(page: Page, selector: str) -> Any:
    return page.locator(selector).bounding_box()


def says(page: Page, standin: Standin, count: int, *more: Any) -> None:
    """Have the map have so many layers."""
    standin.snapshot(f"shared.{count}.{len(more):08}", a_state(count, *more))
    expect(page.locator("#layers > li")).to_have_count(count + len(more))


def drag(page: Page, x: float, ys: list[float]) -> None:
    """Drag a finger from the first place to the last."""
    touch = page.context.new_cdp_session(page)

    def do(kind: str, *points: Any) -> None:
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": list(points)})

    do("touchStart", {"x": x, "y": ys[0]})
    for y in ys[1:]:
        do("touchMove", {"x": x, "y": y})
        page.wait_for_timeout(20)
    page.wait_for_timeout(150)  # a finger that rests is no flick
    do("touchEnd")
    touch.detach()


def height(page: Page, said: str = ".") -> float:
    """Return the height at which the sheet comes to rest, once it says which: a touch is acted on later."""
    expect(page.locator("#grip")).to_have_attribute("aria-valuetext", re.compile(said))
    page.wait_for_function("() => !document.getElementById('panel').getAnimations().length")
    return float(box(page, "#panel")["height"])


def half(page: Page) -> None:
    page.locator("#grip").press("Home")
    page.locator("#grip").press("ArrowUp")


def judge(page: Page) -> None:
    """Have axe-core look at the page as it stands, in the light and in the dark."""
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        assert violations(page) == [], scheme


@pytest.mark.parametrize("window", ["desk", "phone"])
def test_axe_finds_nothing_wrong(request: pytest.FixtureRequest, window: str) -> None:
    page, standin = request.getfixturevalue(window)
    says(page, standin, 0)
    judge(page)
    says(page, standin, 20, dead_tiles(f"http://127.0.0.1:{free_port()}"))
    page.wait_for_function("() => mapsrv.problems().length", timeout=DRAWN)
    refused = {"id": "a", "command": "remove_layer", "code": "unknown_layer", "message": "It is gone."}
    standin.status("memory", 2, refused)
    expect(page.locator("#refused")).to_be_visible()
    judge(page)
    page.get_by_role("button", name="Dismiss: Removing a layer").click()
    page.get_by_role("button", name="Collapse the panel").click()
    judge(page)
    page.get_by_role("button", name="Show the panel").click()
    page.get_by_role("button", name="Connect your assistant").click()
    judge(page)
    page.keyboard.press("Escape")
    for button in (re.compile("^More: "), "Activity"):
        page.get_by_role("button", name=button).first.click()
        judge(page)
        page.keyboard.press("Escape")
    top = 7.45 + 18 * 0.13, 46.95 - 18 * 0.065
    page.evaluate("(center) => void mapsrv.map.jumpTo({ center, zoom: 9 })", list(top))
    page.wait_for_function(IDLE, timeout=DRAWN)
    page.mouse.click(*where(page, *top))
    expect(page.locator(".feature")).to_be_visible()
    judge(page)
    page.keyboard.press("Escape")
    expect(page.locator(".feature")).to_have_count(0)


def test_twenty_layers_leave_share_and_connect_in_reach(desk: tuple[Page, Standin]) -> None:
    page, standin = desk
    page.set_viewport_size({"width": SMALL[0], "height": SMALL[1]})
    says(page, standin, 20)
    for name in ("Copy link", "Connect your assistant"):
        expect(page.get_by_role("button", name=name)).to_be_in_viewport(ratio=1)
    last = page.locator("#layers > li").last
    expect(last).not_to_be_in_viewport()
    page.locator("#layers").hover()
    page.mouse.wheel(0, 5_000)
    expect(last).to_be_in_viewport(ratio=0.9)  # pixels are not whole
    for name in ("Copy link", "Connect your assistant"):
        page.get_by_role("button", name=name).click(trial=True)


def test_what_stands_over_the_map_follows_the_dark(desk: tuple[Page, Standin]) -> None:
    page, standin = desk
    page.set_viewport_size({"width": DESK[0], "height": DESK[1]})
    says(page, standin, 20)
    page.wait_for_function(f"{IDLE} && mapsrv.map.getCanvas().clientWidth === {DESK[0]}", timeout=DRAWN)
    popup = page.locator(".maplibregl-popup-content")

    def opens() -> bool:  # once the map has taken the size of its window
        page.mouse.click(*where(page, 7.45 + 18 * 0.13, 46.95 - 18 * 0.065))
        return popup.is_visible()

    wait_until(opens, 30)
    page.wait_for_function(IDLE, timeout=DRAWN)
    parts = ("#panel", ".maplibregl-ctrl-group", ".maplibregl-popup-content", ".maplibregl-ctrl-attrib")
    brightness: dict[str, list[int]] = {part: [] for part in parts}
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        for part in parts:
            frame = box(page, part)
            brightness[part].append(sum(pixel(page, frame["x"] + 12, frame["y"] + 3)))
    page.locator(".maplibregl-popup-close-button").click()
    assert all(light > 600 and dark < 300 for light, dark in brightness.values()), brightness


def test_the_sheet_is_dragged_to_three_heights(phone: tuple[Page, Standin]) -> None:
    page, standin = phone
    says(page, standin, 20)
    half(page)
    middle = height(page, "Half open")
    top = PHONE[1] - middle + 10
    drag(page, 195, [top, top - 100, top - 200, 160])
    full = height(page, "Open")
    drag(page, 60, [PHONE[1] - full + 30, 300, 500, PHONE[1] - 20])  # by the title too
    low = height(page, "Low")
    assert low < 100 < 300 < middle < 400 < 700 < full < PHONE[1] - 100
    expect(page.locator("#layers")).to_be_hidden()
    expect(page.get_by_role("heading", level=1)).to_be_in_viewport(ratio=1)
    page.touchscreen.tap(195, PHONE[1] - low + 8)
    assert height(page, "Half open") == middle
    expect(page.locator("#layers > li").first).to_be_in_viewport()


def test_the_sheet_is_moved_by_keys(phone: tuple[Page, Standin]) -> None:
    page, _ = phone
    grip = page.get_by_role("slider", name="Height of the panel")
    half(page)
    middle = height(page, "Half open")
    for key, said in (
        ("ArrowUp", "Open"),
        ("ArrowDown", "Half open"),
        ("ArrowDown", "Low"),
        ("End", "Open"),
    ):
        grip.press(key)
        expect(grip).to_have_attribute("aria-valuetext", said)
    assert height(page, "Open") > middle
    page.get_by_role("button", name="Collapse the panel").tap()
    assert height(page, "Low") < middle
    page.get_by_role("button", name="Show the panel").tap()
    assert height(page, "Half open") == middle


@pytest.mark.parametrize(
    ("key", "said", "lng"), [("Home", "Low", 20), ("ArrowUp", "Half open", 30), ("End", "Open", 40)]
)
def test_no_flight_ends_under_the_sheet(phone: tuple[Page, Standin], key: str, said: str, lng: int) -> None:
    page, standin = phone
    grip = page.locator("#grip")
    grip.press("Home")
    grip.press(key)
    height(page, said)
    camera = {"center": [lng, 30], "zoom": 4}
    standin.say("event", {"ops": [{"op": "set_camera", "camera": camera}]}, id=f"shared.{lng}.0badcafe")
    go_there = page.get_by_role("button", name="Go there", exact=True)

    def arrived() -> bool:
        if go_there.is_visible():
            go_there.tap()
        page.wait_for_function(IDLE, timeout=DRAWN)
        return abs(page.evaluate("mapsrv.map.getCenter().lng") - lng) < 1e-6

    wait_until(arrived, 30)
    free = PHONE[1] - height(page)
    assert where(page, lng, 30) == (195, pytest.approx(free / 2, abs=2))


def test_going_to_somebody_lowers_a_sheet_that_hides_the_map(phone: tuple[Page, Standin]) -> None:
    page, standin = phone
    view = {"center": [60, 20], "zoom": 4, "bearing": 0, "pitch": 0}
    standin.say("presence", {"count": 2, "viewers": [{"id": "ana", "name": "Ana", "viewport": view}]})
    page.locator("#grip").press("End")
    page.get_by_role("button", name="Go to Ana").tap()
    free = PHONE[1] - height(page, "Half open")
    page.wait_for_function(f"{IDLE.removeprefix('() =>')} && mapsrv.map.getCenter().lng > 59", timeout=DRAWN)
    assert where(page, 60, 20) == (195, pytest.approx(free / 2, abs=2))


def test_a_look_at_a_layer_lowers_a_sheet_that_hides_the_map(phone: tuple[Page, Standin]) -> None:
    page, _ = phone
    page.locator("#grip").press("End")
    full = height(page, "Open")
    page.get_by_role("button", name="More: Cities", exact=True).tap()
    page.get_by_role("button", name="Zoom to: Cities", exact=True).tap()
    free = PHONE[1] - height(page, "Half open")
    assert free > PHONE[1] - full
    page.wait_for_function(f"{IDLE.removeprefix('() =>')} && mapsrv.map.getCenter().lng < 15", timeout=DRAWN)
    for lng, lat in ((-3.7, 40.42), (21.01, 52.23)):
        x, y = where(page, lng, lat)
        assert 0 < x < PHONE[0] and 0 < y < free


@pytest.mark.parametrize("before", ["Half open", "Low"])
def test_what_is_here_stands_in_the_sheet_in_place_of_the_lists(
    phone: tuple[Page, Standin], before: str
) -> None:
    page, _ = phone
    layers = page.get_by_role("heading", name="Layers")
    half(page)
    if before == "Low":
        page.locator("#grip").press("Home")
    free = PHONE[1] - height(page, before)
    x, y = PHONE[0] / 2, free - 100  # above the attribution
    page.evaluate(
        """([x, y, place]) => {
            const map = mapsrv.map, middle = map.project(map.getCenter()), at = map.project(place);
            map.jumpTo({center: map.unproject([middle.x + at.x - x, middle.y + at.y - y])});
        }""",
        [x, y, ROME],
    )
    page.wait_for_function(IDLE, timeout=DRAWN)
    page.touchscreen.tap(x, y)
    here = page.get_by_role("region", name="What is here")
    expect(here.get_by_role("heading", name="Rome")).to_be_in_viewport(ratio=1)
    expect(layers).to_be_hidden()
    expect(page.locator("#connection")).to_be_visible()
    page.wait_for_function(IDLE, timeout=DRAWN)
    assert 0 < where(page, *ROME)[1] < PHONE[1] - height(page, "Half open"), "what was tapped is in view"
    frame, panel = box(page, "#feature-sheet"), box(page, "#panel")
    assert panel["y"] < frame["y"] and frame["width"] > 0.9 * PHONE[0]
    assert page.evaluate(SMALL_TARGETS, FINGER) == []
    here.get_by_role("button", name="Close").tap()
    expect(here).to_have_count(0)
    height(page, before)
    if before == "Half open":
        expect(layers).to_be_visible()


def test_a_finger_hits_whatever_can_be_pressed(phone: tuple[Page, Standin]) -> None:
    page, standin = phone
    standin.status(
        "disk", 0, {"id": "x", "command": "remove_layer", "code": "unknown_layer", "message": "Gone."}
    )
    expect(page.locator("#refused")).to_be_visible()
    assert page.evaluate(SMALL_TARGETS, FINGER) == []
    page.get_by_role("button", name="Dismiss: Removing a layer").tap()
    page.locator("#grip").press("End")
    assert page.evaluate(SMALL_TARGETS, FINGER) == []
    page.get_by_role("button", name="Connect your assistant").tap()
    assert page.evaluate(SMALL_TARGETS, FINGER) == []


@pytest.mark.parametrize("window", ["desk", "phone"])
def test_axe_finds_nothing_wrong_with_a_page_that_cannot_go_on(
    request: pytest.FixtureRequest, window: str
) -> None:
    page, standin = request.getfixturevalue(window)
    standin.say("snapshot", {"format": 99, "position": "", "state": {}})
    expect(page.get_by_role("dialog", name="mapsrv has been updated")).to_be_visible()
    judge(page)
