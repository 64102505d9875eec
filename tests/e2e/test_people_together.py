"""Two people and Claude on one map: who is here, where they look, and what each sees of what the others do.

What is looked for is what a person would see: boxes on the screen, names, where the map is. One map and
two pages serve all tests.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.e2e.conftest import DRAWN, opened, rendered, where
from tests.e2e.kit.calm import MOVING
from tests.e2e.kit.claude import calling, claude
from tests.e2e.kit.server import Server, running, wait_until
from tests.e2e.test_page import at_zero, circle, points

SIZE: Any = {"width": 1000, "height": 620}
NEAR = 4.0  # pixels
NAMED = r"^[A-Z][a-z]+ [a-z]+$"
GLOWS = """
window.glowed = []; // what has glowed on this page, by layer
new MutationObserver((records) => records.forEach(({ addedNodes }) => addedNodes.forEach((node) => {
  if (node.classList?.contains("glow")) window.glowed.push(node.dataset.layer);
}))).observe(document, { childList: true, subtree: true });
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("together")) as server:
        yield server


@pytest.fixture(scope="module")
def session(server: Server) -> str:
    session_id = server.new_map()
    at_zero(server, session_id)
    return session_id


@pytest.fixture(scope="module")
def both(browser: Browser, server: Server, session: str) -> Iterator[tuple[Page, Page]]:
    """Ana, who set her name, and somebody who set none."""
    look = {"viewport": SIZE, **MOVING}
    with browser.new_context(**look) as one, browser.new_context(**look) as other:
        pages = one.new_page(), other.new_page()
        for page in pages:
            page.add_init_script(GLOWS)
            opened(page, f"{server.url}/?session={session}")
        pages[0].locator("#name").fill("Ana")
        pages[0].locator("#name").press("Tab")
        expect(row(pages[1], "Ana")).to_be_visible()
        yield pages


@pytest.fixture
def people(both: tuple[Page, Page]) -> tuple[Page, Page]:
    """The two, where they began."""
    for page in both:
        for name in ("Stop following", "Do not follow again", "Stay here"):
            if (offered := page.get_by_role("button", name=name)).is_visible():
                offered.click()
        page.mouse.move(990, 610)
        page.evaluate("() => void mapsrv.map.jumpTo({ center: [0, 0], zoom: 4 })")
    return both


def row(page: Page, name: str) -> Locator:
    names = page.locator(".name").get_by_text(name, exact=True)
    return page.locator("#people-list li").filter(has=names)


def centre(shape: Locator) -> tuple[float, float]:
    """Return where on the screen something stands; (-1, -1) where it does not."""
    box = shape.bounding_box() if shape.count() else None
    return (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2) if box else (-1, -1)


def close(one: tuple[float, float], other: tuple[float, float], near: float = NEAR) -> bool:
    return all(abs(a - b) <= near for a, b in zip(one, other, strict=True))


def looks_at(page: Page) -> tuple[float, float, float]:
    at: Any = page.evaluate(
        "() => { const { lng, lat } = mapsrv.map.getCenter(); return [lng, lat, mapsrv.map.getZoom()] }"
    )
    return at[0], at[1], at[2]


def look_alike(one: Page, other: Page) -> Callable[[], bool]:
    return lambda: all(abs(a - b) < 1e-3 for a, b in zip(looks_at(one), looks_at(other), strict=True))


def drag(page: Page, by: int) -> None:
    page.mouse.move(640, 300)
    page.mouse.down()
    page.mouse.move(640 + by, 300, steps=6)
    page.mouse.up()


def adding(server: Server, session: str, name: str, source: Any) -> AbstractContextManager[None]:
    layer = {"id": name, "title": name.title(), "source": source, "layers": circle(name)}
    return calling(server, session, ("add_layer", layer))


def glow(page: Page, layer: str) -> Locator:
    return page.locator(f".glow[data-layer={layer}] .glow-line")


def rests(page: Page) -> None:
    page.wait_for_function("() => !mapsrv.map.isMoving()", timeout=DRAWN)


def frames(ana: Page, other: Page) -> Callable[[], bool]:
    """Whether Ana's frame on the other map is around what she sees now."""

    def around() -> bool:
        west, south, east, north = ana.evaluate("() => mapsrv.map.getBounds().toArray().flat()")
        (left, top), (right, bottom) = where(other, west, north), where(other, east, south)
        box = other.locator(".person-mark .frame").bounding_box() or {"width": 0, "height": 0}
        at = close(centre(other.locator(".person-mark .frame")), ((left + right) / 2, (top + bottom) / 2))
        return at and close((box["width"], box["height"]), (right - left, bottom - top), 12)

    return around


def test_who_set_no_name_has_the_same_one_and_its_colour_on_every_page(people: tuple[Page, Page]) -> None:
    ana, other = people
    own = other.locator("#people-list li.self .name").inner_text()
    assert own == ana.locator("#people-list li.person .name").inner_text()
    expect(ana.locator("#people-list li.person .name")).to_have_text(re.compile(NAMED))
    assert other.locator("#name").get_attribute("placeholder") == own
    colour = "dot => getComputedStyle(dot).backgroundColor"
    dots = [
        page.locator(f"#people-list {which} .dot") for page, which in ((other, ".self"), (ana, ".person"))
    ]
    assert dots[0].evaluate(colour) == dots[1].evaluate(colour)
    expect(ana.locator("#people-list li.self")).to_contain_text("Ana")
    expect(ana.locator("#people")).to_have_text("2 people here")


def test_a_pointer_and_a_view_are_seen_where_they_are(people: tuple[Page, Page]) -> None:
    ana, other = people
    ana.mouse.move(600, 250)
    ana.mouse.wheel(0, -300)
    ana.mouse.move(700, 300, steps=3)
    dot = other.locator(".person-mark .cursor")
    expect(other.locator(".mark-name").get_by_text("Ana").first).to_be_visible()

    def stands() -> bool:
        at: Any = ana.evaluate("() => mapsrv.map.unproject([700, 300]).toArray()")
        return close(centre(dot), where(other, *at))

    wait_until(stands)
    ana.locator("canvas").press("Equal")
    rests(ana)
    wait_until(stands)
    wait_until(frames(ana, other))
    assert ana.locator(".person-mark .frame").is_hidden(), "who sees all of it sees no frame"


def test_everyone_is_shown_a_view_and_its_author_is_not_asked(
    server: Server, session: str, people: tuple[Page, Page]
) -> None:
    ana, other = people
    drag(ana, 200)
    ana.get_by_role("button", name="Show everyone my view").click()
    expect(ana.locator("#message")).to_have_text("Everyone is shown your view.")
    wait_until(look_alike(ana, other))
    assert server.state(session)["state"]["camera"]["center"] == pytest.approx(looks_at(ana)[:2], abs=1e-5)
    expect(ana.get_by_role("button", name="Go there")).to_be_hidden()


def test_one_goes_to_another_and_follows_until_a_hand_ends_it(people: tuple[Page, Page]) -> None:
    ana, other = people
    drag(ana, 200)
    rests(ana)
    wait_until(frames(ana, other))
    row(other, "Ana").get_by_role("button", name="Go to Ana").click()
    wait_until(look_alike(ana, other))
    follow = row(other, "Ana").get_by_role("button", name="Follow Ana")
    follow.click()
    expect(other.locator("#following")).to_contain_text("Following Ana")
    drag(ana, 150)
    wait_until(look_alike(ana, other))
    drag(other, 60)
    again = other.get_by_role("button", name="Follow Ana again")
    expect(again).to_be_visible()
    rests(other)
    own = looks_at(other)
    drag(ana, 90)
    expect(row(other, "Ana").get_by_role("button", name="Follow Ana")).to_have_attribute(
        "aria-pressed", "false"
    )
    assert not look_alike(ana, other)() and looks_at(other) == own
    again.click()
    wait_until(look_alike(ana, other))
    other.get_by_role("button", name="Stop following").click()
    expect(other.locator("#following")).to_be_hidden()


def test_while_somebody_is_followed_an_assistants_move_waits(
    server: Server, session: str, people: tuple[Page, Page]
) -> None:
    ana, other = people
    row(other, "Ana").get_by_role("button", name="Follow Ana").click()
    wait_until(look_alike(ana, other))
    ana.mouse.move(640, 300)
    ana.mouse.down()  # Ana's hand is on her map: she stays, and so does who follows her
    claude(server, session, ("set_map_view", {"center": [30, 30], "zoom": 6}))
    for page in people:
        expect(page.get_by_role("button", name="Go there")).to_be_visible()
    ana.mouse.up()
    wait_until(look_alike(ana, other))
    assert abs(looks_at(other)[0]) < 1 and all(
        page.get_by_role("button", name="Go there").is_visible() for page in people
    )


def test_what_claude_changes_glows_where_it_is_and_no_author_sees_their_own(
    server: Server, session: str, people: tuple[Page, Page]
) -> None:
    ana, other = people
    stops = points("a", "b")
    stops["features"] = [{**one, "id": one["properties"]["name"]} for one in stops["features"]]
    with adding(server, session, "stops", stops):
        for page in people:
            expect(glow(page, "stops")).to_be_visible(timeout=DRAWN)
    for page in people:
        page.wait_for_function(rendered("stops", 2), timeout=DRAWN)
        expect(glow(page, "stops")).to_have_count(0)
    moved = {"id": "b", "geometry": {"type": "Point", "coordinates": [3, 3]}}
    with calling(server, session, ("update_features", {"layer_id": "stops", "update": [moved]})):
        for page in people:
            expect(glow(page, "stops")).to_be_visible(timeout=DRAWN)
            assert close(centre(glow(page, "stops")), where(page, 3, 3)), "the feature, and not its layer"
    expect(glow(ana, "stops")).to_have_count(0)
    before = ana.evaluate("() => glowed.length")
    ana.get_by_role("checkbox", name="Stops").click()
    expect(glow(other, "stops")).to_be_visible(timeout=DRAWN)
    assert ana.evaluate("() => glowed.length") == before


def test_a_change_out_of_view_is_pointed_to_and_a_click_goes_there(
    server: Server, session: str, people: tuple[Page, Page]
) -> None:
    arrows = [page.get_by_role("button", name="Far changed, out of view. Go there") for page in people]
    with adding(server, session, "far", points("a", "b", lng=120.0)):
        for arrow in arrows:
            expect(arrow).to_be_visible()
            x, y = centre(arrow)
            assert x > SIZE["width"] * 0.8 and abs(y - SIZE["height"] / 2) < 60, "to the east, at the edge"
    arrows[0].click()
    expect(glow(people[0], "far")).to_be_visible(timeout=DRAWN)
    expect(arrows[0]).to_be_hidden()
    assert abs(looks_at(people[0])[0] - 120) < 1
    expect(arrows[1]).to_be_hidden(timeout=DRAWN)
    assert abs(looks_at(people[1])[0]) < 1, "it goes by itself, and moves nothing"


def test_many_changes_a_second_glow_as_few(server: Server, session: str, people: tuple[Page, Page]) -> None:
    source = {"type": "FeatureCollection", "features": fleet(0)}
    with adding(server, session, "fleet", source):
        expect(glow(people[0], "fleet")).to_be_visible(timeout=DRAWN)
    before = [page.evaluate("() => glowed.length") for page in people]
    for step in range(1, 41):
        [bus] = fleet(step / 10)
        moved = {"id": bus["id"], "geometry": bus["geometry"]}
        server.command(session, "update_features", layer_id="fleet", update=[moved])
    for page, count in zip(people, before, strict=True):
        wait_until(lambda: page.evaluate("() => glowed.length") > count)  # noqa: B023
        expect(glow(page, "fleet")).to_have_count(0, timeout=DRAWN)
        assert page.evaluate("() => glowed.length") <= count + 4


def fleet(lng: float) -> list[dict[str, Any]]:
    geometry = {"type": "Point", "coordinates": [lng, 0]}
    return [{"type": "Feature", "id": "bus", "properties": {}, "geometry": geometry}]


def test_who_wants_no_motion_sees_a_still(server: Server, session: str, people: tuple[Page, Page]) -> None:
    _, other = people
    other.emulate_media(reduced_motion="reduce")
    looks = (
        "it => { const { animationName, opacity } = getComputedStyle(it); return [animationName, opacity] }"
    )
    with adding(server, session, "still", points("a", "b")):
        still = other.locator(".glow[data-layer=still]")
        expect(still).to_be_visible(timeout=DRAWN)
        assert still.evaluate(looks) == ["none", "1"]
    expect(still).to_have_count(0)
    other.emulate_media(reduced_motion="no-preference")


def test_assistants_are_in_the_list_and_two_of_one_name_are_told_apart(
    server: Server, session: str, browser: Browser
) -> None:
    models = [{"id": f"m{n}", "name": "Claude", "drawing": n == 0} for n in range(2)]
    said = "".join(
        f"id: {known['position']}\nevent: {event}\ndata: {json.dumps(data)}\n\n"
        for known in [server.state(session)]
        for event, data in (("snapshot", known), ("presence", {"count": 1, "viewers": [], "models": models}))
    )
    with browser.new_context(viewport=SIZE) as context:
        page = context.new_page()
        page.route("**/events?*", lambda route: route.fulfill(body=said, content_type="text/event-stream"))
        page.goto(f"{server.url}/?session={session}")
        names = page.locator("#people-list .model .who")
        expect(names).to_have_text(["Claudeassistant, drawing", "Claude 2assistant"], timeout=DRAWN)
