"""Two people watch a real MCP client called Claude: both are told each step, and who comes later is too.

One story: each part goes on where the one before it ended.
"""

from __future__ import annotations

import re
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, expect

from tests.e2e.conftest import DRAWN, opened
from tests.e2e.kit.calm import MOVING
from tests.e2e.kit.claude import asked
from tests.e2e.kit.server import Server, running, wait_until

DESK: Any = {"width": 1024, "height": 640}
PHONE: Any = {"width": 390, "height": 700}
CLAUDE = r"Claude( \d)? "  # which connects anew in each test, and is another then
STAYS = 6_000  # milliseconds that the line stays
CITIES = {
    "type": "FeatureCollection",
    "features": [
        {
            "type": "Feature",
            "properties": {"name": name, "population": population},
            "geometry": {"type": "Point", "coordinates": [lng, 46.9]},
        }
        for name, population, lng in (("Bern", 134_000, 7.4), ("Zug", 31_000, 8.5))
    ],
}
BY_POPULATION = ["interpolate", ["linear"], ["get", "population"], 0, "#ffffff", 200000, "#ff0000"]
# What the line over the map said, one after the other.
LISTEN = """() => {
  const now = document.querySelector("#now");
  window.said = [];
  const told = () => `${now.querySelector(".told").textContent} ${now.dataset.state}`;
  const note = () => now.classList.contains("shown") && said.push(told());
  new MutationObserver(note).observe(now, { childList: true });
}"""


class Watched:
    """A server, a map, and two people who look at it."""

    def __init__(self, server: Server, browser: Browser, stack: ExitStack) -> None:
        self.server, self.browser, self.stack = server, browser, stack
        self.session = server.new_map()
        self.errors: list[str] = []
        server.command(self.session, "set_map_view", center=[0, 0], zoom=3)
        self.pages = [self.person(DESK), self.person(DESK)]

    def person(self, viewport: Any) -> Page:
        context = self.stack.enter_context(self.browser.new_context(viewport=viewport, **MOVING))
        page = context.new_page()
        page.on("console", lambda message: message.type == "error" and self.errors.append(message.text))
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.clock.install()
        opened(page, f"{self.server.url}/?session={self.session}")
        page.evaluate(LISTEN)
        return page

    def claude(self, *calls: tuple[str, dict[str, Any]], clients: int = 1) -> list[bool]:
        """Make the calls by as many clients that are called Claude; return which were refused."""
        rounds = [asked(self.server, self.session, *calls) for _ in range(clients)]
        return [bool(result.is_error) for results in rounds for result in results]

    def said(self, page: Page) -> list[str]:
        told: list[str] = page.evaluate("said")
        return told


def each_step_of_claude_is_told_to_both(watched: Watched) -> None:
    first, other = watched.pages
    first.mouse.move(672, 30)  # where the line will be
    add = ("add_layer", {"id": "cities", "title": "Cities", "source": CITIES})
    paint = {"layer_id": "cities", "properties": {"circle-color": BY_POPULATION}}
    assert watched.claude(add, ("set_layer_paint", paint)) == [False, False]
    for page in watched.pages:
        expect(page.locator("#now")).to_have_text("Claude colours Cities by populationdone")
        row = page.locator('#layers [data-layer="cities"] .doing')
        expect(row).to_have_text("Claude colours Cities by population")
        assert "Claude adds Cities, coloured by population done" not in watched.said(page)
        assert "Claude adds Cities done" in watched.said(page)
        expect(page.locator("#people-list")).to_contain_text("Claude")
        expect(page.locator("#people")).to_have_text("2 people here")
    first.mouse.move(672, 32)
    for page in watched.pages:
        page.clock.fast_forward(STAYS)
    expect(other.locator("#now")).to_be_hidden()
    expect(other.locator(".doing")).to_have_count(0)
    expect(first.locator("#now")).to_be_visible()  # a hand is over it
    first.mouse.move(672, 500)


def a_refused_call_says_why_and_one_that_reads_is_quiet(watched: Watched) -> None:
    wrong = {"layer_id": "cities", "properties": {"circle-color": "reddish"}}
    assert watched.claude(("get_map_state", {}), ("set_layer_paint", wrong)) == [False, True]
    for page in watched.pages:
        now = page.locator("#now")
        expect(now).to_contain_text(re.compile(CLAUDE + "could not change the look of Cities: "))
        expect(now.locator(".reason")).to_contain_text("reddish")
        expect(page.locator('#layers [data-layer="cities"] .doing')).to_contain_text("could not change")
        assert not now.evaluate("line => line.classList.contains('quiet')")
    watched.pages[1].clock.fast_forward(STAYS)
    expect(watched.pages[1].locator("#now")).to_be_hidden()
    watched.claude(("get_map_state", {}))
    expect(watched.pages[1].locator("#now.quiet")).to_contain_text(re.compile(CLAUDE + "looks at the map"))


def what_a_person_does_is_told_to_the_other_alone(watched: Watched) -> None:
    first, other = watched.pages
    first.locator('#layers [data-layer="cities"] input').click()
    expect(other.locator("#now")).to_contain_text("hides Cities")
    assert not any("hides Cities" in said for said in watched.said(first))
    first.locator('#layers [data-layer="cities"] input').click()


def two_of_one_name_are_told_apart_and_the_dialog_says_who_is_here(watched: Watched) -> None:
    watched.claude(("open_map", {"title": "Swiss cities"}), clients=2)
    first, other = watched.pages
    for name in ("Claude", *(f"Claude {number}" for number in range(2, 6))):  # with those of the tests before
        expect(other.locator("#people-list").get_by_text(name, exact=True)).to_be_visible()
    wait_until(lambda: any(said.startswith("Claude 4 names the map") for said in watched.said(other)))
    first.get_by_role("button", name="Connect your assistant").click()
    expect(first.locator("#connect-status")).to_have_text("5 assistants are here")
    first.keyboard.press("Escape")


def listed(page: Page) -> list[str]:
    texts: list[str] = page.locator("#activity-list li li").all_inner_texts()
    return texts


def all_that_was_done_is_listed_alike_for_who_comes_later(watched: Watched) -> None:
    first, _ = watched.pages
    for number in range(120):
        watched.server.command(watched.session, "open_map", title=f"Draft {number}")
    first.get_by_role("button", name="Activity").click()
    expect(first.locator("#activity-list li li").first).to_have_text("Names the map “Draft 119”")
    watched.claude(("open_map", {"title": "Swiss cities"}))
    expect(first.locator("#activity-list li li").first).to_have_text("Names the map “Swiss cities”")
    late = watched.person(PHONE)
    late.get_by_role("button", name="Activity").click()
    for page in (first, late):
        page.locator("#activity-list li li").first.hover()
        while page.locator("#activity-end").inner_text() != "The map begins here.":
            page.mouse.wheel(0, 4_000)
        page.locator("#activity-end").scroll_into_view_if_needed()
    assert len(listed(first)) > 120
    wait_until(lambda: listed(late) == listed(first))  # where a view went is asked for as it is scrolled to
    late.get_by_role("button", name="Colours Cities by population").click()
    at = "const at = mapsrv.map.getCenter()"
    here = f"() => {{ {at}; return Math.abs(at.lng - 8) < 1 && Math.abs(at.lat - 47) < 3 }}"
    late.wait_for_function(here, timeout=DRAWN)
    first.keyboard.press("Escape")
    expect(first.locator("#activity")).to_be_hidden()


def a_view_is_told_by_its_place(watched: Watched) -> None:
    first, other = watched.pages
    first.get_by_role("button", name="Activity").click()
    watched.claude(("set_map_view", {"center": [7.447, 46.948], "zoom": 9}))
    told = re.compile(CLAUDE + "moves the view to Bern, Switzerland")
    expect(other.locator("#now .told")).to_have_text(told, timeout=DRAWN)
    newest = first.locator("#activity-list li li").first
    expect(newest).to_have_text("Moves the view to Bern, Switzerland", timeout=DRAWN)


def test_two_watch_claude_work_and_a_third_reads_it_later(browser: Browser, tmp_path: Path) -> None:
    with running(tmp_path) as server, ExitStack() as stack:
        watched = Watched(server, browser, stack)
        each_step_of_claude_is_told_to_both(watched)
        a_refused_call_says_why_and_one_that_reads_is_quiet(watched)
        what_a_person_does_is_told_to_the_other_alone(watched)
        two_of_one_name_are_told_apart_and_the_dialog_says_who_is_here(watched)
        all_that_was_done_is_listed_alike_for_who_comes_later(watched)
        a_view_is_told_by_its_place(watched)
        assert watched.errors == []
