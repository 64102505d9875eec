"""Real pods and a real valkey-server that stalls, dies and forgets: what was acknowledged is still there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx2

from tests.e2e.kit.server import NO_TLS, Server, wait_until
from tests.e2e.kit.viewer import Viewer
from tests.store.kit import valkey


def ready(pod: Server) -> dict[str, Any]:
    answer: dict[str, Any] = httpx2.get(f"{pod.url}/ready", verify=NO_TLS).json()
    return answer


def status(viewer: Viewer) -> tuple[str, int]:
    said = viewer.last("status") or {}
    return said.get("durability", ""), said.get("pending", 0)


def test_while_redis_is_away_a_map_goes_on_alone_and_comes_back_with_what_was_done(
    pods: list[Server], redis: valkey.Server
) -> None:
    a, b = pods
    session_id = a.new_map()
    assert a.command(session_id, "open_map", title="Before")["durability"] == "redis"
    viewer = Viewer(b, session_id)
    wait_until(lambda: viewer.seen)
    redis.stall()
    receipt = b.command(session_id, "open_map", "k1", title="Meanwhile")
    assert receipt["durability"] == "memory"
    for number in range(20):
        b.command(session_id, "open_map", f"n{number}", title=f"Meanwhile {number}")
    assert b.command(session_id, "open_map", "k1", title="Meanwhile")["position"] == receipt["position"]
    wait_until(lambda: status(viewer) == ("memory", 21))
    assert b.answers("/health") and ready(b) == {"status": "ready", "degraded": True}
    assert b.state(session_id)["state"]["title"] == "Meanwhile 19"
    refused = httpx2.get(f"{b.url}/state", params={"session": "x" * 22}, verify=NO_TLS)
    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "1")
    redis.go_on()
    wait_until(lambda: status(viewer) == ("redis", 0))
    wait_until(lambda: a.state(session_id)["state"]["title"] == "Meanwhile 19", 20)
    assert a.state(session_id)["position"] == b.state(session_id)["position"]
    assert a.state(session_id)["position"].split(".")[1] == "22", "each once"
    wait_until(lambda: viewer.seen[-1] == a.state(session_id)["position"])
    assert b.command(session_id, "open_map", "k1", title="Meanwhile")["durability"] == "redis"
    assert ready(b) == {"status": "ready"}


def test_what_no_longer_fits_goes_back_to_its_author(pods: list[Server], redis: valkey.Server) -> None:
    a, b = pods
    session_id = a.new_map()
    point = {"type": "Point", "coordinates": [1, 2]}
    a.command(session_id, "add_layer", id="lakes", source=point)
    viewer = Viewer(b, session_id)
    wait_until(lambda: viewer.seen)
    assert b.state(session_id)["state"]["layers"]
    redis.stall()
    # What pod a removes arrives first: it was sent before pod b noticed anything.
    b.command(session_id, "toggle_layer", "mine", layer_id="lakes")
    redis.go_on()
    a_removed = a.command(session_id, "remove_layer", layer_id="lakes")
    wait_until(lambda: status(viewer)[0] == "redis", 20)
    wait_until(lambda: a.state(session_id)["position"] == b.state(session_id)["position"], 20)
    assert a.state(session_id)["state"]["layers"] == []
    refused = (viewer.last("status") or {})["refused"]
    assert a_removed and [one["id"] for one in refused] in ([], ["mine"])
    for one in refused:
        assert (one["command"], one["code"]) == ("toggle_layer", "unknown_layer")


def test_a_redis_that_comes_back_empty_gets_the_maps_from_the_pods(
    pods: list[Server], redis: valkey.Server, tmp_path: Path
) -> None:
    a, b = pods
    session_id, other_id = a.new_map(), b.new_map()
    a.command(session_id, "open_map", "first", title="Kept")
    b.command(other_id, "open_map", title="Other")
    viewers = [Viewer(pod, session_id) for pod in pods]
    wait_until(lambda: all(viewer.seen for viewer in viewers))
    redis.kill()
    during = b.command(session_id, "open_map", "second", title="Kept on")
    assert during["durability"] == "memory"
    with valkey.running(tmp_path / "again", port=redis.port) as empty:
        wait_until(lambda: status(viewers[1]) == ("redis", 0), 20)
        wait_until(lambda: a.state(session_id)["state"]["title"] == "Kept on", 20)
        assert a.state(session_id)["position"] == b.state(session_id)["position"]
        again = a.command(session_id, "open_map", "first", title="Kept")
        assert a.state(session_id)["state"]["title"] == "Kept on", "the key is remembered"
        assert again["durability"] == "redis"
        wait_until(lambda: a.state(other_id)["state"]["title"] == "Other", 20)
        assert "from" in empty.do("HGETALL", f"map_meta:{{{session_id}}}")
        unknown = httpx2.get(f"{a.url}/state", params={"session": "x" * 22}, verify=NO_TLS)
        assert unknown.status_code == 503
