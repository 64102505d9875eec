"""A running server and a real browser: Debian's Chromium, driven by Playwright."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.e2e.kit.calm import calm
from tests.e2e.kit.console import CONSOLE
from tests.e2e.kit.pods import pods as pods_on_redis
from tests.e2e.kit.server import Server, running
from tests.store.kit import valkey

CHROMIUM = Path(os.environ.get("MAPSRV_TEST_CHROMIUM", "/usr/bin/chromium"))
FLAGS = [
    "--no-sandbox",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--disable-background-networking",
]
DRAWN = 30_000  # milliseconds that a software renderer on a busy machine may take
expect.set_options(timeout=DRAWN / 2)


@pytest.fixture(autouse=True)
def console() -> Iterator[None]:
    """Fail a test that leaves an error in a browser's console."""
    CONSOLE.take()
    yield
    assert CONSOLE.take() == []


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with running(tmp_path) as server:
        yield server


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[tuple[valkey.Server, list[Server]]]:
    with pods_on_redis(tmp_path, Server, Server) as cluster:
        yield cluster


@pytest.fixture
def redis(cluster: tuple[valkey.Server, list[Server]]) -> valkey.Server:
    return cluster[0]


@pytest.fixture
def pods(cluster: tuple[valkey.Server, list[Server]]) -> list[Server]:
    return cluster[1]


# Not for the whole session: while Playwright runs, its asyncio loop is this thread's, and no other may be.
@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        calm(browser)
        yield browser


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    """Run a browser; skips, or fails where CI is set, on a machine that has none."""
    if not CHROMIUM.exists():
        why = f"no browser at {CHROMIUM}: install Debian's chromium to run this"
        pytest.fail(why) if os.environ.get("CI") else pytest.skip(why)
    # Playwright makes an asyncio loop, which trio-asyncio, once imported, would run inside of Trio.
    policy = asyncio.get_event_loop_policy()
    asyncio.set_event_loop_policy(asyncio.DefaultEventLoopPolicy())
    playwright = sync_playwright().start()
    asyncio.set_event_loop_policy(policy)
    browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
    CONSOLE.listen(browser)
    yield browser
    browser.close()
    playwright.stop()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    with browser.new_context(viewport={"width": 900, "height": 600}) as context:
        yield context.new_page()


def opened(page: Page, url: str) -> Page:
    """Open a map and wait until it is drawn and its stream is open."""
    page.goto(url)
    ready = "() => window.mapsrv?.map?.loaded() && document.documentElement.dataset.connection === 'open'"
    page.wait_for_function(ready, timeout=DRAWN)
    return page


def rendered(layer: str, count: int) -> str:
    """Return the script that is true once that many features of a style layer are drawn."""
    ids = f"mapsrv.map.queryRenderedFeatures({{layers: [{layer!r}]}}).map(feature => feature.id)"
    return f"() => mapsrv.map.getLayer({layer!r}) && new Set({ids}).size === {count}"


def where(page: Page, lng: float, lat: float) -> tuple[int, int]:
    """Return the pixel at which a place is drawn."""
    at: Any = page.evaluate(
        """([lng, lat]) => { const map = window.mapsrv.map, box = map.getCanvas().getBoundingClientRect(),
            p = map.project([lng, lat]); return [Math.round(p.x + box.x), Math.round(p.y + box.y)] }""",
        [lng, lat],
    )
    return at[0], at[1]
