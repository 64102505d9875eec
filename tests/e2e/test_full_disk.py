"""A disk that is full under a running server: no change is taken, everything else goes on.

The limit on the size of a file that the process may write stands for the disk: it can be set and
lifted from outside.
"""

from __future__ import annotations

import json
import resource
import urllib.request
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.e2e.kit.server import NO_TLS, Server, running
from tests.kit.sse import Parser

POINT = {"type": "Feature", "properties": {}, "geometry": {"type": "Point", "coordinates": [8.5, 47.4]}}


def room(server: Server, size: int) -> None:
    """Let the server's files grow to this many bytes."""
    assert server.process is not None
    resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


def ask(server: Server, session_id: str, title: str, key: str) -> httpx2.Response:
    body = {"command": "open_map", "arguments": {"title": title}, "id": key}
    on = {"session": session_id}
    return httpx2.post(f"{server.url}/commands", params=on, json=body, timeout=20, verify=NO_TLS)


def told(answer: httpx2.Response) -> dict[str, Any]:
    """Check that it is the refusal of a store that cannot write, and return it."""
    error: dict[str, Any] = answer.json()["error"]
    assert (answer.status_code, error["code"], error["temporary"]) == (503, "store_unavailable", True)
    assert "disk" in error["message"] and "try again" in error["message"]
    return error


def ready(server: Server) -> Any:
    with urllib.request.urlopen(f"{server.url}/ready") as answer:
        return json.load(answer)


@pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="only Linux sets another process's limits")
def test_on_a_full_disk_changes_are_refused_and_all_else_goes_on_until_there_is_room(tmp_path: Path) -> None:
    with running(tmp_path) as server:
        session_id = server.new_map()
        server.command(session_id, "add_layer", id="stop", source=POINT)
        with urllib.request.urlopen(f"{server.url}/events?session={session_id}", timeout=30) as stream:
            room(server, 64 * 1024)
            done: list[str] = []
            for n in range(100):
                answer = ask(server, session_id, f"title {n}", f"key-{n}")
                if answer.status_code != 200:
                    break
                done.append(f"title {n}")
            told(answer)
            assert server.answers("/health") and ready(server)["degraded"] is True
            state = server.state(session_id)["state"]
            assert state["title"] == (done or ["Untitled map"])[-1] and len(state["layers"]) == 1
            big = json.dumps({"type": "FeatureCollection", "features": [POINT] * 3000})
            headers, on = {"content-type": "application/json"}, {"session": session_id}
            sent = httpx2.post(f"{server.url}/data", params=on, content=big, headers=headers, verify=NO_TLS)
            told(sent)
            told(httpx2.post(f"{server.url}/sessions", json={}, verify=NO_TLS))

            room(server, resource.RLIM_INFINITY)
            again = ask(server, session_id, f"title {n}", f"key-{n}")  # the very retry that it asked for
            assert again.status_code == 200, again.text
            assert "degraded" not in ready(server)
            head, parser, seen = again.json()["position"], Parser(), []
            while not any(message.id == head for message in seen):  # on the stream of before
                seen += parser.feed(stream.readline())
            ops = [json.loads(m.data)["ops"] for m in seen if m.event == "event"]
            assert [op["title"] for [op] in ops] == [*done, f"title {n}"]
        before = server.state(session_id)
        server.stop(9)
        assert "Traceback" not in server.log
        server.start()
        assert server.state(session_id) == before
