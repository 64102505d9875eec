"""Moves of the map: how short ones go, which wait, what is said of them; and the pointer over the map."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.conftest import DRAWN, opened, rendered, where
from tests.e2e.kit.calm import MOVING
from tests.e2e.kit.claude import claude
from tests.e2e.kit.server import Server, running, wait_until
from tests.e2e.test_page import at_zero, circle, is_at, points

ASKED = """() => {
    const map = mapsrv.map, real = map.queryRenderedFeatures.bind(map);
    window.asked = 0;
    map.queryRenderedFeatures = (...args) => { asked += 1; return real(...args) };
}"""
# As a mouse that is asked a thousand times a second tells of its way within one frame.
HURRY = """() => new Promise((done) => {
    const canvas = mapsrv.map.getCanvas();
    for (let x = 500; x < 540; x++)
        canvas.dispatchEvent(new MouseEvent('mousemove', {clientX: x, clientY: 300, bubbles: true}));
    requestAnimationFrame(() => requestAnimationFrame(() => done(asked)));
})"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("moves")) as server:
        yield server


@pytest.fixture(autouse=True)
def moving(page: Page) -> None:
    page.emulate_media(**MOVING)


@pytest.fixture
def session(server: Server) -> str:
    session_id = server.new_map()
    at_zero(server, session_id)
    server.command(session_id, "add_layer", id="spot", source=points("Here"), layers=circle("spot"))
    return session_id


def by_claude(server: Server, session_id: str, **arguments: Any) -> None:
    claude(server, session_id, ("set_map_view", arguments))


def test_a_short_move_is_eased_and_a_far_one_flown(server: Server, page: Page, session: str) -> None:
    page.clock.install()
    opened(page, f"{server.url}/?session={session}")
    page.clock.pause_at(page.evaluate("Date.now()") / 1000 + 5)
    moved(server, page, session, 0.3)  # 7 pixels
    page.clock.run_for(350)
    assert is_at(page, 0.3, 0, 4)
    moved(server, page, session, 40)
    page.clock.run_for(350)
    assert not is_at(page, 40, 0, 4)
    page.clock.run_for(1_400)
    assert is_at(page, 40, 0, 4)


def moved(server: Server, page: Page, session_id: str, lng: float) -> None:
    """Move the shared view, and wait until the page knows."""
    told = server.command(session_id, "set_map_view", center=[lng, 0], zoom=4)["position"]
    page.wait_for_function("p => document.documentElement.dataset.position === p", arg=told)


def test_a_click_on_a_feature_is_no_hand_on_the_map(server: Server, page: Page, session: str) -> None:
    opened(page, f"{server.url}/?session={session}")
    page.wait_for_function(rendered("spot", 1), timeout=DRAWN)
    page.mouse.click(*where(page, 0, 0))
    popup = page.locator(".maplibregl-popup")
    expect(popup).to_contain_text("Here")
    server.command(session, "set_map_view", center=[1, 0], zoom=4)
    wait_until(lambda: is_at(page, 1, 0, 4))
    expect(page.get_by_role("button", name="Go there")).to_be_hidden()
    page.keyboard.press("Escape")
    expect(popup).to_have_count(0)


def test_a_move_that_waits_says_whose_it_is_and_where_it_leads(
    server: Server, page: Page, session: str
) -> None:
    opened(page, f"{server.url}/?session={session}")
    page.mouse.move(600, 300)
    page.mouse.down()
    page.mouse.move(640, 330, steps=4)
    by_claude(server, session, center=[7.447, 46.948], zoom=9)
    offer = page.locator("#offer")
    expect(offer).to_contain_text("Claude looks at Bern, Switzerland")
    page.mouse.up()
    assert not is_at(page, 7.447, 46.948, 9)
    page.get_by_role("button", name="Go there").click()
    wait_until(lambda: is_at(page, 7.447, 46.948, 9))
    expect(offer).to_be_hidden()


def test_a_move_back_ends_one_that_has_just_begun(server: Server, page: Page, session: str) -> None:
    server.command(session, "set_map_view", center=[0, 0], zoom=4)
    page.clock.install()
    opened(page, f"{server.url}/?session={session}")
    page.wait_for_function("() => !mapsrv.map.isMoving()", timeout=DRAWN)
    page.clock.pause_at(page.evaluate("Date.now()") / 1000 + 3)  # no frame is drawn from here on
    server.command(session, "set_map_view", center=[60, 30], zoom=6)
    page.wait_for_function("() => mapsrv.map.isMoving()", timeout=DRAWN)
    back = server.command(session, "set_map_view", center=[0, 0], zoom=4)["position"]
    page.wait_for_function("(at) => mapsrv.position() === at", arg=back, timeout=DRAWN)
    page.clock.resume()
    page.wait_for_function("() => !mapsrv.map.isMoving()", timeout=DRAWN)
    assert is_at(page, 0, 0, 4)


def test_moves_of_models_wait_where_a_person_said_so(server: Server, page: Page, session: str) -> None:
    opened(page, f"{server.url}/?session={session}")
    page.get_by_label("Let assistants move my view").uncheck()
    opened(page, page.url)
    by_claude(server, session, center=[7.447, 46.948], zoom=9)
    expect(page.locator("#offer")).to_contain_text("Claude looks at Bern, Switzerland")
    assert is_at(page, 0, 0, 4)
    server.command(session, "set_map_view", center=[1, 0], zoom=4)  # a person's
    wait_until(lambda: is_at(page, 1, 0, 4))
    expect(page.locator("#offer")).to_be_hidden()
    page.get_by_label("Let assistants move my view").check()
    by_claude(server, session, center=[2, 0], zoom=4)
    wait_until(lambda: is_at(page, 2, 0, 4))


def test_a_pointer_that_hovers_asks_for_features_once_a_frame_and_a_finger_never(
    server: Server, page: Page, browser: Browser, session: str
) -> None:
    url = f"{server.url}/?session={session}"
    opened(page, url).wait_for_function(rendered("spot", 1), timeout=DRAWN)
    cursor = "() => mapsrv.map.getCanvas().style.cursor === 'pointer'"
    page.mouse.move(*where(page, 0, 0))
    page.wait_for_function(cursor)
    page.evaluate(ASKED)
    assert page.evaluate(HURRY) == 1
    with browser.new_context(has_touch=True, is_mobile=True, viewport={"width": 390, "height": 700}) as phone:
        touched = opened(phone.new_page(), url)
        touched.evaluate(ASKED)
        assert touched.evaluate(HURRY) == 0
