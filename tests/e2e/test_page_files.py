"""What crosses the page's edge: files dropped on it, its link on the clipboard, the tab behind others."""

from __future__ import annotations

import json
import urllib.request
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, expect

from tests.e2e.conftest import DRAWN, opened, rendered
from tests.e2e.kit.server import Server, call, wait_until

CLIPBOARD = ["clipboard-read", "clipboard-write"]
POINT = {"type": "Point", "coordinates": [7, 46]}
PLACE = {"type": "Feature", "properties": {"name": "Here"}, "geometry": POINT}
SPOT = [{"id": "spot", "type": "circle", "paint": {"circle-radius": 20}}]
DRAWN_BY_DEFAULT = """() => {
    const ids = mapsrv.state().layers.flatMap(layer => layer.style_layers.map(own => own.id));
    return ids.length > 0 && ids.every(id => mapsrv.map.getLayer(id))
        && mapsrv.map.queryRenderedFeatures({layers: ids}).some(it => it.properties.name === 'Here');
}"""
# What a page of another program may drag over this one: with files, or only text.
DRAGGED = """(files) => {
    const dragged = new DataTransfer();
    dragged.setData('text/plain', 'a text');
    for (const [name, text] of files) dragged.items.add(new File([text], name));
    return dragged;
}"""
NO_CLIPBOARD = """
    Object.defineProperty(navigator, 'clipboard', {value: undefined});
    document.execCommand = () => false;
"""
SHOW_AS = """(visibility) => {
    Object.defineProperty(document, 'visibilityState', {value: visibility, configurable: true});
    Object.defineProperty(document, 'hidden', {value: visibility === 'hidden', configurable: true});
    document.dispatchEvent(new Event('visibilitychange', {bubbles: true}));
}"""


def a_map(server: Server, page: Page) -> str:
    session_id = server.new_map()
    opened(page, f"{server.url}/?session={session_id}")
    return session_id


def streams(server: Server) -> float:
    with urllib.request.urlopen(f"{server.url}/metrics", timeout=5) as answer:
        lines = answer.read().decode().splitlines()
    [value] = [line.split()[1] for line in lines if line.startswith("mapsrv_streams ")]
    return float(value)


def viewers(server: Server, session_id: str) -> int:
    [state] = call(server, "http", ("get_map_state", {"session_id": session_id}))
    count: int = state["viewers"]
    return count


def test_a_file_that_is_dropped_from_the_desktop_is_added(server: Server, page: Page, tmp_path: Path) -> None:
    session_id = a_map(server, page)
    file = tmp_path / "Dropped places.geojson"
    file.write_text(json.dumps(PLACE))
    hint, browser = page.locator("#drop-hint"), page.context.new_cdp_session(page)

    def drag(kind: str) -> None:
        data = {"items": [], "files": [str(file)], "dragOperationsMask": 1}
        browser.send("Input.dispatchDragEvent", {"type": kind, "x": 600, "y": 300, "data": data})

    expect(hint).to_be_hidden()
    drag("dragEnter")
    drag("dragOver")
    expect(hint).to_be_visible()
    page.dispatch_event("#map", "dragleave")  # out of the window, which no tool can do for real
    expect(hint).to_be_hidden()
    drag("dragOver")
    expect(hint).to_be_visible()
    drag("drop")
    expect(hint).to_be_hidden()
    expect(page.locator("#layers .name")).to_have_text(["Dropped places.geojson"], timeout=DRAWN)
    expect(page.locator("#message")).to_have_text("Dropped places.geojson was added.")
    page.wait_for_function(DRAWN_BY_DEFAULT, timeout=DRAWN)
    [layer] = server.state(session_id)["state"]["layers"]
    assert layer["source"]["data"].startswith("data/")
    assert page.url == f"{server.url}/?session={session_id}", "the browser opened the file itself"


def test_several_dropped_files_are_added_and_what_is_no_geojson_is_said(server: Server, page: Page) -> None:
    session_id = a_map(server, page)
    files = [["one.geojson", json.dumps(PLACE)], ["two.json", json.dumps(PLACE)], ["bad.txt", "no JSON"]]
    dragged = page.evaluate_handle(DRAGGED, files)
    page.dispatch_event("#map", "dragover", {"dataTransfer": dragged})
    expect(page.locator("#drop-hint")).to_be_visible()
    page.dispatch_event("#map", "drop", {"dataTransfer": dragged})
    expect(page.locator("#drop-hint")).to_be_hidden()
    expect(page.locator("#message")).to_contain_text("bad.txt was not added.", timeout=DRAWN)
    expect(page.locator("#layers .name")).to_have_text(["two.json", "one.geojson"])
    assert len(server.state(session_id)["state"]["layers"]) == 2


def test_a_text_that_is_dragged_over_the_page_is_left_alone(server: Server, page: Page) -> None:
    a_map(server, page)
    dragged = page.evaluate_handle(DRAGGED, [])
    for kind in ("dragover", "drop"):
        page.dispatch_event("#map", kind, {"dataTransfer": dragged})
        expect(page.locator("#drop-hint")).to_be_hidden()
    expect(page.locator("#layers .name")).to_have_count(0)
    expect(page.locator("#message")).to_be_empty()


def test_the_copied_link_opens_the_same_map_elsewhere(server: Server, page: Page, browser: Browser) -> None:
    session_id = a_map(server, page)
    server.command(session_id, "open_map", title="Shared")
    server.command(session_id, "add_layer", id="spot", source=PLACE, layers=SPOT)
    server.command(session_id, "set_map_view", center=[7, 46], zoom=5)
    page.context.grant_permissions(CLIPBOARD, origin=server.url)
    page.get_by_role("button", name="Copy link").click()
    expect(page.locator("#message")).to_have_text("Link copied")
    link = page.evaluate("navigator.clipboard.readText()")
    assert link == f"{server.url}/?session={session_id}"
    with browser.new_context(viewport={"width": 900, "height": 600}) as context:
        other = opened(context.new_page(), link)
        expect(other.locator("#title")).to_have_text("Shared")
        expect(other.locator("#layers .name")).to_have_text(["spot"])
        other.wait_for_function(rendered("spot", 1), timeout=DRAWN)
        at = other.evaluate("[...mapsrv.map.getCenter().toArray(), mapsrv.map.getZoom()]")
        assert all(abs(one - other) < 1e-6 for one, other in zip(at, (7, 46, 5), strict=True))
        expect(page.locator("#people")).to_have_text("2 people here")


def test_without_leave_for_the_clipboard_the_link_is_copied_all_the_same(server: Server, page: Page) -> None:
    session_id = a_map(server, page)
    # Leave for one thing takes it away for all others.
    page.context.grant_permissions(["geolocation"], origin=server.url)
    refused = "navigator.clipboard.writeText('x').then(() => 'written', error => error.name)"
    assert page.evaluate(refused) == "NotAllowedError"
    page.get_by_role("button", name="Copy link").click()
    expect(page.locator("#message")).to_have_text("Link copied")
    page.context.grant_permissions(CLIPBOARD, origin=server.url)
    assert page.evaluate("navigator.clipboard.readText()") == f"{server.url}/?session={session_id}"


def test_with_no_clipboard_at_all_the_link_is_shown(server: Server, page: Page) -> None:
    page.add_init_script(NO_CLIPBOARD)
    session_id = a_map(server, page)
    page.get_by_role("button", name="Copy link").click()
    message = page.locator("#message")
    expect(message).to_be_visible()
    expect(message).to_contain_text(f"{server.url}/?session={session_id}")
    selected = "(message) => { getSelection().selectAllChildren(message); return getSelection().toString() }"
    assert session_id in message.evaluate(selected)


def test_a_tab_hidden_for_a_minute_gives_its_stream_back_and_still_counts(server: Server, page: Page) -> None:
    page.clock.install()
    session_id = a_map(server, page)
    opens: list[Any] = []
    page.on("request", lambda request: opens.append(request) if "/events?" in request.url else None)
    page.clock.pause_at(page.evaluate("Date.now()") / 1000 + 2)
    assert (streams(server), viewers(server, session_id)) == (1, 1)
    page.evaluate(SHOW_AS, "hidden")
    page.clock.run_for(35_000)
    server.command(session_id, "open_map", title="Heard")  # else 40 s of silence open another stream
    expect(page.locator("#title")).to_have_text("Heard")
    page.clock.run_for(24_000)
    assert (page.evaluate("mapsrv.connection()"), streams(server), opens) == ("open", 1, [])
    page.clock.run_for(2_000)
    expect(page.locator("#connection")).to_have_text("Paused while this tab is hidden")
    wait_until(lambda: streams(server) == 0)
    server.command(session_id, "open_map", title="Meanwhile")
    assert viewers(server, session_id) == 1
    page.clock.run_for(600_000)
    assert (page.evaluate("mapsrv.connection()"), opens) == ("paused", [])
    expect(page.locator("#title")).to_have_text("Heard")
    page.evaluate(SHOW_AS, "visible")
    expect(page.locator("#connection")).to_have_text("Connected")
    expect(page.locator("#title")).to_have_text("Meanwhile")
    assert (streams(server), viewers(server, session_id), len(opens)) == (1, 1, 1)
    page.goto("about:blank")
    wait_until(lambda: viewers(server, session_id) == 0)


def test_a_tab_hidden_for_less_than_a_minute_keeps_its_stream(server: Server, page: Page) -> None:
    page.clock.install()
    session_id = a_map(server, page)
    page.clock.pause_at(page.evaluate("Date.now()") / 1000 + 2)
    for title in ("One", "Two", "Three"):
        page.evaluate(SHOW_AS, "hidden")
        page.clock.run_for(30_000)
        page.evaluate(SHOW_AS, "visible")
        server.command(session_id, "open_map", title=title)
        expect(page.locator("#title")).to_have_text(title)
        assert page.evaluate("mapsrv.connection()") == "open"
    assert streams(server) == 1
