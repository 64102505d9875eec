"""The list of layers: what colours mean, what can be done with one, a long list; by pointer, keys, touch."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.e2e.conftest import DRAWN, opened, where
from tests.e2e.kit.server import Server, running, wait_until

POP = ["get", "pop"]
STEPS = ["step", POP, "#ffffcc", 10_000, "#fd8d3c", 1_000_000, "#800026"]
DESK = {"width": 1024, "height": 768}
PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c4944415408d763f8ffff"
    "3f0005fe02fedccc59e70000000049454e44ae426082"
)


def towns(*names: str, **properties: Any) -> dict[str, Any]:
    """Return points that all lie at one place."""
    at = {"type": "Point", "coordinates": [0, 0]}
    told = [{"name": name, "pop": 1_234_567, **properties} for name in names]
    features = [{"type": "Feature", "id": n, "properties": one, "geometry": at} for n, one in enumerate(told)]
    return {"type": "FeatureCollection", "features": features}


def dots(name: str, **paint: Any) -> list[dict[str, Any]]:
    return [{"id": name, "type": "circle", "paint": {"circle-radius": 12, **paint}}]


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("layers")) as server:
        yield server


@pytest.fixture(scope="module")
def desk(browser: Browser) -> Iterator[Page]:
    with browser.new_context(viewport=DESK, locale="en-US") as context:
        page = context.new_page()
        faults: list[str] = []
        page.on("console", lambda said: faults.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: faults.append(str(error)))
        yield page
        assert faults == []


def drawn(server: Server, *layers: dict[str, Any]) -> str:
    session_id = server.new_map()
    server.command(session_id, "set_map_view", center=[0, 0], zoom=4)
    for layer in layers:
        server.command(session_id, "add_layer", **layer)
    return session_id


def on(page: Page, server: Server, session_id: str) -> Page:
    return opened(page, f"{server.url}/?session={session_id}")


def row(page: Page, layer_id: str) -> Locator:
    return page.locator(f"#layers li[data-layer='{layer_id}']")


def layer_of(server: Server, session_id: str, place: int = 0) -> dict[str, Any]:
    layer: dict[str, Any] = server.state(session_id)["state"]["layers"][place]
    return layer


def names(page: Page) -> list[str]:
    return page.locator("#layers .name").all_inner_texts()


def test_a_legend_follows_each_restyle_in_the_frame_that_draws_it(shared: Server, desk: Page) -> None:
    layer = {"id": "a", "source": towns("Bern"), "layers": dots("a", **{"circle-color": STEPS})}
    session_id = drawn(shared, layer)
    page = on(desk, shared, session_id)
    legend = row(page, "a").locator(".legend")
    expect(legend.locator(".entry")).to_have_text(["< 10K", "10K – 1M", "≥ 1M"])
    expect(legend.locator("h3")).to_have_text(["pop"])
    fills = legend.locator("circle").evaluate_all("all => all.map(one => getComputedStyle(one).fill)")
    assert fills == ["rgb(255, 255, 204)", "rgb(253, 141, 60)", "rgb(128, 0, 38)"]
    page.evaluate("""() => { const root = document.documentElement; window.seen = []; new MutationObserver(
            () => window.seen.push(document.querySelector('.legend').innerText)
        ).observe(root, {attributeFilter: ['data-position']}) }""")
    kinds = ["match", ["get", "kind"], "lake", "#00f", "#999"]
    shared.command(session_id, "set_layer_paint", layer_id="a", property="circle-color", value=kinds)
    expect(legend.locator(".entry")).to_have_text(["lake", "other"])
    assert [text.split() for text in page.evaluate("window.seen")] == [["kind", "lake", "other"]]
    formula = ["*", 0.01, ["sqrt", POP]]
    shared.command(session_id, "set_layer_paint", layer_id="a", property="circle-radius", value=formula)
    expect(legend).to_contain_text("Size styled by an expression")
    row(page, "a").get_by_role("button", name="Reset the style: a").click()
    expect(legend.locator(".entry")).to_have_text(["< 10K", "10K – 1M", "≥ 1M"])
    assert "restyled" not in layer_of(shared, session_id)
    expect(row(page, "a").get_by_text("Restyled")).to_be_hidden()


def test_a_filter_is_told_in_words_and_cleared_and_greys_what_it_hides(shared: Server, desk: Page) -> None:
    session_id = drawn(
        shared, {"id": "a", "source": towns("Bern"), "layers": dots("a", **{"circle-color": STEPS})}
    )
    page = on(desk, shared, session_id)
    shared.command(session_id, "filter_layer", layer_id="a", filter=[">=", POP, 1_000_000])
    filters = row(page, "a").locator(".filters")
    expect(filters).to_have_text("pop ≥ 1,000,000 · Clear")
    hidden = row(page, "a").locator(".entry.filtered")
    expect(hidden).to_have_text(["< 10K (hidden by the filter)", "10K – 1M (hidden by the filter)"])
    filters.get_by_role("button").press("Enter")
    expect(filters).to_have_text("")
    expect(hidden).to_have_count(0)
    assert "filter" not in layer_of(shared, session_id)


def test_the_menu_renames_fades_and_moves_by_keys_alone(shared: Server, desk: Page) -> None:
    session_id = drawn(
        shared, *({"id": name, "source": towns("Bern"), "layers": dots(name)} for name in ("below", "above"))
    )
    page = on(desk, shared, session_id)
    more = page.get_by_role("button", name="More: above")
    more.focus()
    page.keyboard.press("Enter")
    menu = page.get_by_role("dialog", name="above")
    expect(menu.get_by_role("button", name="Zoom to: above")).to_be_focused()
    for _ in range(2):
        page.keyboard.press("ArrowDown")
    expect(menu.get_by_role("button", name="Move down: above")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#layers .name")).to_have_text(["below", "above"])
    menu.get_by_label("Opacity").focus()
    page.keyboard.press("Home")
    clear = {"above": {"paint": {"circle-opacity": 0}}}
    wait_until(lambda: layer_of(shared, session_id).get("restyled", {}).items() >= clear.items())
    expect(menu.get_by_role("status")).to_have_text("0 %")
    bar = menu.get_by_label("Opacity").bounding_box()
    assert bar is not None
    page.mouse.move(bar["x"] + 8, bar["y"] + bar["height"] / 2)
    page.mouse.down()
    page.mouse.move(bar["x"] + bar["width"] / 2, bar["y"] + bar["height"] / 2, steps=4)
    half = pytest.approx(0.5, abs=0.1)
    wait_until(lambda: layer_of(shared, session_id)["restyled"]["above"]["paint"]["circle-opacity"] == half)
    page.mouse.up()
    menu.get_by_label("Name").fill("Towns")
    page.keyboard.press("Enter")
    expect(page.locator("#layers .name")).to_have_text(["below", "Towns"])
    expect(menu).to_be_hidden()
    expect(page.get_by_role("button", name="More: Towns")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    expect(page.locator("#layer-menu")).to_be_hidden()
    handle = page.get_by_role("button", name="Move: Towns")
    handle.press("ArrowUp")
    expect(page.locator("#layers .name")).to_have_text(["Towns", "below"])
    expect(handle).to_be_focused()


def test_a_row_is_dragged_to_its_place_by_mouse_and_by_finger(
    shared: Server, desk: Page, browser: Browser
) -> None:
    three = ({"id": name, "source": towns("Bern"), "layers": dots(name)} for name in ("c", "b", "a"))
    session_id = drawn(shared, *three)
    page = on(desk, shared, session_id)
    from_, to = middle(page, "a"), middle(page, "b")
    page.mouse.move(*from_)
    page.mouse.down()
    page.mouse.move(from_[0], to[1] + 30, steps=4)
    expect(row(page, "b")).to_have_class("drop-below")
    page.mouse.up()
    expect(page.locator("#layers .name")).to_have_text(["b", "a", "c"])
    assert [one["id"] for one in shared.state(session_id)["state"]["layers"]] == ["c", "a", "b"]
    with browser.new_context(**PHONE) as context:
        phone = on(context.new_page(), shared, session_id)
        row(phone, "c").scroll_into_view_if_needed()
        finger(phone, middle(phone, "c"), middle(phone, "a"))
        expect(phone.locator("#layers .name")).to_have_text(["b", "c", "a"])
    expect(page.locator("#layers .name")).to_have_text(["b", "c", "a"])


def middle(page: Page, layer_id: str) -> tuple[float, float]:
    """Return where the handle of a row is."""
    box = row(page, layer_id).locator(".handle").bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def finger(page: Page, start: tuple[float, float], end: tuple[float, float]) -> None:
    """Drag from one place to a little above another, as a finger does."""
    touch = page.context.new_cdp_session(page)
    places = [start, (start[0], (start[1] + end[1]) / 2), (end[0], end[1] - 8)]
    for kind, (x, y) in zip(("touchStart", "touchMove", "touchMove"), places, strict=True):
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}]})
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


def test_of_twenty_layers_one_is_found_and_sharing_stays_in_reach(shared: Server, desk: Page) -> None:
    layers = [
        {"id": f"l{n}", "title": f"Läyer {n}", "source": towns("x"), "layers": dots(f"l{n}")}
        for n in range(20)
    ]
    session_id = drawn(shared, *layers)
    page = on(desk, shared, session_id)
    expect(page.locator("#layers .name")).to_have_count(20)
    for name in ("Copy link", "Connect your assistant"):
        expect(page.get_by_role("button", name=name)).to_be_in_viewport(ratio=1)
    last = row(page, "l0")
    expect(last).not_to_be_in_viewport()
    last.scroll_into_view_if_needed()
    expect(last).to_be_in_viewport()
    expect(page.get_by_role("button", name="Copy link")).to_be_in_viewport(ratio=1)
    search = page.get_by_role("searchbox", name="Find a layer")
    search.fill("layer 13")
    visible = page.locator("#layers li:visible .name")
    expect(visible).to_have_text(["Läyer 13"])
    shared.command(session_id, "set_layer_details", layer_id="l4", title="Layer 13 too")
    expect(visible).to_have_text(["Läyer 13", "Layer 13 too"])
    search.fill("nothing")
    expect(page.get_by_text("No layer is called so.")).to_be_visible()
    search.fill("")
    expect(visible).to_have_count(20)


def test_a_row_says_who_added_it_and_when_to_zoom_in_and_shows_a_picture(shared: Server, desk: Page) -> None:
    tiles = {"type": "raster", "tiles": ["https://tiles.example/{z}/{x}/{y}.png"], "tileSize": 256}
    far = [{**dots("far")[0], "minzoom": 6}]
    session_id = drawn(
        shared, {"id": "far", "source": towns("Bern"), "layers": far}, {"id": "tiles", "source": tiles}
    )
    desk.route("https://tiles.example/**", lambda route: route.fulfill(body=PIXEL, content_type="image/png"))
    page = on(desk, shared, session_id)
    expect(row(page, "far").locator(".added")).to_contain_text("somebody, ")
    expect(row(page, "far").locator(".hint")).to_have_text("Zoom in to see")
    expect(row(page, "tiles").locator("img.thumb")).to_be_visible(timeout=DRAWN)
    page.mouse.move(700, 400)
    while page.evaluate("mapsrv.map.getZoom()") < 6.2:
        page.mouse.wheel(0, -400)
        page.wait_for_function("() => !mapsrv.map.isMoving()")
    expect(row(page, "far").locator(".hint")).to_have_text("")


def test_a_popup_names_its_feature_and_turns_through_what_lies_there(
    shared: Server, desk: Page, browser: Browser
) -> None:
    told = {"osm_id": 1234567, "www": "https://example.org/bern", "script": "javascript:alert(1)"}
    source = towns("Bern", "Zug", text="long " * 60, **told)
    session_id = drawn(shared, {"id": "a", "title": "Towns", "source": source, "layers": dots("a")})
    page = on(desk, shared, session_id)
    at = where(page, 0, 0)
    page.mouse.move(at[0] + 30, at[1])
    page.mouse.move(*at, steps=3)
    expect(page.locator("#hover-name")).to_have_text("Zug")
    page.mouse.click(*at)
    popup = page.locator(".maplibregl-popup")
    expect(popup.locator("h2")).to_have_text("Zug")
    expect(popup.locator(".of-layer")).to_have_text("Towns")
    expect(popup.get_by_role("row", name="pop")).to_have_text("pop1,234,567")
    expect(popup.get_by_role("row", name="osm_id")).to_have_text("osm_id1234567")
    link = popup.get_by_role("link")
    expect(link).to_have_attribute("href", "https://example.org/bern")
    expect(link).to_have_attribute("rel", "noopener noreferrer")
    expect(popup.locator("details")).not_to_have_attribute("open", "")
    popup.locator("summary").click()
    expect(popup.locator("details")).to_have_attribute("open", "")
    expect(popup.get_by_role("status")).to_have_text("1 of 2 here")
    popup.get_by_role("button", name="Next here").click()
    expect(popup.locator("h2")).to_have_text("Bern")
    expect(popup.get_by_role("status")).to_have_text("2 of 2 here")
    with browser.new_context(**PHONE) as context:
        phone = on(context.new_page(), shared, session_id)
        phone.touchscreen.tap(*where(phone, 0, 0))
        sheet = phone.get_by_role("region", name="What is here")
        expect(sheet.get_by_role("heading")).to_have_text("Zug")
        expect(phone.locator("#hover-name")).to_be_hidden()
        sheet.get_by_role("button", name="Close").tap()
        expect(sheet).to_have_count(0)


def test_named_points_are_labelled_where_nobody_said_how_to_draw_them(shared: Server, desk: Page) -> None:
    session_id = drawn(shared, {"id": "a", "source": towns("Bern")})
    page = on(desk, shared, session_id)
    labelled = (
        "() => mapsrv.map.queryRenderedFeatures({layers: ['a-labels']}).map(one => one.properties.name)"
    )
    wait_until(lambda: page.evaluate(labelled) == ["Bern"], 30)
