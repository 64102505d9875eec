"""Two people with a browser on one map: each has a name, points at a thing, and clicks again and again.

The clicks are the page's own doing, so that both go on while a test does something else; what the page was
told is read at its fetch.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from playwright.sync_api import Browser, Page

from tests.e2e.conftest import DRAWN, opened, rendered, where
from tests.e2e.kit.every_client import Ack, Told
from tests.e2e.kit.server import Server
from tests.e2e.test_page import at_zero, circle, points

PEOPLE = {"Ana": -6.0, "Bell": 6.0}  # and the longitude of what each points at
SMALL: Any = {"width": 700, "height": 450}  # for a software renderer
CLICK_MS, GIVE_UP_MS = 1500, 9000  # the page itself tries for 7.5 s

CLICKING = """
const ask = window.fetch;
window.told = [];
window.waits = 0; // since when a click waits for its answer
window.fetch = async (input, init) => {
  const answer = await ask(input, init);
  if (!String(input).startsWith("commands")) return answer;
  const said = await answer.clone().json().catch(() => null);
  const { id } = JSON.parse(init.body);
  const [sent, answered] = [window.waits / 1000, Date.now() / 1000];
  window.told.push({ id, sent, answered, status: answer.status, said });
  if (answer.ok) window.waits = 0;
  return answer;
};
window.clickFor = (layer) => setInterval(() => {
  const box = document.querySelector(`li[data-layer="${layer}"] input`);
  if (!box || (window.waits && Date.now() - window.waits < %d)) return;
  window.waits = Date.now();
  box.click();
}, %d);
""" % (GIVE_UP_MS, CLICK_MS)


class TwoPeople:
    """Made by two_people()."""

    def __init__(self, pages: dict[str, Page], told: Told) -> None:
        self.pages, self._told = pages, told
        self.keys: set[str] = set()  # of the clicks that changed something, and were said to be in Redis

    def listen(self) -> None:
        """Take in what the pages were told since."""
        for name, page in self.pages.items():
            for each in page.evaluate("told.splice(0)"):
                self._hear(name, each)

    def _hear(self, name: str, each: dict[str, Any]) -> None:
        said = each["said"] or {}
        if each["status"] != 200:
            self._told.failed(name, f"{each['status']} {said.get('error', {}).get('code')}")
            return
        durability = said["durability"]
        self._told.acks.append(Ack(name, each["id"], each["sent"], each["answered"], durability))
        if said["changed"] and durability == "redis":
            self.keys.add(each["id"])


@contextmanager
def two_people(browser: Browser, url: str, server: Server, session: str, told: Told) -> Iterator[TwoPeople]:
    """Open the map in two browsers, and have both people begin."""
    for name, lng in PEOPLE.items():
        server.command(session, "add_layer", id=name, source=points(name, lng=lng), layers=circle(name))
        clicks = f"{name}-clicks"
        server.command(session, "add_layer", id=clicks, source=points("x", lng=60), layers=circle(clicks))
    at_zero(server, session, zoom=2)
    with ExitStack() as stack:
        pages = {}
        for name in PEOPLE:
            page = stack.enter_context(browser.new_context(viewport=SMALL)).new_page()
            page.add_init_script(CLICKING)
            pages[name] = opened(page, f"{url}/?session={session}")
            page.locator("#name").fill(name)
            page.locator("#name").blur()
        for name, page in pages.items():
            page.wait_for_function(rendered(name, 1), timeout=DRAWN)
            page.mouse.click(*where(page, PEOPLE[name], 0))
            page.evaluate(f"clickFor('{name}-clicks')")
        yield TwoPeople(pages, told)
