"""Draws the README's picture: `python -m tests.picture` writes docs/demo.png.

A server of its own, `mapsrv demo` on it, and a photograph of the page as a person has it.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from tests.e2e.conftest import CHROMIUM, FLAGS, opened
from tests.e2e.kit.server import Server, running

PICTURE = Path(__file__).parents[1] / "docs" / "demo.png"
WIDTH, HEIGHT = 1180, 620  # pixels; with these the file has under 300 KB
IDLE = "() => window.mapsrv.map.loaded() && !window.mapsrv.map.isMoving()"
NEW_FRAME_MS = 1_500  # for tiles and labels that fade in


def drawn_by_the_demo(server: Server) -> str:
    """Return the id of a map that the demo drew on."""
    session_id = server.new_map()
    asked = ["--url", server.url, "--session", session_id, "--pace", "0", "--no-open"]
    subprocess.run([sys.executable, "-m", "mapsrv", "demo", *asked], env=server.env, check=True)
    return session_id


def photograph(page: Page, url: str) -> None:
    """Open the map and write the picture once nothing moves on it any more."""
    opened(page, url)
    page.wait_for_function(IDLE)
    page.wait_for_timeout(NEW_FRAME_MS)
    page.screenshot(path=PICTURE)


def main() -> None:
    """Write the picture anew."""
    with tempfile.TemporaryDirectory(prefix="mapsrv-picture-") as folder, running(Path(folder)) as server:
        session_id = drawn_by_the_demo(server)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
            page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT}, color_scheme="light")
            photograph(page, f"{server.url}/?session={session_id}")
            browser.close()
    print(f"{PICTURE}: {PICTURE.stat().st_size / 1000:,.0f} KB")


if __name__ == "__main__":
    main()
