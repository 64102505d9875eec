"""Nobody who does not read, or does not finish what they began to say, holds the end of a server up."""

from __future__ import annotations

import json
import re
import signal
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.abuse.kit.framing import PREFACE, get, post
from tests.abuse.kit.raw import SECONDS, ask, read_until, statuses
from tests.bridge.kit.process import CHILD, bridge
from tests.e2e.kit.server import running

PODS = Path(__file__).parents[2] / "docs" / "pods.md"
PROMISED = float(re.findall(r"plus at most (\d+) s more when everything hangs", PODS.read_text())[0])
FEATURES = 3000  # of 4 KB: 12 MB, more than the kernel's buffers of a connection take
ANSWER = b"HTTP/1.1 200"

# A request for the same document over HTTP/2, whose reader has a window of 0 (RFC 9113 section 6.9.2).
WINDOW_0 = b"\0\0\6\4\0\0\0\0\0\0\4\0\0\0\0"


def over_http2(path: bytes) -> bytes:
    block = b"\x82\x86\x41\x09localhost\x44" + bytes([len(path)]) + path  # RFC 7541, as literals
    return PREFACE + WINDOW_0 + b"\0\0" + bytes([len(block)]) + b"\1\5\0\0\0\1" + block


@contextmanager
def held(port: int, *requests: bytes) -> Iterator[list[socket.socket]]:
    """Have each of these said, over a connection with a small buffer that nobody reads."""
    with ExitStack() as stack:
        streams = []
        for request in requests:
            stream = stack.enter_context(socket.socket())
            stream.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            stream.settimeout(SECONDS)
            stream.connect(("127.0.0.1", port))
            stream.sendall(request)
            streams.append(stream)
        yield streams


def big_document(port: int, map_id: bytes) -> bytes:
    """Return the path of a document of 12 MB."""
    point = {"type": "Feature", "geometry": None, "properties": {"text": "x" * 4000}}
    body = json.dumps({"type": "FeatureCollection", "features": [point] * FEATURES}).encode()
    lines = b"Content-Length: %d\r\nConnection: close\r\n" % len(body)
    answer = ask(port, post(lines, body, b"/data?session=" + map_id))
    assert statuses(answer) == (201,), answer
    return b"/" + json.loads(answer.partition(b"\r\n\r\n")[2])["data"].encode()


def test_a_server_stops_as_it_promises_whoever_does_not_read_or_goes_on(tmp_path: Path) -> None:
    with running(tmp_path, "--store=memory:") as server:
        map_id = server.new_map().encode()
        document = big_document(server.port, map_id)
        of_map = b"?session=" + map_id
        long = b"Content-Length: 100000\r\n"
        with held(
            server.port,
            *(get(path=document) for _ in range(3)),
            over_http2(document),
            get(path=b"/events" + of_map),
            get(path=b"/sse"),
            get()[:-2],
            post(long, b"{", b"/commands" + of_map),
            post(long, b"{", b"/data" + of_map),
            post(long, b"{", b"/mcp"),
            post(b"Transfer-Encoding: chunked\r\n", b"5\r\n{", b"/presence" + of_map),
            get(path=document) * 50,
        ) as streams:
            for stream in streams[:3]:
                stream.recv(100)  # its answer has begun
            read_until(streams[4], b"event: ")
            assert server.process is not None
            server.process.send_signal(signal.SIGTERM)
            assert server.process.wait(PROMISED) == 0
        assert "Traceback" not in server.log and '"level":"error"' not in server.log


def test_a_bridge_stops_so_too(tmp_path: Path) -> None:
    with bridge(tmp_path, "--", *CHILD) as run:
        long = b"Content-Length: 100000\r\n"
        sse = get(path=b"/sse")
        with held(run.port, sse, sse, over_http2(b"/sse"), get()[:-2], post(long, b"{", b"/mcp")) as streams:
            read_until(streams[0], b"event: ")
            run.process.send_signal(signal.SIGTERM)
            assert run.process.wait(PROMISED) == 0
        assert "Traceback" not in run.log and '"level":"error"' not in run.log
