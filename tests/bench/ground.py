"""Pictures of the built-in ground, to be looked at: python -m tests.bench.ground FOLDER [PLACE ...]

Twelve places, light and dark, on a desk and a phone, by one run; and, as the place "load", what the first load
of an empty map takes over the wire, and when it is painted: cold, warm, and over a line of 1 Mbit/s and 150 ms.
Needs a built page and Debian's Chromium. It judges nothing: tests/e2e/test_ground.py does.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page

from tests.e2e.conftest import chromium
from tests.e2e.kit.server import Server, running

SIZES = {"desk": {"width": 1280, "height": 800}, "phone": {"width": 390, "height": 844}}
DRAWN = 60_000  # milliseconds for a software renderer on a busy machine
# At rest once more after a repaint: names are placed and have faded in then.
IDLE = "() => new Promise((done) => { mapsrv.map.once('idle', done); mapsrv.map.triggerRepaint(); })"
SWISS = "builtin:cities?country=CH&limit=10"
# Centre, zoom, and whether the world is a globe; the Swiss example is drawn as the README has it.
PLACES: dict[str, tuple[list[float], float, bool]] = {
    "world": ([10, 25], 1.2, False),
    "europe": ([12, 50], 4, False),
    "swiss": ([8.2, 46.8], 7, False),
    "great-lakes": ([-84, 44.5], 5.5, False),
    "caspian": ([51, 42], 4.5, False),
    "zurich": ([8.54, 47.37], 10, False),
    "new-york": ([-74, 40.72], 8, False),
    "tokyo": ([139.7, 35.7], 7, False),
    "nile": ([31, 30.5], 6.5, False),
    "antarctica": ([0, -75], 2.2, False),
    "fiji": ([179.5, -17.5], 6, False),
    "globe": ([-40, 30], 1.6, True),
}


def shoot(browser: Browser, server: Server, folder: Path, places: list[str]) -> None:
    """Write a picture of each place, as it is drawn when all has come."""
    for size, viewport in SIZES.items():
        for scheme in ("light", "dark"):
            look: Any = {"viewport": viewport, "color_scheme": scheme}
            with browser.new_context(**look) as context:
                for place in places:
                    page = context.new_page()
                    opened(page, server, place)
                    page.screenshot(path=folder / f"{place}-{size}-{scheme}.png")
                    page.close()
                    print(f"{place}-{size}-{scheme}", flush=True)


def opened(page: Page, server: Server, place: str) -> None:
    """Open a map that looks at the place, and wait until it is drawn."""
    center, zoom, globe = PLACES[place]
    session = server.new_map()
    server.command(session, "set_map_view", center=center, zoom=zoom)
    if place == "swiss":
        server.command(session, "add_layer", id="cities", source=SWISS, title="Largest cities", fit=True)
    page.goto(f"{server.url}/?session={session}")
    page.wait_for_function("() => window.mapsrv?.state()", timeout=DRAWN)
    if globe:
        page.check("#globe", force=True)
    page.wait_for_timeout(300)
    page.wait_for_function("() => mapsrv.map.loaded() && !mapsrv.map.isMoving()", timeout=DRAWN)
    page.evaluate(IDLE)


LINE = {"offline": False, "latency": 150, "downloadThroughput": 125_000, "uploadThroughput": 125_000}


def load(browser: Browser, server: Server) -> None:
    """Print bytes and times of loads."""
    for name, visits, line in (("here", 2, None), ("1 Mbit/s, 150 ms", 2, LINE)):
        with browser.new_context(viewport=SIZES["desk"]) as context:  # type: ignore[arg-type]
            session = server.new_map()
            for visit in range(visits):
                page = context.new_page()
                told = context.new_cdp_session(page)
                told.send("Network.enable")
                if line:
                    told.send("Network.emulateNetworkConditions", line)
                asked: dict[str, str] = {}
                sizes: list[tuple[str, int]] = []
                told.on(
                    "Network.requestWillBeSent",
                    lambda one: asked.update({one["requestId"]: one["request"]["url"]}),
                )
                told.on(
                    "Network.loadingFinished",
                    lambda one: sizes.append(
                        (asked.get(one["requestId"], ""), int(one["encodedDataLength"]))
                    ),
                )
                page.goto(f"{server.url}/?session={session}")
                page.wait_for_function(
                    "() => window.mapsrv?.state() && mapsrv.map.areTilesLoaded()", timeout=DRAWN
                )
                painted = page.evaluate("performance.now()")
                page.wait_for_timeout(1_500)
                kind = "warm" if visit else "cold"
                sent = [(url, size) for url, size in sizes if size]
                print(
                    f"{name}, {kind}: {sum(size for _, size in sent):,} bytes in {len(sent)} answers, drawn after {painted:,.0f} ms"
                )
                for url, size in sorted(sent, key=lambda one: -one[1])[:8]:
                    print(f"    {size:>9,} {url.removeprefix(server.url)[:70]}")
                page.close()


def main(folder: Path, places: list[str]) -> None:
    """Take all pictures."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as data, running(Path(data)) as server, chromium() as browser:
        if not places or "load" in places:
            load(browser, server)
        shoot(
            browser,
            server,
            folder,
            [place for place in places if place != "load"] or ([] if places else list(PLACES)),
        )


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
