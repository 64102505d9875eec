"""What went wrong in earlier live maps that ran as several pods: each is true here, with real pods."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from playwright.sync_api import Page

from tests.e2e.conftest import DRAWN, opened, rendered
from tests.e2e.kit.pods import pods
from tests.e2e.kit.server import NO_TLS, Server, call, wait_until
from tests.e2e.kit.viewer import Viewer
from tests.e2e.test_regressions import CIRCLE, POINT
from tests.store.kit import valkey

INITIALIZE = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-06-18",
        "capabilities": {},
        "clientInfo": {"name": "test", "version": "1"},
    },
}
ACCEPT = {"accept": "application/json, text/event-stream"}


@pytest.fixture
def two(tmp_path: Path) -> Iterator[tuple[valkey.Server, Server, Server]]:
    with pods(tmp_path, Server, Server) as (redis, (a, b)):
        yield redis, a, b


@pytest.mark.parametrize("transport", ["sse", "http"])
def test_a_tool_call_on_one_pod_reaches_a_stream_on_another(
    two: tuple[valkey.Server, Server, Server], transport: str
) -> None:
    _redis, a, b = two
    session_id = b.new_map()
    watcher = Viewer(b, session_id)
    wait_until(lambda: watcher.history)
    [receipt] = call(a, transport, ("open_map", {"session_id": session_id, "title": "From A"}))
    wait_until(lambda: watcher.history[-1].id == receipt["position"])
    event = json.loads(watcher.history[-1].data)
    assert event["ops"] == [{"op": "set_title", "title": "From A"}] and event["origin"]["kind"] == "model"


def test_a_tool_call_on_one_pod_is_drawn_in_a_browser_on_another(
    two: tuple[valkey.Server, Server, Server], page: Page
) -> None:
    _redis, a, b = two
    session_id = b.new_map()
    opened(page, f"{b.url}/?session={session_id}")
    call(a, "http", ("add_layer", {"session_id": session_id, "id": "dot", "source": POINT, "layers": CIRCLE}))
    page.wait_for_function(rendered("dot", 1), timeout=DRAWN)


@pytest.mark.parametrize("away", ["stall", "kill"])
def test_liveness_never_depends_on_the_store(two: tuple[valkey.Server, Server, Server], away: str) -> None:
    redis, *both = two
    session_id = both[0].new_map()
    both[0].command(session_id, "open_map", title="Before")
    assert both[1].state(session_id)["state"]["title"] == "Before"
    getattr(redis, away)()

    def retitle(pod: Server, title: str) -> int:
        body = {"command": "open_map", "arguments": {"title": title}}
        asked = {"session": session_id}
        answer = httpx2.post(f"{pod.url}/commands", params=asked, json=body, timeout=20, verify=NO_TLS)
        return answer.status_code

    def ready_of(pod: Server) -> httpx2.Response:
        return httpx2.get(f"{pod.url}/ready", timeout=2, verify=NO_TLS)

    for pod in both:
        # What a command gets then is not this test's business, but that it gets it.
        assert retitle(pod, "Meanwhile") in (200, 503)
        for _ in range(20):
            answer = httpx2.get(f"{pod.url}/health", timeout=2, verify=NO_TLS)
            assert (answer.status_code, answer.json()) == (200, {"status": "healthy"})
        ready = ready_of(pod)
        assert (ready.status_code, ready.json()) == (200, {"status": "ready", "degraded": True})
        assert pod.process is not None and pod.process.poll() is None
        assert "Traceback" not in pod.log
    if away == "stall":
        redis.go_on()
        for pod in both:
            wait_until(lambda: retitle(pod, f"After {pod.port}") == 200)  # noqa: B023
            wait_until(lambda: "degraded" not in ready_of(pod).json(), 20)  # noqa: B023
    else:
        for pod in both:
            pod.stop(signal.SIGKILL)  # else it waits, as it should, for a Redis that does not come back


def test_a_message_to_a_pod_where_its_mcp_stream_is_not_is_answered_on_it_or_clearly_refused(
    two: tuple[valkey.Server, Server, Server],
) -> None:
    _redis, a, b = two

    def post(server: Server, path: str, message: Any, **headers: str) -> httpx2.Response:
        sent = {**ACCEPT, **headers}
        return httpx2.post(f"{server.url}{path}", json=message, headers=sent, timeout=20, verify=NO_TLS)

    with httpx2.stream("GET", f"{a.url}/sse", timeout=20, verify=NO_TLS) as stream:
        lines = stream.iter_lines()
        endpoint = next(line for line in lines if line.startswith("data: ")).removeprefix("data: ")
        assert post(b, endpoint, INITIALIZE).status_code == 202
        answer = next(line for line in lines if line.startswith('data: {"jsonrpc"'))
        assert "serverInfo" in answer
        pod = endpoint.rpartition("&pod=")[2]
        strayed = post(b, endpoint.replace(pod, "0" * len(pod)), INITIALIZE)
        error = strayed.json()["error"]
        assert (strayed.status_code, error["code"]) == (404, "not_found")
        assert "Open GET /sse again" in error["message"]


def test_an_mcp_session_of_another_pod_is_served_and_a_forged_one_is_404(
    two: tuple[valkey.Server, Server, Server],
) -> None:
    _redis, a, b = two
    ask: Any = {"jsonrpc": "2.0", "id": 2, "method": "tools/list"}
    with httpx2.Client(headers=ACCEPT, timeout=20, verify=NO_TLS) as client:
        mine = client.post(f"{a.url}/mcp", json=INITIALIZE).headers["mcp-session-id"]
        assert client.post(f"{b.url}/mcp", json=ask, headers={"mcp-session-id": mine}).status_code == 200
        forged = mine[:9] + ("B" if mine[9] == "A" else "A") + mine[10:]
        refused = client.post(f"{b.url}/mcp", json=ask, headers={"mcp-session-id": forged})
        assert refused.status_code == 404 and "session" in refused.json()["error"]["message"].lower()
