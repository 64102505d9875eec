"""Two mapsrv processes on one real valkey-server: one map for all, whichever pod one talks to."""

from __future__ import annotations

import signal

from tests.e2e.kit.server import Server, call, wait_until
from tests.e2e.kit.viewer import Viewer


def test_a_change_on_any_pod_reaches_every_viewer_on_every_pod(pods: list[Server]) -> None:
    a, b = pods
    session_id = a.new_map()
    viewers = [Viewer(pod, session_id) for pod in pods]
    wait_until(lambda: all(viewer.seen for viewer in viewers))
    positions = []
    for number in range(20):
        pod = pods[number % 2]
        positions.append(pod.command(session_id, "open_map", title=f"Title {number}")["position"])
    wait_until(lambda: all(viewer.seen[-1] == positions[-1] for viewer in viewers))
    assert viewers[0].seen[1:] == viewers[1].seen[1:] == positions
    assert a.state(session_id) == b.state(session_id) | {"url": a.state(session_id)["url"]}
    [receipt] = call(b, "http", ("open_map", {"session_id": session_id}))
    assert receipt["durability"] == "redis"
    wait_until(lambda: (viewers[0].last("presence") or {}).get("count") == 2, 20)
    assert not any("broke" in pod.log for pod in pods), "they heard it, and did not only look"


def test_a_pod_that_is_killed_takes_nothing_with_it(pods: list[Server]) -> None:
    a, b = pods
    session_id = a.new_map()
    for number in range(10):
        a.command(session_id, "open_map", f"key-{number}", title=f"Title {number}")
    before = a.state(session_id)
    a.stop(signal.SIGKILL)
    after = b.state(session_id)
    assert (after["position"], after["state"]) == (before["position"], before["state"])
    again = b.command(session_id, "open_map", "key-9", title="Title 9")
    assert again["position"] == before["position"], "a retry on another pod is not done twice"
