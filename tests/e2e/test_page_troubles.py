"""What the page says of a server that hangs or is away, of dead tiles, and of files that are no GeoJSON."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.conftest import DRAWN, opened, rendered
from tests.e2e.kit.server import Server, running, wait_until
from tests.e2e.test_page import circle, points
from tests.kit.ports import free_port

GPX = '<?xml version="1.0"?>\n<gpx version="1.1"><trk/></gpx>'
CSV = "name,lat,lng\nBern,46.9,7.4\n"
EMPTY = json.dumps({"type": "FeatureCollection", "features": []})
NOWHERE = json.dumps({"type": "Feature", "properties": {}, "geometry": None})


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("troubles")) as server:
        yield server


@pytest.fixture
def session(server: Server) -> str:
    session_id = server.new_map()
    server.command(session_id, "open_map", title="Troubles")
    for name in ("cities", "roads"):
        server.command(
            session_id, "add_layer", id=name, title=name.title(), source=points("a"), layers=circle(name)
        )
    return session_id


@pytest.fixture
def hanging(server: Server) -> Iterator[Any]:
    """Stop the server's process as it is, and let it go on at the end."""
    assert server.process is not None
    process = server.process
    yield lambda: process.send_signal(signal.SIGSTOP)
    process.send_signal(signal.SIGCONT)


def paused(page: Page, url: str) -> None:
    """Open a map, with a clock that stands until it is told to run."""
    page.clock.install()
    opened(page, url)
    page.wait_for_function(rendered("cities", 1), timeout=DRAWN)
    page.clock.pause_at(page.evaluate("Date.now()") / 1000 + 2)


def test_a_change_that_a_hanging_server_does_not_answer_is_said_to_wait_then_given_up_by_name(
    server: Server, page: Page, session: str, hanging: Any
) -> None:
    paused(page, f"{server.url}/?session={session}")
    line, sending = page.locator("#connection"), page.locator("#sending")
    hanging()
    page.get_by_label("Cities", exact=True).click()
    page.clock.run_for(300)
    expect(sending).to_have_text("Hiding Cities: waits for the server")
    expect(line).to_have_text("Connected")
    page.clock.run_for(2_700)
    expect(line).to_have_text("The server does not answer …")
    for known in ("#durability", "#people"):
        expect(page.locator(known)).to_be_hidden()
    page.clock.run_for(60_000)
    expect(page.locator("#message")).to_contain_text(
        "Hiding Cities: The server has not answered for a minute"
    )
    expect(sending).to_be_empty()
    expect(page.get_by_label("Cities", exact=True)).to_be_checked()


def test_what_waited_for_a_hanging_server_is_done_once_it_goes_on(
    server: Server, page: Page, session: str, hanging: Any
) -> None:
    opened(page, f"{server.url}/?session={session}")
    hanging()
    page.get_by_label("Cities", exact=True).click()
    page.get_by_role("button", name="More: Roads").click()
    page.get_by_role("button", name="Move down: Roads").click()
    expect(page.locator("#sending")).to_have_text("2 changes wait for the server")
    expect(page.locator("#connection")).to_have_text("The server does not answer …")
    assert server.process is not None
    server.process.send_signal(signal.SIGCONT)
    expect(page.locator("#layers .name")).to_have_text(["Cities", "Roads"])
    expect(page.locator("#connection")).to_have_text("Connected")
    expect(page.locator("#sending")).to_be_empty()
    expect(page.get_by_text("Saved on disk")).to_be_visible()
    layers = {layer["id"]: layer["visible"] for layer in server.state(session)["state"]["layers"]}
    assert layers == {"roads": True, "cities": False}


def test_cut_off_only_what_is_known_is_said(tmp_path: Path, page: Page) -> None:
    with running(tmp_path) as own:
        session_id = own.new_map()
        opened(page, f"{own.url}/?session={session_id}")
        known = [page.locator(name) for name in ("#durability", "#people")]
        for one, text in zip(known, ("Saved on disk", "1 person here"), strict=True):
            expect(one).to_have_text(text)
        own.stop(signal.SIGKILL)
        expect(page.locator("#connection")).to_have_text("Reconnecting …", timeout=DRAWN)
        for one in known:
            expect(one).to_be_hidden()
        own.start()
        for one in known:
            expect(one).to_be_visible(timeout=DRAWN)


def test_dead_tiles_are_one_entry_in_their_layers_row_and_go_with_it(
    server: Server, page: Page, session: str
) -> None:
    opened(page, f"{server.url}/?session={session}")
    dead = f"http://127.0.0.1:{free_port()}/{{z}}/{{x}}/{{y}}.png"
    server.command(session, "set_map_view", center=[0, 0], zoom=3)
    server.command(session, "add_layer", id="tiles", title="Dead tiles", type="raster", source=dead)
    row = page.get_by_role("listitem").filter(has_text="Dead tiles")
    expect(row).to_contain_text("Its server does not answer", timeout=DRAWN)
    page.mouse.move(600, 300)
    for _ in range(3):
        page.mouse.wheel(0, -400)
    page.wait_for_function("() => mapsrv.problems().some(({count}) => count > 5)", timeout=DRAWN)
    assert row.locator("details").count() == page.locator(".problems:visible details").count() == 1
    expect(page.locator("#problems")).to_be_hidden()
    row.get_by_text("Its server does not answer").click()
    expect(row.get_by_text("its server may be down")).to_be_visible()
    server.command(session, "remove_layer", layer_id="tiles")
    expect(row).to_have_count(0)
    expect(page.locator(".problems:visible")).to_have_count(0)
    assert page.evaluate("mapsrv.problems()") == []


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("Places.csv", CSV, "It is a table (CSV), no GeoJSON. What is taken here is GeoJSON"),
        ("walk.txt", GPX, "It is a GPX track, no GeoJSON. What is taken here is GeoJSON"),
        ("empty.geojson", EMPTY, "There is nothing in it"),
        ("nowhere.geojson", NOWHERE, "There is nothing in it to draw"),
    ],
)
def test_a_file_that_gives_no_layer_is_told_what_it_is(
    server: Server, page: Page, session: str, tmp_path: Path, name: str, text: str, says: str
) -> None:
    opened(page, f"{server.url}/?session={session}")
    (tmp_path / name).write_text(text)
    page.locator("#file").set_input_files(tmp_path / name)
    expect(page.locator("#message")).to_contain_text(f"{name} was not added. {says}")
    assert len(server.state(session)["state"]["layers"]) == 2


def test_a_layer_that_is_removed_can_be_brought_back_for_six_seconds(
    server: Server, page: Page, browser: Browser, session: str
) -> None:
    url = f"{server.url}/?session={session}"
    paused(page, url)
    names, removed = page.locator("#layers .name"), page.locator("#removed li")
    with browser.new_context() as context:
        other = opened(context.new_page(), url)
        page.get_by_role("button", name="More: Cities").press("Enter")
        page.get_by_role("button", name="Remove: Cities").press("Enter")
        expect(names).to_have_text(["Roads"])
        expect(removed).to_have_text("Removed Cities.Undo")
        page.clock.run_for(4_000)
        page.wait_for_function("() => !mapsrv.map.queryRenderedFeatures({layers: ['cities']}).length")
        expect(page.locator("#sending")).to_be_empty()
        page.get_by_role("button", name="Undo: Cities").press("Enter")
        expect(names).to_have_text(["Roads", "Cities"])
        expect(page.get_by_role("checkbox", name="Cities", exact=True)).to_be_focused()
        page.clock.run_for(3_000)
        assert len(server.state(session)["state"]["layers"]) == 2
        page.get_by_role("button", name="More: Cities").click()
        page.get_by_role("button", name="Remove: Cities").click()
        page.clock.run_for(6_100)
        expect(other.locator("#layers .name")).to_have_text(["Roads"])
        expect(removed).to_have_count(0)


def test_a_removal_is_sent_at_once_when_the_page_is_closed(server: Server, page: Page, session: str) -> None:
    opened(page, f"{server.url}/?session={session}")
    page.get_by_role("button", name="More: Cities").click()
    page.get_by_role("button", name="Remove: Cities").click()
    expect(page.get_by_role("button", name="Undo: Cities")).to_be_visible()
    page.close(run_before_unload=True)
    wait_until(lambda: [one["id"] for one in server.state(session)["state"]["layers"]] == ["roads"])
