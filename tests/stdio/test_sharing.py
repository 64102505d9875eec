"""Many assistants share one running server, and each ends alone (regression 2)."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

from tests.e2e.kit.server import wait_until
from tests.stdio.kit.host import Host, announced, end_server, hosting, is_running

POINT = {"type": "Point", "coordinates": [7.4, 46.9]}
AT_ONCE = 30.0  # seconds: it takes a fifth of one, and where it waits for its call 120


def test_initialize_and_tools_list_answer_without_a_server(folder: Path) -> None:
    with hosting(folder, "--no-open") as host:
        names = {tool["name"] for tool in host.request("tools/list")["tools"]}
    assert {"open_map", "add_layer", "get_map_state"} <= names
    assert announced(folder) == {}


def test_two_that_start_at_once_share_one_server(folder: Path) -> None:
    with hosting(folder, "--no-open") as one, hosting(folder, "--no-open") as two:
        for host in (one, two):
            host.send("tools/call", {"name": "open_map", "arguments": {"new": True}})
        told = [host.receive()["result"]["structuredContent"] for host in (one, two)]
        assert all(one["url"].startswith(announced(folder)["url"]) for one in told)
        assert (folder / "server.log").read_text().count("Serving maps") == 1
        session = told[0]["session_id"]
        two.told("add_layer", session_id=session, id="here", source=POINT)
        assert [layer["id"] for layer in one.told("list_layers", session_id=session)["layers"]] == ["here"]


def test_a_closed_stdin_ends_only_its_own_connection(folder: Path) -> None:
    with hosting(folder, "--no-open") as one, hosting(folder, "--no-open") as two:
        session = one.told("open_map", new=True)["session_id"]
        pid = announced(folder)["pid"]
        begun = time.monotonic()
        assert one.close() == 0
        assert time.monotonic() - begun < AT_ONCE
        assert two.told("get_map_state", session_id=session)["session_id"] == session
        assert announced(folder)["pid"] == pid


def test_stdin_closed_during_a_call_ends_at_once_too(folder: Path) -> None:
    host = Host(folder, "--no-open")
    host.initialize()
    host.send("tools/call", {"name": "open_map", "arguments": {}})
    wait_until((folder / "server.log").exists)
    assert announced(folder) == {} and host.close() == 0
    wait_until(lambda: announced(folder))  # the server that it began to start goes on; the fixture ends it


def test_stdin_closed_during_a_call_by_a_kept_connection_ends_that_one_alone(folder: Path) -> None:
    with hosting(folder, "--no-open") as one, hosting(folder, "--no-open") as two:
        session = one.told("open_map", new=True)["session_id"]
        pid = announced(folder)["pid"]
        one.send("tools/call", {"name": "get_map_state", "arguments": {"session_id": session}})
        begun = time.monotonic()
        assert one.close() == 0
        assert time.monotonic() - begun < AT_ONCE
        assert two.told("get_map_state", session_id=session)["session_id"] == session
        assert announced(folder)["pid"] == pid


def test_calls_made_at_once_are_all_answered(folder: Path) -> None:
    with hosting(folder, "--no-open") as host:
        session = host.told("open_map", new=True)["session_id"]
        asked = {}
        for name in ("alps", "jura", "lakes"):
            arguments = {"session_id": session, "id": name, "source": POINT}
            asked[host.send("tools/call", {"name": "add_layer", "arguments": arguments})] = [name]
        answers = [host.receive() for _ in asked]
        assert {said["id"]: said["result"]["structuredContent"]["changed"] for said in answers} == asked


def test_a_killed_server_is_started_again_by_the_next_call(folder: Path) -> None:
    with hosting(folder, "--no-open") as host:
        session = host.told("open_map", new=True)["session_id"]
        host.told("add_layer", session_id=session, id="here", source=POINT)
        first = announced(folder)
        os.kill(first["pid"], signal.SIGKILL)
        layers = host.told("list_layers", session_id=session)["layers"]
        assert [layer["id"] for layer in layers] == ["here"]
        assert announced(folder)["pid"] != first["pid"]
        assert announced(folder)["secret"] != first["secret"]


def test_a_server_that_ends_in_order_is_replaced_by_the_next_call(folder: Path) -> None:
    with hosting(folder, "--no-open") as host:
        session = host.told("open_map", new=True)["session_id"]
        first = announced(folder)
        os.kill(first["pid"], signal.SIGTERM)

        def replaced() -> bool:  # and until then every call is answered, be it by the one that is ending
            assert host.told("list_layers", session_id=session)["layers"] == []
            return bool(announced(folder).get("pid", first["pid"]) != first["pid"])

        wait_until(replaced, 20)


def test_a_port_taken_by_another_program_is_left_to_it(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with hosting(folder, "--no-open", "--port", str(port)) as host:
            assert host.told("open_map", new=True)["url"].startswith("http://127.0.0.1:")
            assert f":{port}" not in announced(folder)["url"]


def test_a_stranger_on_the_announced_port_never_gets_the_secret(folder: Path) -> None:
    with hosting(folder, "--no-open") as host:
        host.told("open_map", new=True)
        first = announced(folder)
        os.kill(first["pid"], signal.SIGKILL)
        port = int(first["url"].rpartition(":")[2])
        wait_until(lambda: _refused(port))
        with listening(port) as heard:
            url = host.told("open_map", new=True)["url"]
        assert heard and all(b"GET /local?nonce=" in said for said in heard)
        assert first["secret"].encode() not in b"".join(heard)
        assert not url.startswith(first["url"])


@contextmanager
def listening(port: int) -> Iterator[list[bytes]]:
    """A stranger's server; yields what it is told, and says ok to everything."""
    heard: list[bytes] = []

    def serve(stranger: socket.socket) -> None:
        with suppress(OSError):
            while True:
                asking, _ = stranger.accept()
                with asking:
                    heard.append(asking.recv(65536))
                    asking.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok")

    with socket.create_server(("127.0.0.1", port)) as stranger:
        thread = threading.Thread(target=serve, args=[stranger])
        thread.start()
        yield heard
        stranger.shutdown(socket.SHUT_RDWR)
        thread.join()


def _refused(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def test_a_server_that_was_not_used_ends_itself(folder: Path) -> None:
    with hosting(folder, "--no-open", "--idle-exit", "1") as host:
        for _ in range(2):  # and is there again when it is needed
            host.told("open_map", new=True)
            pid: int = announced(folder)["pid"]
            wait_until(partial(_has_ended, pid), 20)
            assert announced(folder) == {}


def _has_ended(pid: int) -> bool:
    return not is_running(pid)


def test_the_server_outlives_the_assistant_that_started_it(folder: Path) -> None:
    with hosting(folder, "--no-open") as host:
        host.told("open_map", new=True)
        pid = announced(folder)["pid"]
    with hosting(folder, "--no-open") as host:
        host.told("open_map", new=True)
        assert announced(folder)["pid"] == pid
    end_server(folder)
    assert announced(folder) == {}
