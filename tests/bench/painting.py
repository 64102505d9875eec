"""What drawing costs a page: from a call to its painted frame, while the map is panned, while it is hovered.

A frame is painted when a pixel of the map has another colour than when the call was sent: read from WebGL in
the event `render`. Maps of a round are measured one after the other, so that a busy minute meets them all.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import httpx2
from playwright.sync_api import Browser, Page

from tests.bench.cores import python_words
from tests.bench.options import Options
from tests.bench.peers.servers import Absent
from tests.bench.report import Table, percentile
from tests.e2e.conftest import CHROMIUM, chromium, opened
from tests.e2e.kit.server import Server, Unrated, running

CALLS, RESTYLES = 12, 4  # of a round
PAN_SECONDS = 4.0
DESK: Any = {"width": 1280, "height": 800}
MAPS = {
    "empty": (0, 0),
    "1 layer": (1, 0),
    "20 layers": (20, 0),
    "50 layers": (50, 0),
    "200,000 points": (0, 200_000),
}
SHAPES = 100  # of a layer
MARK = (20.0, 5.0)  # within the polygon that each map has on top
SPOT = (-1.5, 3.0)  # the first point of the layer `a`, where no other layer has anything
COLOURS = ("#ff0000", "#0000ff")
COLUMNS = (
    "a map with",
    "call to painted frame p50 ms",
    "p99 ms",
    "a restyle by data p50 ms",
    "frames/s panned",
    "by empty",
    "longest task hovered ms",
)
NOTE = (
    "A headless Chromium that draws by software, 1280x800, and shares two cores with the server; medians of"
    " {rounds} rounds in which each map is seen once. The call gives another colour to one polygon on top of"
    " all; the restyle gives a layer's circles a colour by a property, so all of them are laid out anew."
    " Layers have 100 points, lines or polygons each, drawn as when nobody says how. Panned is a move each"
    " frame. {landed}"
)
LANDED = "Landed is an earlier release in the same run."
SCRIPT = Path(__file__).with_suffix(".js")


@dataclass(slots=True)
class Seen:
    """What one map showed: times in ms."""

    calls: list[float] = field(default_factory=list)
    restyles: list[float] = field(default_factory=list)
    frames: list[float] = field(default_factory=list)
    by_empty: list[float] = field(default_factory=list)
    tasks: list[float] = field(default_factory=list)


def _collection(geometries: Sequence[dict[str, Any]]) -> dict[str, Any]:
    features = [
        {"type": "Feature", "id": n, "geometry": geometry, "properties": {"n": n}}
        for n, geometry in enumerate(geometries)
    ]
    return {"type": "FeatureCollection", "features": features}


def _box(lng: float, lat: float, size: float) -> dict[str, Any]:
    ring = [[lng, lat], [lng + size, lat], [lng + size, lat + size], [lng, lat + size], [lng, lat]]
    return {"type": "Polygon", "coordinates": [ring]}


def _shape(kind: int, number: int) -> dict[str, Any]:
    lng, lat = number % 10 * 6.0 - 30, number // 10 * 4.0 - 20
    if kind == 0:
        return {"type": "Point", "coordinates": [lng, lat]}
    if kind == 1:
        return {"type": "LineString", "coordinates": [[lng, lat], [lng + 3, lat], [lng + 3, lat + 2]]}
    return _box(lng, lat, 2)


def _spread(number: int) -> dict[str, Any]:
    lng, lat = number * 0.6180339887 % 1 * 60 - 30, number * 0.7548776662 % 1 * 40 - 20
    return {"type": "Point", "coordinates": [round(lng, 4), round(lat, 4)]}


def _add(server: Server, session: str, name: str, shapes: Sequence[dict[str, Any]], **look: Any) -> None:
    answer = httpx2.post(
        f"{server.url}/data", params={"session": session}, json=_collection(shapes), timeout=60
    )
    source = {"type": "geojson", "data": answer.raise_for_status().json()["data"]}
    server.command(session, "add_layer", id=name, source=source, **look)


def made(server: Server, layers: int, points: int) -> str:
    """Make a map whose layer `a` is the lowest; on top of all is a polygon."""
    session = server.new_map()
    server.command(session, "set_map_view", center=[0, 0], zoom=4)
    spot = {"type": "Point", "coordinates": list(SPOT)}
    for number in range(layers):
        shapes = [_shape(number % 3, n) for n in range(SHAPES)]
        _add(server, session, f"layer-{number}" if number else "a", shapes if number else [spot, *shapes])
    if points:
        _add(server, session, "a", [spot, *map(_spread, range(1, points))])
    look = {"id": "mark", "type": "fill", "paint": {"fill-color": COLOURS[0]}}
    _add(server, session, "mark", [_box(MARK[0] - 1, MARK[1] - 1, 2)], layers=[look])
    return session


def look(page: Page, server: Server, session: str, seen: Seen) -> None:
    """Measure one map once."""
    opened(page, f"{server.url}/?session={session}")
    equip(page)
    _rest(page)
    for number in range(CALLS):
        paint = {"property": "fill-color", "value": COLOURS[(number + 1) % 2]}
        seen.calls.append(_painted(page, server, session, MARK, layer_id="mark", **paint))
        page.wait_for_timeout(400)  # an earlier release fades it in
    if page.evaluate("mapsrv.state().layers.length") > 1:
        for number in range(RESTYLES):
            here, others = COLOURS[number % 2], COLOURS[(number + 1) % 2]
            value = ["case", ["<", ["get", "n"], 1], here, others]
            told = {"property": "circle-color", "value": value}
            seen.restyles.append(_painted(page, server, session, SPOT, layer_id="a", **told))
            _rest(page)
    seen.frames.append(page.evaluate(f"panned({PAN_SECONDS})"))
    _rest(page)
    page.evaluate("() => void (window.ended = tasks())")
    for number in range(6):
        page.mouse.move(640 + 80 * (number % 3 - 1), 300 + 60 * (number % 2), steps=10)
        page.wait_for_timeout(50)
    seen.tasks.append(page.evaluate("ended()"))


def equip(page: Page) -> Any:
    """Give the page what it measures itself by: as a body, else the function at its end would be called."""
    return page.evaluate(f"() => {{ {SCRIPT.read_text()} }}")


def _rest(page: Page) -> None:
    page.evaluate("rested()")


def _painted(page: Page, server: Server, session: str, at: tuple[float, float], **paint: Any) -> float:
    """Return how many ms it took from a call to the frame in which it is seen."""
    page.evaluate("(at) => painted(at)", list(at))
    begun = time.time()
    server.command(session, "set_layer_paint", **paint)
    return float(page.evaluate("() => found")) - begun * 1000


def rounds(count: int, browser: Browser, servers: dict[str, Server]) -> dict[tuple[str, str], Seen]:
    """Return what each map of each server showed."""
    maps = {(who, name): made(server, *of) for who, server in servers.items() for name, of in MAPS.items()}
    found = {key: Seen() for key in maps}
    for _ in range(count):
        for (who, name), session in maps.items():
            with browser.new_context(viewport=DESK) as context:
                look(context.new_page(), servers[who], session, found[who, name])
            seen = found[who, name]
            seen.by_empty.append(seen.frames[-1] / found[who, "empty"].frames[-1])
            print(f"{who}, {name}: {seen}", flush=True)
    return found


def measure(given: Options) -> Table:
    """Return the table."""
    if not CHROMIUM.exists():
        raise Absent(f"there is no browser at {CHROMIUM}")
    table = Table(
        "What drawing costs a page",
        COLUMNS,
        NOTE.format(rounds=given.rounds, landed=LANDED if given.landed else "").rstrip(),
    )
    kinds = {"mapsrv": Unrated}
    if given.landed:
        kinds["landed"] = type("Landed", (Unrated,), {"python": tuple(python_words(given.landed))})
    with ExitStack() as stack:
        folders = {who: Path(mkdtemp(prefix=f"mapsrv-bench-{who}-")) for who in kinds}
        servers = {
            who: stack.enter_context(running(folders[who], "--max-data", "64MiB", kind=kind))
            for who, kind in kinds.items()
        }
        found = rounds(given.rounds, stack.enter_context(chromium()), servers)
    for (who, name), seen in found.items():
        restyle = percentile(seen.restyles, 0.5) if seen.restyles else None
        calls = percentile(seen.calls, 0.5), percentile(seen.calls, 0.99)
        frames, by_empty = percentile(seen.frames, 0.5), percentile(seen.by_empty, 0.5)
        title = f"{who}, {name}" if given.landed else name
        table.add(title, *calls, restyle, frames, by_empty, max(seen.tasks))
    return table
