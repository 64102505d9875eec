"""Text that would be script, in every place that a tool or a person can fill: the page shows it as text."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.abuse.kit.refusals import JSON
from tests.e2e.conftest import DRAWN, chromium, opened, where
from tests.e2e.kit.server import NO_TLS, Server, running

ELSEWHERE = "https://evil.example"
HACKS = (
    f"<img src={ELSEWHERE}/x onerror=hack()><script src={ELSEWHERE}/s></script>",
    f"</title></style></textarea><svg/onload=hack()><iframe src={ELSEWHERE}>",
    '"\' onmouseover=hack() style=position:fixed;inset:0 x="',
    "javascript:hack()//&lt;b&gt;${hack()}{{hack()}}<base href=//evil.example>",
)
# What must not come to be, noted from before the page's first script on.
WATCH = """() => {
    window.hacks = [];
    const note = (what) => window.hacks.push(String(what));
    window.hack = () => note('a script ran');
    addEventListener('securitypolicyviolation', event => note('blocked ' + event.blockedURI));
    const own = new Set('script style link base iframe object embed form img meta'.split(' '));
    const look = (node) => {
        if (node.nodeType !== 1) return;
        const isOurs = node.matches('#ground-section > form:has(> label > #ground-address)');
        if (own.has(node.localName) && document.body?.contains(node) && !isOurs) note(node.outerHTML);
        for (const { name, value } of node.attributes)
            if (/^on/i.test(name) || (/^(href|src|action)$/.test(name) && /^\\s*javascript:/i.test(value)))
                note(name + '=' + value);
        for (const child of node.children) look(child);
    };
    const told = { childList: true, subtree: true, attributes: true };
    new MutationObserver(all => all.forEach(({ target, addedNodes, type }) =>
        type === 'attributes' ? look(target) : addedNodes.forEach(look))).observe(document, told);
}"""
HERE = {"type": "Point", "coordinates": [0, 0]}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("server")) as server:
        yield server


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """Give a page that is watched; it must not have been hacked when the test ends."""
    with browser.new_context(viewport={"width": 900, "height": 700}) as context:
        page = context.new_page()
        asked: list[str] = []
        page.on("dialog", lambda dialog: asked.append(dialog.message))
        page.on("popup", lambda popup: asked.append(popup.url))
        page.on("request", lambda request: asked.append(request.url))
        page.add_init_script(f"({WATCH})()")
        yield page
        assert not [url for url in asked if not url.startswith(("http://127.0.0.1", "blob:", "data:"))]
        assert page.evaluate("window.hacks") == []


@pytest.fixture
def session(server: Server) -> str:
    session_id = server.new_map()
    server.command(session_id, "set_map_view", center=[0, 0], zoom=4)
    return session_id


def post(server: Server, path: str, session: str, body: Any, **more: str) -> httpx2.Response:
    on, content = {"session": session, **more}, json.dumps(body).encode()
    return httpx2.post(f"{server.url}{path}", params=on, content=content, headers=JSON, verify=NO_TLS)


def test_what_would_be_script_is_noticed(server: Server, page: Page, session: str) -> None:
    opened(page, f"{server.url}/?session={session}")
    page.evaluate("document.querySelector('#title').innerHTML = '<b onclick=hack()>x<form></form>'")
    page.evaluate("document.querySelector('#about a').href = 'javascript:hack()'")
    page.locator("#title b").dispatch_event("click")
    noticed = page.evaluate("window.hacks.splice(0)")
    assert {"<form></form>", "onclick=hack()", "href=javascript:hack()"} <= set(noticed)
    assert not {"a script ran"} & set(noticed), "which the Content-Security-Policy keeps from running"


def test_what_a_tool_says_of_a_layer_is_text(server: Server, page: Page, session: str) -> None:
    opened(page, f"{server.url}/?session={session}")
    for number, hack in enumerate(HACKS):
        at = {"type": "Point", "coordinates": [0, number * 4 - 6]}
        properties = {hack: hack, "nested": {hack: [hack]}}
        place = {"type": "Feature", "id": hack, "properties": properties, "geometry": at}
        source = {"type": "geojson", "data": place, "attribution": hack}
        dot = {"type": "circle", "id": f"{number}{hack}"[:100], "paint": {"circle-radius": 30}}
        dot |= {"metadata": {hack: hack}, "filter": ["!=", ["get", hack], "no"]}
        layer_id = hack[:90]
        server.command(session, "open_map", title=hack)
        server.command(session, "add_layer", id=layer_id, title=hack, source=source, layers=[dot])
        server.command(session, "filter_layer", layer_id=layer_id, filter=["!=", ["get", hack], hack * 2])
        expect(page.locator("#title")).to_have_text(hack)
        expect(page.locator("#layers .name").first).to_have_text(hack)
        expect(page.locator(".maplibregl-ctrl-attrib")).to_contain_text(hack)
        drawn = "layer => mapsrv.map.queryRenderedFeatures().some(it => it.source === layer)"
        page.wait_for_function(drawn, arg=layer_id, timeout=DRAWN)
        page.mouse.click(*where(page, *at["coordinates"]))  # type: ignore[misc]
        expect(page.locator(".maplibregl-popup h2")).to_have_text(hack)
        expect(page.locator(".maplibregl-popup th").first).to_have_text(hack)
        page.locator(".maplibregl-popup-close-button").click()
        server.command(session, "set_layer_details", layer_id=layer_id, attribution=f"By {hack}")
        expect(page.locator(".maplibregl-ctrl-attrib")).to_contain_text(f"By {hack}")
    text = {"text-field": ["concat", *HACKS], "text-font": [HACKS[0]], "icon-image": HACKS[0]}
    shows = [{"type": "symbol", "layout": text}]
    last = server.command(session, "add_layer", id="text", source=HERE, layers=shows)["position"]
    page.wait_for_function("at => document.documentElement.dataset.position === at", arg=last, timeout=DRAWN)


def test_what_a_person_says_is_text(server: Server, page: Page, session: str) -> None:
    opened(page, f"{server.url}/?session={session}")
    for hack in HACKS:
        pointing = {"layer_id": hack, "properties": {hack: hack}}
        problems = [{"message": hack, "layer_id": hack}]
        told = {"viewer": page.evaluate("mapsrv.viewer"), "name": hack[:80]}
        told |= {"pointing": pointing, "problems": problems}
        assert post(server, "/presence", session, told).status_code == 204
        expect(page.locator("#people-list")).to_contain_text(hack[:40])
        for text in ("{}", json.dumps(HERE)):  # one is refused, and named; the other is drawn under its name
            file: Any = {"name": f"{hack}.geojson", "mimeType": "application/json", "buffer": text.encode()}
            page.locator("#file").set_input_files(files=[file])
            expect(page.locator("#message")).to_contain_text("was not added" if text == "{}" else "was added")
            expect(page.locator("#message")).to_contain_text(hack)
        expect(page.locator("#layers .name").first).to_have_text(f"{hack}.geojson")
    page.locator("#name").fill(HACKS[-1])
    page.locator("#name").press("Enter")
    page.reload()
    expect(page.locator("#name")).to_have_value(HACKS[-1][:60])


def test_what_cannot_be_drawn_and_who_refuses_is_told_as_text(
    server: Server, page: Page, session: str
) -> None:
    opened(page, f"{server.url}/?session={session}")
    nowhere = {"type": "raster", "url": "http://127.0.0.1:1/" + HACKS[0][:40].replace(" ", "")}
    for n, hack in enumerate(HACKS):  # a layer each, since of one only so many problems are told
        server.command(session, "add_layer", id=f"tiles{n}", title=HACKS[0], source=nowhere)
        problems = page.locator(f"#layers [data-layer=tiles{n}] .problems")
        expect(problems).to_contain_text("does not answer", timeout=DRAWN)
        failed = "([id, text]) => void mapsrv.map.fire('error', {error: new Error(text), sourceId: id})"
        page.evaluate(failed, [f"tiles{n}", hack])
        expect(problems).to_contain_text(hack)
        error = {"code": hack, "message": hack, "temporary": False}
        answer = {"status": 422, "json": {"error": error}}
        page.route("**/commands?*", lambda route: route.fulfill(**answer))  # noqa: B023
        page.get_by_role("checkbox").first.click()
        expect(page.locator("#message")).to_contain_text(hack)
        page.unroute("**/commands?*")


def frame(event: str, data: Any, position: str = "") -> str:
    return (f"id: {position}\n" if position else "") + f"event: {event}\ndata: {json.dumps(data)}\n\n"


def stream(server: Server, session: str, hack: str) -> str:
    """Return what a server that was taken over might say of a map."""
    known = httpx2.get(f"{server.url}/state", params={"session": session}, verify=NO_TLS).json()
    known["url"] = f"{server.url}/?session={session}#{hack}"
    known["state"]["title"] = known["state"]["basemap"] = hack
    refused = [{"id": f"{n}{hack}", "command": hack, "code": hack, "message": hack} for n in range(2)]
    viewers = [{"id": hack, "name": hack, "kind": hack, "pointing": {hack: hack}}]
    said = frame("snapshot", known, known["position"])
    said += frame("status", {"durability": hack, "pending": 0, "refused": refused})
    return said + frame("presence", {"count": hack, "viewers": viewers})


@pytest.mark.parametrize("hack", HACKS[:2], ids=["element", "end-tags"])
def test_what_a_stream_says_is_text(server: Server, page: Page, session: str, hack: str) -> None:
    headers, said = {"content-type": "text/event-stream"}, stream(server, session, hack)
    page.route("**/events?*", lambda route: route.fulfill(body=said, headers=headers))
    page.goto(f"{server.url}/?session={session}")
    expect(page.locator("#title")).to_have_text(hack)
    expect(page.locator("#people-list")).to_contain_text(hack[:80])
    expect(page.locator("#refused-list li").first).to_contain_text(hack)
    page.locator("#connect-open").click()
    expect(page.locator("#connect-body")).to_contain_text(hack)


def test_what_is_opened_by_itself_runs_nothing(server: Server, page: Page, session: str) -> None:
    for hack in HACKS:
        place = {"type": "Feature", "properties": {hack: hack}, "geometry": HERE}
        data = post(server, "/data", session, place).json()["data"]
        server.command(session, "open_map", title=hack)
        server.command(session, "add_layer", id=hack[:90], source=data)
        for path in (data, f"state?session={session}", f"style.json?session={session}"):
            answer = page.goto(f"{server.url}/{path}")
            assert answer is not None and answer.headers["x-content-type-options"] == "nosniff"
            assert "html" not in answer.headers["content-type"]
        for path in ("", "state", "nothing/", "data/", "assets/"):
            answer = page.goto(f"{server.url}/{path}?session={hack}&name={hack}")
            assert answer is not None and answer.status >= 400
            assert "html" not in answer.headers["content-type"] or hack[:9] not in answer.text()
