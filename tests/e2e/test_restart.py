"""A server that is killed at any moment, or stopped: nothing acknowledged is lost, nothing is done twice."""

from __future__ import annotations

import http.client
import json
import random
import signal
import socket
import threading
import time
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.e2e.kit.server import Server, running, wait_until
from tests.kit.sse import Message, Parser

KILLS = 16
CALLERS = 4
POINT = {"type": "Feature", "geometry": {"type": "Point", "coordinates": [8.5, 47.4]}}
EMPTY: dict[str, Any] = {"type": "FeatureCollection", "features": []}


@dataclass
class Caller:
    """Adds one feature a command, to a layer of its own, and repeats each under its key until it is answered.

    A feature has no id, so what was done twice would be there twice.
    """

    server: Server
    session_id: str
    name: str
    stop: threading.Event
    receipts: dict[str, dict[str, Any]] = field(default_factory=dict)
    repeated: int = 0
    fault: str = ""

    def run(self) -> None:
        while not self.stop.is_set() and not self.fault:
            key = f"{self.name}-{len(self.receipts)}"
            while (receipt := self.post(key)) is None:
                self.repeated += 1
                time.sleep(0.02)
            self.receipts[key] = receipt

    def post(self, key: str) -> dict[str, Any] | None:
        """Return the receipt; None when the server died, or says to try again."""
        feature = {**POINT, "properties": {"key": key}}
        arguments = {"layer_id": self.name, "add": [feature]}
        body = json.dumps({"command": "update_features", "arguments": arguments, "id": key})
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=20)
        try:
            headers = {"Content-Type": "application/json"}
            connection.request("POST", f"/commands?session={self.session_id}", body, headers)
            answer = connection.getresponse()
            value = json.loads(answer.read())
        except (OSError, http.client.HTTPException, ValueError):
            return None
        finally:
            connection.close()
        if answer.status not in (200, 503):
            self.fault = str(value)
        return value if answer.status == 200 else None if answer.status == 503 else {}


def keys_of(server: Server, layer: dict[str, Any]) -> list[str]:
    """Return the keys of a layer's features, wherever its data is."""
    data = layer["source"]["data"]
    if isinstance(data, str):
        with urllib.request.urlopen(f"{server.url}/{data}") as answer:
            data = json.load(answer)
    return [feature["properties"]["key"] for feature in data["features"]]


def test_kill_9_at_any_moment_loses_nothing_acknowledged_and_does_nothing_twice(tmp_path: Path) -> None:
    chance = random.Random(3)
    with running(tmp_path) as server:
        session_id, stop = server.new_map(), threading.Event()
        callers = [Caller(server, session_id, f"caller{n}", stop) for n in range(CALLERS)]
        for caller in callers:
            server.command(session_id, "add_layer", id=caller.name, source=EMPTY)
        threads = [threading.Thread(target=caller.run) for caller in callers]
        for thread in threads:
            thread.start()
        try:
            for _ in range(KILLS):
                before = sum(len(caller.receipts) for caller in callers)
                wait_until(lambda: sum(len(c.receipts) for c in callers) > before + 3, 30)  # noqa: B023
                time.sleep(chance.uniform(0, 0.06))
                acknowledged = [key for caller in callers for key in caller.receipts]
                server.stop(signal.SIGKILL)
                server.start()
                state = server.state(session_id)["state"]
                there = {key for layer in state["layers"] for key in keys_of(server, layer)}
                assert there.issuperset(acknowledged)
        finally:
            stop.set()
            for thread in threads:
                thread.join(30)
        assert not [caller.fault for caller in callers if caller.fault]
        before_again = server.state(session_id)
        layers = {layer["id"]: layer for layer in before_again["state"]["layers"]}
        for caller in callers:
            assert sorted(keys_of(server, layers[caller.name])) == sorted(caller.receipts)
            for key in list(caller.receipts)[-20:]:  # answered before a kill, and asked again after it
                again = caller.post(key)
                assert again is not None and again["position"] == caller.receipts[key]["position"]
        assert server.state(session_id) == before_again
        done = sum(len(caller.receipts) for caller in callers) + CALLERS
        assert int(before_again["position"].split(".")[1]) == done  # one event each, and no other
        assert sum(caller.repeated for caller in callers) >= KILLS  # kills did hit calls on their way
        print(f"\n{done} commands, {KILLS} kills, {sum(c.repeated for c in callers)} repeats")


def read_stream(server: Server, session_id: str, until: str, last: str = "") -> list[Message]:
    """Read a stream until the event or snapshot at that position."""
    url = f"{server.url}/events?session={session_id}"
    request = urllib.request.Request(url, headers={"Last-Event-ID": last} if last else {})
    parser, messages = Parser(), []
    with urllib.request.urlopen(request, timeout=10) as answer:
        while not any(message.id == until for message in messages):
            messages += parser.feed(answer.readline())
    return [message for message in messages if message.event in ("event", "snapshot")]


def test_a_stream_resumed_after_a_kill_gets_exactly_what_it_missed(tmp_path: Path) -> None:
    with running(tmp_path) as server:
        session_id = server.new_map()
        seen = server.command(session_id, "open_map", title="Seen")["position"]
        [snapshot] = read_stream(server, session_id, seen)
        assert snapshot.event == "snapshot"
        server.command(session_id, "open_map", title="Before the kill")
        server.stop(signal.SIGKILL)
        server.start()
        head = server.command(session_id, "open_map", title="After it")["position"]
        missed = read_stream(server, session_id, head, last=seen)
        assert [message.event for message in missed] == ["event", "event"]
        titles = [json.loads(message.data)["ops"][0]["title"] for message in missed]
        assert titles == ["Before the kill", "After it"]
        assert missed[-1].id == head == server.state(session_id)["position"]


def stalled(server: Server, session_id: str) -> socket.socket:
    """Open a stream that is never read, and a pile of events that fill it."""
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.connect(("127.0.0.1", server.port))
    connection.sendall(f"GET /events?session={session_id} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    layers = [{"id": "many", "type": "circle"}]
    points = [{**POINT, "properties": {"text": "x" * 200}} for _ in range(40)]
    for n in range(100):
        source = {"type": "FeatureCollection", "features": points}
        server.command(session_id, "add_layer", id="many", title=str(n), source=source, layers=layers)
    return connection


def test_ctrl_c_ends_it_in_under_two_seconds_with_streams_open_and_a_reader_stalled(tmp_path: Path) -> None:
    with running(tmp_path) as server:
        session_id = server.new_map()
        urls = [f"{server.url}/events?session={session_id}"] * 5 + [f"{server.url}/sse"] * 2
        streams = [urllib.request.urlopen(url, timeout=10) for url in urls]
        with stalled(server, session_id):
            before, began = server.state(session_id), time.monotonic()
            assert server.stop(signal.SIGINT) in (0, 130)
            took = time.monotonic() - began
            print(f"\nended in {took:.2f} s")
            assert took < 10, "2 s on an idle machine"
        for stream in streams:
            stream.close()
        assert "Traceback" not in server.log
        server.start()
        assert server.state(session_id) == before


def metric(server: Server, name: str) -> float:
    with urllib.request.urlopen(f"{server.url}/metrics") as answer:
        lines = answer.read().decode().splitlines()
    return float(next(line.split(" ")[1] for line in lines if line.startswith(f"{name} ")))


def test_an_idle_map_leaves_memory_and_comes_back_from_the_store(tmp_path: Path) -> None:
    with running(tmp_path, "--session-idle", "0.4s") as server:
        session_id = server.new_map()
        first = server.command(session_id, "open_map", "the-key", title="Sleeper")
        assert metric(server, "mapsrv_sessions") >= 1
        wait_until(lambda: metric(server, "mapsrv_sessions") == 0)
        assert server.state(session_id)["state"]["title"] == "Sleeper"
        wait_until(lambda: metric(server, "mapsrv_sessions") == 0)
        again = server.command(session_id, "open_map", "the-key", title="Sleeper")
        assert again["position"] == first["position"]
