"""What fills memory: uploads that nobody asked for, readers that never read, and their closing all at once.

On the first release these took 917, 730 and 1,690 MiB, and streams that were behind doubled as they closed.
"""

from __future__ import annotations

import json
import re
import selectors
import socket
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from mapsrv.http_server.sockets import raise_file_limit
from tests.e2e.kit.server import Server, running, wait_until

KIB, MIB = 1024, 1024 * 1024
LARGE = 15 * MIB
MANY = 60  # uploads, and readers of a document
STREAMS = 600
OF_A_STREAM = 60 * KIB  # the most that one may hold
REST = 24 * MIB  # what the map, its log and the work itself may take besides
SECONDS = 100.0  # ten times what each takes where nothing else runs


class Measured:
    """The memory of a server's process: how far it went past what it was."""

    def __init__(self, server: Server) -> None:
        assert server.process is not None
        self._folder = Path(f"/proc/{server.process.pid}")
        (self._folder / "clear_refs").write_text("5")  # VmHWM begins anew, see proc(5)
        self._before = self._kib("VmRSS")

    def _kib(self, name: str) -> int:
        found = re.search(rf"{name}:\s+(\d+) kB", (self._folder / "status").read_text())
        assert found is not None
        return int(found[1])

    @property
    def grown(self) -> int:
        """Bytes, at the most until now."""
        return (self._kib("VmHWM") - self._before) * KIB


@pytest.fixture(autouse=True)
def many_files() -> None:
    raise_file_limit()


@contextmanager
def clients(server: Server, count: int) -> Iterator[list[socket.socket]]:
    """Connect; what they do not read stays with the server, as their buffers are small."""
    with ExitStack() as stack:
        made = []
        for _ in range(count):
            client = stack.enter_context(socket.socket())
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.connect(("127.0.0.1", server.port))
            made.append(client)
        yield made


def post(server: Server, path: str, value: object) -> dict[str, object]:
    headers = {"Content-Type": "application/json"}
    asked = urllib.request.Request(server.url + path, json.dumps(value).encode(), headers)
    with urllib.request.urlopen(asked, timeout=SECONDS) as answer:
        answered: dict[str, object] = json.load(answer)
        return answered


def gauge(server: Server, name: str) -> float:
    with urllib.request.urlopen(f"{server.url}/metrics", timeout=SECONDS) as answer:
        found = re.search(rf"^{name} (\S+)$", answer.read().decode(), re.MULTILINE)
        return float(found[1]) if found else 0.0


def upload(server: Server, session_id: str) -> list[bytes]:
    """Send MANY large bodies at once, but for their last bytes; return what each was answered."""
    head = (
        f"POST /data?session={session_id} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        f"Content-Length: {LARGE}\r\n\r\n"
    ).encode()
    body, answers = memoryview(head + b" " * (LARGE - 100)), {}
    with clients(server, MANY) as senders, selectors.DefaultSelector() as selector:
        for sender in senders:
            sender.setblocking(False)
            selector.register(sender, selectors.EVENT_READ | selectors.EVENT_WRITE, [0])
        end = time.monotonic() + SECONDS
        while time.monotonic() < end and (events := selector.select(1.0)):
            for key, mask in events:
                sender, sent = senders[[each.fileno() for each in senders].index(key.fd)], key.data
                try:
                    if mask & selectors.EVENT_READ:
                        answers[key.fd] = sender.recv(4096)
                        selector.unregister(sender)
                    elif sent[0] < len(body):
                        sent[0] += sender.send(body[sent[0] : sent[0] + 256 * KIB])
                    else:
                        selector.modify(sender, selectors.EVENT_READ, sent)
                except OSError:
                    selector.unregister(sender)
        assert time.monotonic() < end
    return list(answers.values())


def test_uploads_to_a_map_that_does_not_exist_hold_nothing(tmp_path: Path) -> None:
    with running(tmp_path, "--store=memory:") as server:
        measured = Measured(server)
        answers = upload(server, "no-such-map")
        assert answers and all(b" 404 " in answer[:20] for answer in answers if answer)
        assert measured.grown < REST


def test_uploads_to_a_map_that_is_there_hold_no_more_than_the_budget(tmp_path: Path) -> None:
    with running(tmp_path, "--store=memory:", "--max-in-flight=64MiB") as server:
        session_id, measured = server.new_map(), Measured(server)
        answers = upload(server, session_id)
        assert any(b" 503 " in answer[:20] and b"etry-" in answer for answer in answers)
        assert measured.grown < 64 * MIB + 2 * LARGE + REST
        wait_until(lambda: gauge(server, "mapsrv_bytes_in_flight") == 0, SECONDS)


def test_readers_of_one_document_that_do_not_read_share_it(tmp_path: Path) -> None:
    with running(tmp_path) as server:
        session_id = server.new_map()
        part = {"type": "Feature", "geometry": None, "properties": {"text": "x" * (LARGE // 16)}}
        document = {"type": "FeatureCollection", "features": [part] * 15}
        stored = post(server, f"/data?session={session_id}", document)
        measured = Measured(server)
        with clients(server, MANY) as readers:
            for reader in readers:
                reader.sendall(f"GET /{stored['data']} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            for reader in readers:
                assert reader.recv(64).startswith(b"HTTP/1.1 200")
            assert measured.grown < 3 * LARGE + MANY * 256 * KIB + REST
            assert gauge(server, "mapsrv_bytes_in_flight") == stored["bytes"]
        wait_until(lambda: gauge(server, "mapsrv_bytes_in_flight") == 0, SECONDS)


def test_streams_that_never_read_hold_little_while_open_and_while_they_close(tmp_path: Path) -> None:
    with running(tmp_path, "--store=memory:") as server:
        session_id = server.new_map()
        source = {"type": "Feature", "geometry": None, "properties": {"text": "x" * 10_000}}
        for number in range(10):
            server.command(session_id, "add_layer", id=f"l{number}", source=source)
        measured = Measured(server)
        with clients(server, STREAMS) as readers:
            for reader in readers:
                reader.sendall(
                    f"GET /events?session={session_id} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
                )
            wait_until(lambda: gauge(server, "mapsrv_streams") == STREAMS, SECONDS)
            for number in range(100):
                server.command(session_id, "add_layer", id=f"m{number}", source=source)
            assert measured.grown < STREAMS * OF_A_STREAM + REST
        wait_until(lambda: gauge(server, "mapsrv_streams") == 0, SECONDS)
        assert measured.grown < STREAMS * OF_A_STREAM + REST
