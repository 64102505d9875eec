"""What went wrong in earlier live maps, in a real server and a real browser: each is true here."""

from __future__ import annotations

import json
import shutil
import subprocess
import traceback
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx2
import pytest
from playwright.sync_api import Page

from tests.e2e.conftest import DRAWN, opened, rendered
from tests.e2e.kit.server import NO_TLS, Server, call, wait_until

POINT = {"type": "Feature", "id": 1, "properties": {}, "geometry": {"type": "Point", "coordinates": [0, 0]}}
CIRCLE = [{"id": "dot", "type": "circle", "paint": {"circle-radius": 20}}]


@pytest.fixture
def session(server: Server) -> str:
    session_id = server.new_map()
    server.command(session_id, "set_map_view", center=[0, 0], zoom=4)
    return session_id


def view(page: Page) -> list[float]:
    at: list[float] = page.evaluate(
        "() => { const m = mapsrv.map, c = m.getCenter(); return [c.lng, c.lat, m.getZoom()] }"
    )
    return at


def near(page: Page, *wanted: float) -> bool:
    return all(abs(one - other) < 1e-5 for one, other in zip(view(page), wanted, strict=True))


def test_zoom_0_and_a_ten_thousandth_of_a_degree_arrive(server: Server, page: Page, session: str) -> None:
    page.set_viewport_size({"width": 480, "height": 400})  # MapLibre shows no less world than fills it
    opened(page, f"{server.url}/?session={session}")
    for center, zoom in (([0.0001, 0.0], 4), ([0.0001, -0.0001], 4), ([0.0001, -0.0001], 0)):
        server.command(session, "set_map_view", center=center, zoom=zoom)
        wait_until(lambda: near(page, *center, zoom), 30)  # noqa: B023


def test_a_basemap_chosen_later_hides_no_layer(server: Server, page: Page, session: str) -> None:
    opened(page, f"{server.url}/?session={session}")
    server.command(session, "set_basemap", name="none")
    server.command(session, "add_layer", id="dot", source=POINT, layers=CIRCLE)
    page.wait_for_function(rendered("dot", 1), timeout=DRAWN)
    server.command(session, "set_basemap", name="natural-earth")
    server.command(session, "add_layer", id="top", source=POINT)
    page.wait_for_function(rendered("top", 1), timeout=DRAWN)
    order = page.evaluate("mapsrv.map.getStyle().layers.map(layer => [layer.id, layer.type])")
    ids = [layer for layer, _ in order]
    own = [ids.index("dot"), ids.index("top")]
    assert own == sorted(own) and own[0] > 0
    above = {kind for _, kind in order[own[1] + 1 :]}
    assert above <= {"symbol"}, "only labels may lie above"


def test_big_data_travels_once_and_never_in_an_event(server: Server, page: Page, session: str) -> None:
    fetched: list[str] = []
    page.on("request", lambda request: fetched.append(request.url))
    opened(page, f"{server.url}/?session={session}")
    features = [{**POINT, "id": n, "properties": {"text": "x" * 400}} for n in range(1, 2000)]
    server.command(session, "add_layer", id="big", source={"type": "FeatureCollection", "features": features})
    page.wait_for_function(rendered("big", 1999), timeout=DRAWN)
    for action in ("hide", "show"):
        server.command(session, "toggle_layer", layer_id="big", action=action)
    server.command(session, "set_layer_paint", layer_id="big", property="circle-color", value="#00ff00")
    green = "() => mapsrv.map.getPaintProperty('big', 'circle-color') === '#00ff00'"
    page.wait_for_function(green, timeout=DRAWN)
    page.reload()
    opened(page, page.url)
    page.wait_for_function(rendered("big", 1999), timeout=DRAWN)
    [address] = {url for url in fetched if "/data/" in url}
    assert httpx2.get(address, verify=NO_TLS).headers["cache-control"].endswith("immutable")
    assert len(json.dumps(server.state(session))) < 4096
    style = httpx2.get(f"{server.url}/style.json", params={"session": session}, verify=NO_TLS)
    assert len(style.content) < 65_536


def test_two_at_once_under_one_key_are_done_once(server: Server, session: str) -> None:
    server.command(session, "add_layer", id="dot", source=POINT, layers=CIRCLE)
    with ThreadPoolExecutor(8) as pool:
        toggle = ("toggle_layer", "one-key")
        receipts = list(pool.map(lambda _: server.command(session, *toggle, layer_id="dot"), range(8)))
    assert len({receipt["position"] for receipt in receipts}) == 1
    [layer] = server.state(session)["state"]["layers"]
    assert layer["visible"] is False
    other = {"command": "toggle_layer", "arguments": {"layer_id": "dot", "action": "show"}, "id": "one-key"}
    answer = httpx2.post(f"{server.url}/commands?session={session}", json=other, verify=NO_TLS)
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "key_reused")


def test_callers_that_name_no_map_share_none(server: Server) -> None:
    made = [httpx2.get(server.url, verify=NO_TLS, follow_redirects=False).headers["location"] for _ in "ab"]
    assert made[0] != made[1]
    for path in ("/commands", "/presence", "/data"):
        assert httpx2.post(f"{server.url}{path}", json={}, verify=NO_TLS).status_code == 400
    guessed = {"session": "default"}
    for path in ("/state", "/style.json", "/events"):
        assert httpx2.get(f"{server.url}{path}", params=guessed, verify=NO_TLS).status_code == 404


def test_a_call_over_http_that_names_no_map_is_refused_and_nothing_lands_on_another(
    server: Server, page: Page, session: str
) -> None:
    opened(page, f"{server.url}/?session={session}")
    before = server.state(session)
    for transport in ("sse", "http"):
        call(server, transport, ("list_layers", {"session_id": session}))
        with pytest.raises(BaseException) as refused:
            call(server, transport, ("add_layer", {"id": "dot", "source": POINT}))
        assert "session_id" in "".join(traceback.format_exception(refused.value))
    assert server.state(session) == before


def test_no_answer_lets_other_sites_read_with_credentials(server: Server, session: str) -> None:
    open_to_all = {"/style.json", "/basemap/land.json"}
    paths = ["/", "/events", "/state", "/health", "/metrics", "/sse", "/mcp", *open_to_all]
    for path in paths:
        headers = {"origin": "http://evil.example"}
        url = f"{server.url}{path}"
        with httpx2.stream("GET", url, params={"session": session}, headers=headers, verify=NO_TLS) as answer:
            allowed = answer.headers.get("access-control-allow-origin")
            assert allowed in ({"*", None} if path in open_to_all else {None}), path
            assert "access-control-allow-credentials" not in answer.headers
    assert (
        httpx2.options(f"{server.url}/commands", headers=headers, verify=NO_TLS)
        .headers.keys()
        .isdisjoint({"access-control-allow-origin", "access-control-allow-methods"})
    )


@pytest.mark.skipif(shutil.which("curl") is None, reason="no curl on this machine")
def test_curl_without_a_map_gets_a_stream_and_its_cookie(server: Server) -> None:
    done = subprocess.run(
        ["curl", "-sS", "-i", "-N", "-m", "2", f"{server.url}/events"], capture_output=True, timeout=20
    )
    said: Any = done.stdout.decode()
    assert "set-cookie: mapsrv_session=" in said.lower() and "event: snapshot" in said
    assert "id: " in said and "event: status" in said
