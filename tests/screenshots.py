"""Photographs the page in all its states: `python -m tests.screenshots FOLDER [WORD ...]`, to be looked at.

Three windows, light and dark, with 0, 3 and 20 layers, in each state of the line and of the panel; the
names have them all, and with words only those names are taken that have each of them. A stand-in says what
a server would. FOLDER gets an index.html of all pictures, those of one state side by side.
"""

from __future__ import annotations

import argparse
import html
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, expect

from tests.e2e.conftest import DRAWN, chromium
from tests.e2e.kit.looks import BRANCH, a_state, dead_tiles, greet
from tests.e2e.kit.standin import Standin, pretending
from tests.kit.ports import free_port

WINDOWS = ((1440, 900), (1024, 768), (390, 844))
PHONE = 390  # pixels wide: has fingers for a pointer
SCHEMES = ("light", "dark")
COUNTS = (0, 3, 20)
IDLE = "() => window.mapsrv.map.loaded() && !window.mapsrv.map.isMoving()"
FADE_MS = 400  # for labels and tiles, which fade in, and sheets, which slide
# Waits of seconds that say how long the line is broken are a tenth: a person would see the same, later.
HURRY = """{ const real = window.setTimeout; window.setTimeout = (run, ms, ...more) =>
    real(run, ms === 2000 || ms === 20000 ? ms / 10 : ms, ...more) }"""


@dataclass(frozen=True, slots=True)
class Scene:
    """A page that is open on a stand-in, and how many layers its map has."""

    page: Page
    standin: Standin
    count: int

    def says(self, text: str) -> None:
        expect(self.page.locator("#connection")).to_have_text(text, timeout=DRAWN)

    def snapshot(self, position: str, *more: dict[str, Any], lng: float = 10) -> None:
        state = a_state(self.count, *more)
        self.standin.snapshot(position, {**state, "camera": {"center": [lng, 48], "zoom": 4}})

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=True).click()


def connected(scene: Scene) -> None:
    greet(scene.standin, 1, scene.count)
    scene.says("Connected")


def folded(scene: Scene) -> None:
    scene.press("Collapse the panel")


def unfolded(scene: Scene) -> None:
    scene.press("Show the panel")


def raised(scene: Scene) -> None:
    grip = scene.page.locator("#grip")
    if grip.is_visible():
        grip.press("End")


def lowered(scene: Scene) -> None:
    grip = scene.page.locator("#grip")
    if grip.is_visible():
        grip.press("ArrowDown")


def a_popup(scene: Scene) -> None:
    if scene.count:
        settle(scene.page)
        at: Any = scene.page.evaluate(
            "(() => { const p = mapsrv.map.project([7.71, 46.82]); return [p.x, p.y] })()"
        )
        scene.page.mouse.click(*at)


def without_popup(scene: Scene) -> None:
    close = scene.page.locator(".maplibregl-popup-close-button, #feature-sheet > .icon")
    if close.count():
        close.click()


def saved_here(scene: Scene) -> None:
    scene.snapshot(BRANCH)
    scene.standin.status("memory", 3)
    expect(scene.page.locator("#saving")).to_contain_text("here only")


def refused(scene: Scene) -> None:
    why = 'No layer "rivers" is on this map: somebody has removed it.'
    two = [
        {"id": key, "command": command, "code": "unknown_layer", "message": why}
        for key, command in (("a", "remove_layer"), ("b", "set_layer_paint"))
    ]
    scene.standin.status("disk", 0, *two)
    scene.snapshot("shared.9.feedface", lng=25)
    expect(scene.page.locator("#refused")).to_be_visible()


def dismissed(scene: Scene) -> None:
    scene.press("Dismiss all")
    scene.press("Stay here")


def tiles(scene: Scene) -> None:
    scene.snapshot("shared.10.feedface", dead_tiles(f"http://127.0.0.1:{free_port()}"))
    expect(scene.page.locator("#panel")).to_contain_text("Dead tiles", timeout=DRAWN)
    scene.page.wait_for_function("() => mapsrv.problems().length > 0", timeout=DRAWN)


def connect(scene: Scene) -> None:
    scene.press("Connect your assistant")


def undialogued(scene: Scene) -> None:
    scene.page.keyboard.press("Escape")


def reconnecting(scene: Scene) -> None:
    scene.standin.away = True
    scene.standin.end()
    scene.says("Reconnecting …")


def lost(scene: Scene) -> None:
    expect(scene.page.locator("#connection")).to_contain_text("Not connected", timeout=DRAWN)


def outdated(scene: Scene) -> None:
    scene.standin.away = False
    scene.page.get_by_text("Connected").or_(scene.page.get_by_text("onnect")).first.wait_for()
    scene.standin.opens(2)
    scene.standin.say("snapshot", {"format": 99, "position": "", "state": {}})
    expect(scene.page.get_by_role("dialog")).to_be_visible(timeout=DRAWN)


# In the order in which one page is led through them; a state without a name is only the way back.
STATES: tuple[tuple[str, Callable[[Scene], None]], ...] = (
    ("1-connecting", lambda scene: None),
    ("2-connected", connected),
    ("3-folded", folded),
    ("", unfolded),
    ("4-raised", raised),
    ("", lowered),
    ("5-popup", a_popup),
    ("", without_popup),
    ("6-saved-here", saved_here),
    ("7-refused", refused),
    ("", dismissed),
    ("8-tiles", tiles),
    ("9-connect", connect),
    ("", undialogued),
    ("a-reconnecting", reconnecting),
    ("b-reconnecting-folded", folded),
    ("", unfolded),
    ("c-lost", lost),
    ("d-outdated", outdated),
)


@contextmanager
def opened(browser: Browser, width: int, height: int, scheme: Any, count: int) -> Iterator[Scene]:
    """Open the page as a person has it there; a phone has fingers."""
    size: Any = {"width": width, "height": height}
    phone = width == PHONE
    with (
        pretending() as standin,
        browser.new_context(viewport=size, color_scheme=scheme, has_touch=phone, is_mobile=phone) as context,
    ):
        page = context.new_page()
        page.add_init_script(HURRY)
        page.goto(f"{standin.url}/?session=s")
        yield Scene(page, standin, count)


def photographs(browser: Browser, folder: Path, words: list[str]) -> list[str]:
    """Write the pictures whose names have all words; return their names."""
    names = []
    for (width, height), scheme, count in product(WINDOWS, SCHEMES, COUNTS):
        look = f"{width}x{height}-{scheme}-{count:02}"
        wanted = {f"{look}-{state}" for state, _ in STATES if state}
        wanted = {name for name in wanted if all(word in name for word in words)}
        if not wanted:
            continue
        with opened(browser, width, height, scheme, count) as scene:
            for state, reach in STATES:
                reach(scene)
                if (name := f"{look}-{state}") in wanted:
                    settle(scene.page)
                    scene.page.screenshot(path=folder / f"{name}.png")
                    names.append(name)
                    wanted.remove(name)
                if not wanted:
                    break
        print(look, flush=True)
    return names


def settle(page: Page) -> None:
    """Wait until nothing moves."""
    page.wait_for_function("() => window.mapsrv")
    if page.evaluate("document.documentElement.dataset.position !== ''"):
        page.wait_for_function(IDLE, timeout=DRAWN)
    page.wait_for_timeout(FADE_MS)


def index(names: list[str]) -> str:
    """Return a page of all pictures, those of one state in a row."""
    by_state: dict[str, list[str]] = {}
    for name in names:
        by_state.setdefault(name.split("-", 3)[3], []).append(name)
    rows = []
    for state, own in sorted(by_state.items()):
        shots = "".join(
            f'<img src="{html.escape(name)}.png" title="{html.escape(name)}" height="420">' for name in own
        )
        rows.append(f"<h2>{html.escape(state)}</h2><p>{shots}</p>")
    return "<!doctype html><meta charset=utf-8><title>The page in its states</title>" + "".join(rows)


def main() -> None:
    """Write the pictures and their index."""
    parser = argparse.ArgumentParser(prog="python -m tests.screenshots", description=__doc__)
    parser.add_argument("folder", type=Path, help="where the pictures go")
    parser.add_argument("words", nargs="*", help="only names that have all of these")
    asked = parser.parse_args()
    asked.folder.mkdir(parents=True, exist_ok=True)
    with chromium() as browser:
        names = photographs(browser, asked.folder, asked.words)
    (asked.folder / "index.html").write_text(index(names))
    print(f"{len(names)} pictures: {asked.folder / 'index.html'}")


if __name__ == "__main__":
    main()
