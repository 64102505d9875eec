"""People on one map through plain round-robin nginx, before two pods on a real valkey-server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from playwright.sync_api import Browser, expect

from mapsrv.wire.said import public_id
from tests.e2e.conftest import DRAWN, opened, where
from tests.e2e.kit.claude import claude
from tests.e2e.kit.nginx import Proxy, round_robin
from tests.e2e.kit.server import NO_TLS, Server, wait_until
from tests.e2e.kit.viewer import Viewer
from tests.e2e.test_page import at_zero, circle, points

NAMED = {"Ana": "ana-tab", "Bell": "bell-tab"}


@pytest.fixture
def proxy(tmp_path: Path, pods: list[Server]) -> Iterator[Proxy]:
    with round_robin(tmp_path / "nginx", pods) as proxy:
        yield proxy


def people(viewer: Viewer) -> dict[str, Any]:
    """Return who a stream was told of last, by name."""
    return {one["name"]: one for one in (viewer.last("presence") or {"viewers": []})["viewers"]}


def test_what_is_said_at_the_wrong_pod_arrives_at_everybodys_stream(pods: list[Server]) -> None:
    session_id = pods[0].new_map()
    streams = [Viewer(pod, session_id, tab=tab) for pod, tab in zip(pods, NAMED.values(), strict=True)]
    wait_until(lambda: all(stream.seen for stream in streams))

    def say(pod: Server, number: int, tab: str, **told: Any) -> None:
        body = {"viewer": tab, "n": number, "visible": True, **told}
        answer = httpx2.post(f"{pod.url}/presence?session={session_id}", json=body, verify=NO_TLS)
        assert answer.status_code == 204

    for wrong, (name, tab) in zip(reversed(pods), NAMED.items(), strict=True):
        say(wrong, 1, tab, name=name, pointing={"layer_id": name})
    wait_until(lambda: all(people(stream).keys() == NAMED.keys() for stream in streams))
    for tab in NAMED.values():
        for pod in pods * 2:  # the newest number counts, wherever what is late arrives
            say(pod, 3, tab, viewport={"zoom": 5})
            say(pod, 2, tab, viewport={"zoom": 4}, pointing=None)
    wait_until(lambda: all("viewport" in one for stream in streams for one in people(stream).values()))
    for stream in streams:
        wait_until(lambda: not any("pointing" in one for one in people(stream).values()))  # noqa: B023
        assert {name: one["id"] for name, one in people(stream).items()} == {
            name: public_id(tab) for name, tab in NAMED.items()
        }
        assert {one["viewport"]["zoom"] for one in people(stream).values()} == {5}
    for wrong, tab in zip(reversed(pods), NAMED.values(), strict=True):
        say(wrong, 4, tab, visible=False, gone=True)
    wait_until(lambda: all((stream.last("presence") or {})["count"] == 0 for stream in streams))
    assert not any(session_id in pod.log or tab in pod.log for pod in pods for tab in NAMED.values())


def test_two_browsers_through_a_round_robin_proxy_know_each_other(
    browser: Browser, pods: list[Server], proxy: Proxy
) -> None:
    session_id = pods[0].new_map()
    at_zero(pods[0], session_id)
    pods[0].command(session_id, "add_layer", id="red", source=points("a"), layers=circle("red"))
    watcher = Viewer(pods[1], session_id)
    with browser.new_context() as one, browser.new_context() as other:
        pages = {"Ana": one.new_page(), "Bell": other.new_page()}
        for name, page in pages.items():
            opened(page, f"{proxy.url}/?session={session_id}")
            page.locator("#name").fill(name)
            page.locator("#name").blur()
        wait_until(lambda: pages.keys() <= people(watcher).keys(), DRAWN / 1000)
        for page in pages.values():
            expect(page.locator("#people")).to_have_text("3 people here", timeout=DRAWN)
            for name in pages:
                expect(page.locator("#people-list").get_by_text(name, exact=True)).to_be_visible()
        for zoom in range(4, 8):  # each lands on another pod, in turn
            for page in pages.values():
                page.evaluate(f"void mapsrv.map.jumpTo({{center: [0, 0], zoom: {zoom}}})")
            wait_until(lambda: zooms(watcher) == dict.fromkeys(pages, zoom), DRAWN / 1000)  # noqa: B023
        pages["Ana"].mouse.click(*where(pages["Ana"], 0, 0))
        wait_until(lambda: people(watcher)["Ana"].get("pointing", {}).get("layer_id") == "red", DRAWN / 1000)
        done: list[str] = []
        for _ in range(4):
            for name, page in pages.items():
                box = page.get_by_label("red", exact=True)
                # Where the other's change is not shown yet, a click would ask for what is there already.
                expect(box).to_be_checked(checked=len(done) % 2 == 0, timeout=DRAWN)
                box.click()
                done.append(name)
                wait_until(lambda: authors(watcher) == done, DRAWN / 1000)
        claude(pods[0], session_id, ("toggle_layer", {"layer_id": "red", "action": "hide"}))
        for page in pages.values():  # one of which has its stream at the other pod
            expect(page.locator("#now .told")).to_have_text("Claude hides red")
            expect(page.locator("#people-list .model .name")).to_have_text("Claude")
            expect(page.locator("#people")).to_have_text("3 people here")
        pages["Bell"].close(run_before_unload=True)
        wait_until(lambda: people(watcher).keys() == {"", "Ana"}, DRAWN / 1000)
    assert all(count > 10 for count in proxy.by_port.values()) and len(proxy.by_port) == 2


def zooms(viewer: Viewer) -> dict[str, float]:
    return {name: one["viewport"]["zoom"] for name, one in people(viewer).items() if "viewport" in one}


def authors(viewer: Viewer) -> list[str]:
    """Return who made each change."""
    return [json.loads(one.data)["origin"]["name"] for one in viewer.history if one.event == "event"]
