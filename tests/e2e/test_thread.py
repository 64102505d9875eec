"""From a tool call to painted pixels, through each transport, a real server and a real browser."""

from __future__ import annotations

import signal
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.e2e.conftest import DRAWN, opened, rendered, where
from tests.e2e.kit.front import comes_to_front, given
from tests.e2e.kit.pixels import pixel
from tests.e2e.kit.server import TRANSPORTS, Server, call, wait_until

SQUARE = {
    "type": "FeatureCollection",
    "features": [
        {
            "type": "Feature",
            "id": 7,
            "properties": {"name": "Square"},
            "geometry": {"type": "Polygon", "coordinates": [[[-5, -5], [5, -5], [5, 5], [-5, 5], [-5, -5]]]},
        }
    ],
}
FILL = [{"id": "square", "type": "fill", "paint": {"fill-color": "#ff0000", "fill-antialias": False}}]


def near(page: Page, colour: tuple[int, int, int]) -> bool:
    seen = pixel(page, *where(page, 1, 1))
    return all(abs(one - other) < 12 for one, other in zip(seen, colour, strict=True))


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_model_draws_and_people_watch(server: Server, page: Page, transport: str) -> None:
    session_id = server.new_map()
    on = {"session_id": session_id}
    opened(page, f"{server.url}/?session={session_id}")
    call(server, transport, ("set_map_view", {**on, "center": [0, 0], "zoom": 4}))
    [receipt] = call(
        server, transport, ("add_layer", {**on, "id": "square", "source": SQUARE, "layers": FILL})
    )
    assert receipt["viewers"] == 1 and receipt["changed"] == ["square"] and receipt["durability"] == "disk"
    page.wait_for_function(rendered("square", 1), timeout=DRAWN)
    wait_until(lambda: near(page, (255, 0, 0)))
    paint = {**on, "layer_id": "square", "property": "fill-color", "value": "#0000ff"}
    call(server, transport, ("set_layer_paint", paint))
    wait_until(lambda: near(page, (0, 0, 255)))
    call(server, transport, ("toggle_layer", {**on, "layer_id": "square"}))
    page.wait_for_function(rendered("square", 0), timeout=DRAWN)
    wait_until(lambda: not near(page, (0, 0, 255)))
    call(server, transport, ("toggle_layer", {**on, "layer_id": "square", "action": "show"}))
    wait_until(lambda: near(page, (0, 0, 255)))
    before = server.state(session_id)
    page.evaluate("window.stillTheSamePage = true")
    server.stop(signal.SIGKILL)
    page.wait_for_function("() => document.documentElement.dataset.connection !== 'open'", timeout=DRAWN)
    server.start()
    page.wait_for_function("() => document.documentElement.dataset.connection === 'open'", timeout=2 * DRAWN)
    assert server.state(session_id) == before
    assert page.evaluate("window.stillTheSamePage") is True
    call(server, transport, ("set_layer_paint", {**paint, "value": "#00ff00"}))
    wait_until(lambda: near(page, (0, 255, 0)))


def test_the_first_stdio_call_draws_on_the_page_in_front(server: Server, page: Page) -> None:
    session = server.new_map()
    opened(page, given(server.folder, session))
    comes_to_front(server.folder, session)
    [receipt] = call(server, "stdio", ("add_layer", {"id": "square", "source": SQUARE, "fit": True}))
    assert receipt["url"] == page.url and receipt["viewers"] == 1
    page.wait_for_function(rendered("square", 1), timeout=DRAWN)


def test_two_browsers_agree_to_the_position_and_a_third_on_another_map_sees_nothing(
    server: Server, browser: Any
) -> None:
    shared, other = server.new_map(), server.new_map()
    contexts = [browser.new_context(viewport={"width": 500, "height": 400}) for _ in range(3)]
    one, two, three = (context.new_page() for context in contexts)
    for tab, session_id in ((one, shared), (two, shared), (three, other)):
        opened(tab, f"{server.url}/?session={session_id}")
    alone = three.evaluate("document.documentElement.dataset.position")
    for number in range(5):
        server.command(shared, "add_layer", id=f"square-{number}", source=SQUARE)
    position = server.state(shared)["position"]
    for tab in (one, two):
        tab.wait_for_function(
            "p => document.documentElement.dataset.position === p", arg=position, timeout=DRAWN
        )
        tab.wait_for_function(rendered("square-4", 1), timeout=DRAWN)
    assert three.evaluate("document.documentElement.dataset.position") == alone
    assert three.evaluate("window.mapsrv.state().layers.length") == 0
    for context in contexts:
        context.close()
