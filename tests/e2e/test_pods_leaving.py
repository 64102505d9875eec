"""A pod that stops, and one of an older release beside a newer: real processes on a real valkey-server."""

from __future__ import annotations

import json
import signal
import time
from pathlib import Path
from typing import Any

import httpx2

from mapsrv.store import FORMAT
from tests.e2e.kit.pods import NextRelease, pods
from tests.e2e.kit.server import NO_TLS, Server, call, wait_until
from tests.e2e.kit.viewer import Viewer

WINDOW = 2.0
STREAMS = 10


def error_of(answer: httpx2.Response) -> tuple[int, str, str]:
    error: dict[str, Any] = answer.json()["error"]
    return answer.status_code, error["code"], error["message"]


def test_a_pod_that_stops_sends_its_viewers_to_the_other_one_by_one_and_they_miss_nothing(
    tmp_path: Path,
) -> None:
    with pods(tmp_path, Server, Server, flags=("--drain-window", f"{WINDOW}")) as (_redis, (a, b)):
        session_id = a.new_map()
        watchers = [Viewer(a, session_id) for _ in range(STREAMS)]
        wait_until(lambda: all(watcher.history for watcher in watchers))
        assert a.process is not None
        a.process.send_signal(signal.SIGTERM)
        began = time.monotonic()
        wait_until(lambda: not a.answers("/ready"))
        during = httpx2.get(f"{a.url}/events", params={"session": session_id}, verify=NO_TLS)
        assert error_of(during)[:2] == (503, "draining")
        a.command(session_id, "open_map", title="Whoever still comes here is served")
        wait_until(lambda: all(watcher.ended_at for watcher in watchers), 20)
        assert a.process.wait(15) == 0
        took = time.monotonic() - began
        again = [watcher.drained.retry for watcher in watchers if watcher.drained]
        assert len(again) == STREAMS and max(again) <= 100 + WINDOW * 1000
        ends = sorted(watcher.ended_at - began for watcher in watchers if watcher.ended_at)
        assert ends[-1] - ends[0] > WINDOW * 0.6, "one after the other"
        assert took < WINDOW + 8, "a busy machine's leave; 18 s when everything hangs"
        position = b.command(session_id, "open_map", title="Later")["position"]
        resumed = [Viewer(b, session_id, watcher.history[-1].id) for watcher in watchers]
        wait_until(lambda: all(watcher.history and watcher.history[-1].id == position for watcher in resumed))
        assert {message.event for watcher in resumed for message in watcher.history} == {"event"}


def test_an_older_pod_lets_go_of_what_a_newer_one_has_written_and_serves_the_rest(tmp_path: Path) -> None:
    with pods(tmp_path, Server, NextRelease) as (redis, (a, b)):
        theirs, ours, read_only = a.new_map(), a.new_map(), a.new_map()
        for session_id in (theirs, ours, read_only):
            a.command(session_id, "open_map", title="Before")
        gone, stays, reads = (Viewer(a, session_id) for session_id in (theirs, ours, read_only))
        wait_until(lambda: gone.history and stays.history and reads.history)
        assert b.state(read_only)["state"]["title"] == "Before", "a newer one may read along"

        b.command(theirs, "open_map", title="Newer")
        wait_until(lambda: gone.ended_at, 20)
        assert gone.drained and gone.drained.retry
        kinds = ("meta", "state", "log", "keys")
        before = [redis.do("DUMP", f"map_{kind}:{{{theirs}}}") for kind in kinds]
        for _ in range(2):
            refused = [
                httpx2.get(f"{a.url}/state", params={"session": theirs}, verify=NO_TLS),
                httpx2.get(f"{a.url}/events", params={"session": theirs}, verify=NO_TLS),
                httpx2.post(
                    f"{a.url}/commands?session={theirs}",
                    json={"command": "open_map", "arguments": {"title": "Older"}},
                    verify=NO_TLS,
                ),
            ]
            for answer in refused:
                status, code, message = error_of(answer)
                assert (status, code) == (503, "newer_format") and answer.headers["retry-after"] == "1"
                assert f"format {FORMAT + 1}, this one reads {FORMAT}" in message
                assert "newer release" in message and "another server will answer" in message
        assert before == [redis.do("DUMP", f"map_{kind}:{{{theirs}}}") for kind in kinds]

        a.command(ours, "open_map", title="Ours")
        wait_until(
            lambda: json.loads(stays.history[-1].data).get("ops") == [{"op": "set_title", "title": "Ours"}]
        )
        assert stays.drained is None and reads.drained is None
        assert a.answers("/ready") and a.state(ours)["state"]["title"] == "Ours"
        ready = httpx2.get(f"{a.url}/ready", verify=NO_TLS).json()
        assert ready == {"status": "ready"}, "the store is well"
        assert b.state(theirs)["state"]["title"] == "Newer"
        [receipt] = call(b, "http", ("open_map", {"session_id": theirs, "title": "Newest"}))
        assert receipt["position"] == b.state(theirs)["position"]
        metrics = httpx2.get(f"{a.url}/metrics", verify=NO_TLS).text
        assert 'mapsrv_streams_drained_total{why="newer"} 1.0' in metrics
