"""Pictures of the built-in ground, to be looked at: python -m tests.bench.ground FOLDER [PLACE ...]

Twelve places, light and dark, on a desk and a phone, by one run; and, as the place "load", what the
first load of an empty map takes over the wire, and when it is drawn: cold, warm, and over a slow line.
Needs a built page and Debian's Chromium. It judges nothing: tests/e2e/test_ground.py does.
"""

from __future__ import annotations

import contextlib
import socket
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, Request

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


RATE, DELAY = 125_000, 0.150  # bytes and seconds of the slow line, either way
CHUNK = 4_096


class SlowLine:
    """A line of 1 Mbit/s and 150 ms to a port of this machine, shared by all its connections."""

    def __init__(self, to: int) -> None:
        self._to, self._busy, self._turn = to, 0.0, threading.Lock()
        self._door = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._door.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            near, _ = self._door.accept()
            far = socket.create_connection(("127.0.0.1", self._to))
            for one, other in ((near, far), (far, near)):
                threading.Thread(target=self._carry, args=(one, other), daemon=True).start()

    def _carry(self, one: socket.socket, other: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := one.recv(CHUNK):
                with self._turn:
                    now = time.monotonic()
                    self._busy = max(self._busy, now) + len(data) / RATE
                    wait = self._busy - now
                time.sleep(wait + (DELAY if len(data) < CHUNK else 0))
                other.sendall(data)
            other.shutdown(socket.SHUT_WR)


def load(browser: Browser, server: Server) -> None:
    """Print bytes and times of a first and a second load of an empty map."""
    for name, port in (("here", server.port), ("1 Mbit/s, 150 ms", SlowLine(server.port).port)):
        with browser.new_context(viewport=SIZES["desk"]) as context:  # type: ignore[arg-type]
            session = server.new_map()
            for kind in ("cold", "warm"):
                page = context.new_page()
                done: list[Request] = []
                page.on("requestfinished", lambda request, into=done: into.append(request))
                page.goto(f"http://127.0.0.1:{port}/?session={session}")
                page.wait_for_function(
                    "() => window.mapsrv?.state() && mapsrv.map.areTilesLoaded()", timeout=DRAWN
                )
                drawn = page.evaluate("performance.now()")
                page.evaluate(IDLE)
                sizes = sorted(((sent(one), one.url) for one in done), reverse=True)
                told = [(size, url) for size, url in sizes if size]
                whole = f"{sum(size for size, _ in told):,} bytes in {len(told)} answers"
                print(f"{name}, {kind}: {whole}, drawn after {drawn:,.0f} ms")
                for size, url in told[:12]:
                    print(f"    {size:>9,} /{url.partition('//')[2].partition('/')[2][:60]}")
                page.close()


def sent(request: Request) -> int:
    """Return the bytes of an answer over the wire, none where it came out of the browser's cache."""
    sizes, answer = request.sizes(), request.response()
    body = int(sizes["responseBodySize"])
    if not body and sizes["responseHeadersSize"] and answer is not None:  # of a worker Chromium tells none
        body = int(answer.header_value("content-length") or 0)
    return body + int(sizes["responseHeadersSize"])


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
