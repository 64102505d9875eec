"""The load tool of the bench against a tiny server: what it asks, what it counts, what it refuses to tell."""

from __future__ import annotations

import json
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from tests.bench import load_tool
from tests.bench.load_tool import NUMBER, Broken, Loaded, LoadTool, request
from tests.kit.http_thread import served

MARKS = ("event: snapshot", "event: event")
SECONDS = 1.0  # enough for a busy machine to come to it
ME = os.getpid()


class Tiny(ThreadingHTTPServer):
    """Sends each body that is posted to all streams, as an event; remembers what came."""

    daemon_threads = True
    status, closes, chunked, frame = 200, False, False, b"event: event\ndata: %b\n\n"

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.bodies: list[bytes] = []
        self.streams: list[Any] = []
        self.lock = threading.Lock()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """The tool ends as it likes."""

    @property
    def port(self) -> int:
        return int(self.server_address[1])


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Tiny

    def log_message(self, format: str, *args: Any) -> None: ...

    def do_GET(self) -> None:
        self.send_response(self.server.status)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        # Cut within the mark, as a stream may be.
        self.wfile.write(b"event: snap")
        self.wfile.write(b"shot\ndata: {}\n\n")
        with self.server.lock:
            self.server.streams.append(self.wfile)
        self.rfile.read()
        self.close_connection = True

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with self.server.lock:
            self.server.bodies.append(body)
            for stream in self.server.streams:
                stream.write(self.server.frame % body)
        self.send_response(self.server.status)
        if self.server.closes:
            self.send_header("Connection", "close")
        self.send_header(
            *(("Transfer-Encoding", "chunked") if self.server.chunked else ("Content-Length", "2"))
        )
        self.end_headers()
        self.wfile.write(b"1\r\n{\r\n1;x=y\r\n}\r\n0\r\n\r\n" if self.server.chunked else b"{}")


@pytest.fixture(scope="module")
def tool() -> Iterator[LoadTool]:
    if load_tool.compiler() is None:
        why = "there is no C compiler"
        pytest.fail(why) if os.environ.get("CI") else pytest.skip(why)
    with load_tool.open_load_tool("-Werror", "-DWARM_SECONDS=0.1", "-DSETTLE_SECONDS=0.1") as made:
        yield made


@contextmanager
def tiny(**settings: Any) -> Iterator[Tiny]:
    with Tiny() as server:
        for name, value in settings.items():
            setattr(server, name, value)
        with served(server):
            yield server


def post(server: Tiny, body: bytes) -> bytes:
    return request("POST", server.port, "/commands", body, Content_Type="application/json")


def events(server: Tiny) -> bytes:
    return request("GET", server.port, "/events")


def numbers(server: Tiny) -> list[int]:
    return [json.loads(body)["n"] for body in server.bodies]


BODY = b'{"n":1%b}' % NUMBER.encode()


@pytest.mark.parametrize("settings", [{}, {"closes": True}, {"chunked": True}], ids=str)
def test_each_connection_asks_as_soon_as_it_is_answered(tool: LoadTool, settings: dict[str, bool]) -> None:
    with tiny(**settings) as server:
        found = tool.post(server.port, ME, [post(server, BODY), post(server, BODY)], 2, SECONDS)
        assert found.a_second > 0 and found.cpu_us > 0 and 0 < found.p50_ms <= found.p99_ms
        asked = numbers(server)
    assert len(asked) > found.a_second * SECONDS  # those of the time to warm up, too
    assert len(set(asked)) == len(asked)  # no number twice


def test_a_lone_sender_waits_until_all_viewers_have_the_event(tool: LoadTool) -> None:
    with tiny() as server:
        found = tool.fan(server.port, ME, events(server), MARKS, [post(server, BODY)], 3, SECONDS)
        assert len(server.streams) == 3
        assert numbers(server) == sorted(numbers(server))
    assert found.a_second > 0 and found.cpu_us > 0 and 0 < found.p50_ms <= found.p99_ms


def test_many_senders_do_not_wait_and_every_delivery_is_counted(tool: LoadTool) -> None:
    with tiny() as server:
        found = tool.fan(server.port, ME, events(server), MARKS, [post(server, BODY)] * 4, 2, SECONDS)
        assert 0 < found.a_second * SECONDS <= 2 * len(server.bodies)


def test_so_many_streams_are_opened_and_what_they_weigh_is_told(tool: LoadTool) -> None:
    with tiny() as server:
        found = tool.open(server.port, ME, events(server), MARKS[0], (5, 25))
        assert len(server.streams) == 25
    assert found.a_second > 0 and found.cpu_us > 0 and found.p99_ms > 0


def test_a_call_is_answered_on_the_stream(tool: LoadTool) -> None:
    with tiny(frame=b'data: {"result": %b}\n\n') as server:
        with socket.create_connection(("127.0.0.1", server.port)) as stream:
            stream.sendall(events(server))
            stream.setblocking(False)
            calls = [(stream.fileno(), post(server, BODY))]
            found = tool.call(server.port, ME, calls, '"result"', SECONDS)
        assert (
            found.a_second > 0 and len(set(numbers(server))) == len(server.bodies) > found.a_second * SECONDS
        )


def test_a_refusal_is_told_and_never_counted(tool: LoadTool) -> None:
    with tiny(status=503) as server:
        with pytest.raises(Broken, match="refused: HTTP/1.1 503"):
            tool.post(server.port, ME, [post(server, BODY)], 1, SECONDS)
        with pytest.raises(Broken, match="no stream: HTTP/1.1 503"):
            tool.open(server.port, ME, events(server), MARKS[0], (0, 2))


def test_a_server_that_is_not_there_is_told(tool: LoadTool) -> None:
    with pytest.raises(Broken, match="cannot connect"):
        tool.post(1, ME, [b"x"], 1, SECONDS)


def test_a_line_of_the_tool_becomes_numbers() -> None:
    line = '{"a_second": 1200.5, "cpu_us": 80, "p50_ms": 0.5, "p99_ms": 2, "kib": 13.5}\n'
    assert load_tool.parse(line) == Loaded(1200.5, 80.0, 0.5, 2.0, kib=13.5)


@pytest.mark.parametrize("line", ["", "{", "[1]", '{"a_second": 1}', '{"a_second": "x"}', '{"b": 1}'])
def test_what_is_no_line_of_the_tool_is_refused(line: str) -> None:
    with pytest.raises(Broken, match="the load tool said"):
        load_tool.parse(line)


def test_a_request_has_the_length_of_its_body_and_names_with_dashes() -> None:
    made = request("POST", 80, "/x", b"four", Content_Type="text/plain")
    assert made.endswith(b"\r\nContent-Type: text/plain\r\nContent-Length: 4\r\n\r\nfour")
    assert b"Content-Length" not in request("GET", 80, "/x")


def test_without_a_compiler_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(load_tool, "compiler", lambda: None)
    with pytest.raises(Broken, match="apt-get install gcc"):
        with load_tool.open_load_tool():
            pass
