"""What operators read: a real Prometheus counts what two pods were asked, and no client makes a series."""

from __future__ import annotations

import contextlib
import re
from collections import Counter
from pathlib import Path
from typing import Any

import httpx2
import trio

from tests.e2e.kit.pods import pods as running_pods
from tests.e2e.kit.prometheus import Prometheus, check, scraping
from tests.e2e.kit.server import NO_TLS, Server, client, running, wait_until
from tests.e2e.kit.viewer import Viewer

COMMANDS, BAD, CALLS, UPLOADS, LOST, VIEWERS = 20, 3, 5, 4, 6, 3  # of each pod
MANY = 10_000  # clients that each call themselves otherwise
NONE = {"type": "FeatureCollection", "features": []}
SECONDS = 30.0


def ask(server: Server, session: str) -> None:
    """Ask a pod for as many of each kind as stands above."""
    with httpx2.Client(base_url=server.url, verify=NO_TLS, params={"session": session}) as http:
        for number in range(COMMANDS):
            body = {"command": "open_map", "arguments": {"title": f"Title {number}"}}
            assert http.post("/commands", json=body).status_code == 200
        for _ in range(BAD):
            body = {"command": "toggle_layer", "arguments": {"layer_id": "none"}}
            assert http.post("/commands", json=body).status_code == 422
        for _ in range(UPLOADS):
            assert http.post("/data", json=NONE).status_code == 201
        for number in range(LOST):
            assert http.get(f"/lost/{number}").status_code == 404


async def call(server: Server, transport: str) -> None:
    with trio.fail_after(SECONDS):
        async with client(server, transport) as session:
            for _ in range(CALLS):
                assert not (await session.call_tool("open_map", {})).is_error


def expected(pods: int) -> dict[str, float]:
    """Return what Prometheus is to find, by query."""
    # The SDK's client says three things more: initialize, initialized, and tools/list at its first call.
    begins = 3
    return {
        'mapsrv_messages_received_total{transport="commands"}': pods * (COMMANDS + BAD) + 1,  # the map
        'mapsrv_messages_received_total{transport="data"}': pods * UPLOADS,
        'mapsrv_messages_received_total{transport="sse"}': pods * (CALLS + begins),
        'mapsrv_messages_received_total{transport="mcp"}': pods * (CALLS + begins),
        'mapsrv_request_duration_seconds_count{route="/commands",status="200"}': pods * COMMANDS,
        'mapsrv_request_duration_seconds_count{route="/data",status="201"}': pods * UPLOADS,
        'mapsrv_request_duration_seconds_count{route="/messages",status="202"}': pods * (CALLS + begins),
        'mapsrv_request_duration_seconds_count{route=~"/events|/sse"}': 0,
        'mapsrv_errors_total{transport="commands",code="unknown_layer"}': pods * BAD,
        'mapsrv_errors_total{transport="other",code="not_found"}': pods * LOST,
        'mapsrv_session_duration_seconds_count{transport="sse"}': pods,
        'mapsrv_session_duration_seconds_count{transport="events"}': 0,
        'mapsrv_sse_connections_active{transport="events"}': pods * VIEWERS,
        'mapsrv_sse_connections_active{transport="sse"}': 0,
        "mapsrv_build_info": pods,
        "mapsrv_viewers": pods * VIEWERS,
    }


def found(prometheus: Prometheus, queries: dict[str, float]) -> dict[str, float]:
    return {query: prometheus.sum(query) for query in queries}


def test_a_prometheus_that_scrapes_two_pods_counts_what_they_were_asked(tmp_path: Path) -> None:
    with (
        running_pods(tmp_path, Server, Server, flags=("--mcp-resume", "1s")) as (_redis, pods),
        scraping(tmp_path / "prometheus", pods) as prometheus,
    ):
        session = pods[0].new_map()
        viewers = [Viewer(pod, session, tab=f"tab-{pod.port}-{n}") for pod in pods for n in range(VIEWERS)]
        wait_until(lambda: all(viewer.history for viewer in viewers))
        for pod in pods:
            ask(pod, session)
            for transport in ("sse", "http"):
                trio.run(call, pod, transport)
        wanted = expected(len(pods))
        with contextlib.suppress(AssertionError):  # the comparison tells more
            wait_until(lambda: found(prometheus, wanted) == wanted, SECONDS)
        assert found(prometheus, wanted) == wanted
        for histogram in ("mapsrv_event_lag_seconds", "mapsrv_loop_lag_seconds", "mapsrv_commit_seconds"):
            assert prometheus.sum(f"{histogram}_count") > 0
        assert prometheus.sum('mapsrv_store_seconds_count{call="commit"}') >= COMMANDS
        assert prometheus.sum("process_resident_memory_bytes") > 0
        assert prometheus.sum("python_gc_collections_total") > 0


def metrics(server: Server, accept: str = "") -> httpx2.Response:
    return httpx2.get(f"{server.url}/metrics", headers={"accept": accept}, verify=NO_TLS).raise_for_status()


def series(text: str) -> Counter[str]:
    """Return the series, without their values."""
    return Counter(line.rpartition(" ")[0] for line in text.splitlines() if not line.startswith("#"))


def test_promtool_finds_nothing_wrong_and_either_format_is_given(server: Server) -> None:
    session = server.new_map()
    ask(server, session)
    plain, wanted = metrics(server), "application/openmetrics-text; version=1.0.0"
    assert check(plain.text) == "" and "_created" not in plain.text
    assert (plain.headers["content-type"] or "").startswith("text/plain")
    modern = metrics(server, wanted)
    assert modern.headers["content-type"].startswith(wanted) and modern.text.endswith("# EOF\n")
    names = set(re.findall(r"# TYPE (\S+) (?:counter|gauge|histogram)", plain.text))
    ours = {name for name in names if not name.startswith(("process_", "python_"))}
    assert ours and all(name.startswith("mapsrv_") for name in ours)
    assert session not in plain.text


def test_ten_thousand_clients_of_different_names_tools_and_paths_add_no_series(tmp_path: Path) -> None:
    head = {"accept": "application/json, text/event-stream"}
    with running(tmp_path, "--rates", "off") as server:
        with httpx2.Client(base_url=server.url, verify=NO_TLS, headers=head, timeout=30) as http:

            def ask_as(number: int) -> None:
                info = {"name": f"client-{number}", "version": f"{number}"}
                about = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": info}
                message: dict[str, Any] = {"jsonrpc": "2.0", "id": number}
                wrong = {"name": f"tool_{number}", "arguments": {}}
                match number % 5:
                    case 0:
                        http.post("/mcp", json={**message, "method": "initialize", "params": about})
                    case 1:
                        http.post("/mcp", json={**message, "method": "tools/call", "params": wrong})
                    case 2:
                        http.get(f"/path-{number}", headers={"x-request-id": f"{number}"})
                    case 3:
                        http.get(f"/data/{number:064x}")
                    case _:
                        http.post(f"/assets/{number}")

            for number in range(10):
                ask_as(number)
            before = series(metrics(server).text)
            for number in range(10, MANY):
                ask_as(number)
            assert series(metrics(server).text) == before
        assert len(before) < 1000


def test_after_all_have_left_nobody_is_counted(server: Server) -> None:
    session = server.new_map()
    viewers = [Viewer(server, session, tab=f"{number}") for number in range(VIEWERS)]
    wait_until(lambda: all(viewer.history for viewer in viewers))

    def now(name: str) -> float:
        line = next(line for line in metrics(server).text.splitlines() if line.startswith(name))
        return float(line.rpartition(" ")[2])

    assert now('mapsrv_sse_connections_active{transport="events"}') == VIEWERS
    trio.run(call, server, "sse")
    for viewer in viewers:
        viewer.leaves = True
    server.command(session, "open_map", title="Farewell")
    gauges = ("mapsrv_viewers", "mapsrv_streams", "mapsrv_bytes_in_flight")
    by_transport = [f'mapsrv_sse_connections_active{{transport="{name}"}}' for name in ("events", "sse")]
    wait_until(lambda: [now(name) for name in (*gauges, *by_transport)] == [0.0] * 5, SECONDS)
