"""MCP sessions that Python opens and the load tool uses: streamable HTTP, HTTP+SSE, and a child's pipes."""

from __future__ import annotations

import http.client
import json
import os
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from tests.bench.load_tool import NUMBER, Broken, Loaded, request
from tests.bench.report import percentile

VERSION = "2025-11-25"
EITHER = "application/json, text/event-stream"
OPEN_SECONDS = 30.0  # of one session: its child may have to start
ANSWER = '"result"'  # what the answer to a call has, and nothing else that a server sends
PIPE_WARM_UP = 30  # calls by pipes before the clock starts


def message(method: str, params: dict[str, Any], id: int | None = None) -> bytes:
    """Return a message; one without an id is a notification."""
    ids = {} if id is None else {"id": id}
    return json.dumps({"jsonrpc": "2.0", **ids, "method": method, "params": params}).encode()


def hello(id: int) -> bytes:
    """Return what begins a session."""
    client = {"name": "bench", "version": "1"}
    return message("initialize", {"protocolVersion": VERSION, "capabilities": {}, "clientInfo": client}, id)


INITIALIZED = message("notifications/initialized", {})


def call(tool: str, arguments: str, session: int) -> bytes:
    """Return a call whose id no other session uses, as one wrapper mixes them up; arguments are JSON."""
    text = f'{{"jsonrpc":"2.0","id":{session + 1}{NUMBER},"method":"tools/call","params":'
    return (text + f'{{"name":"{tool}","arguments":{arguments}}}}}').encode()


def checked(body: bytes) -> None:
    """Raise Broken where a call's answer is an error."""
    if ANSWER.encode() not in body or b'"isError":true' in body.replace(b" ", b""):
        raise Broken(f"a call was not answered: {body[:300]!r}")


def http_session(port: int, path: str, call: bytes, number: int) -> bytes:
    """Begin a session of streamable HTTP, try the call, and return the request that makes it."""
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=OPEN_SECONDS)
    headers = {"Content-Type": "application/json", "Accept": EITHER}

    def post(body: bytes) -> bytes:
        link.request("POST", path, body, headers)
        answer = link.getresponse()
        if (session := answer.headers.get("Mcp-Session-Id")) is not None:
            headers.update({"Mcp-Session-Id": session, "MCP-Protocol-Version": VERSION})
        if answer.status >= 300:
            raise Broken(f"{path} answered {answer.status}: {answer.read()[:300]!r}")
        return answer.read()

    try:
        post(hello(number))
        post(INITIALIZED)
        checked(post(call.replace(NUMBER.encode(), b"00000000")))
    finally:
        link.close()
    return request("POST", port, path, call, **{name.replace("-", "_"): of for name, of in headers.items()})


class Stream:
    """The stream of a session of HTTP+SSE, read just as far as its handshake needs."""

    def __init__(self, port: int, path: str) -> None:
        self._port = port
        self.socket = socket.create_connection(("127.0.0.1", port), OPEN_SECONDS)
        self.socket.sendall(request("GET", port, path, Accept="text/event-stream"))
        self._heard = b""
        while b"\n\n" not in self._after(b"event: endpoint"):
            self._more()
        line = self._after(b"data:").split(b"\n")[0].decode().strip()
        self.path = line.removeprefix(f"http://127.0.0.1:{port}")

    def _after(self, text: bytes) -> bytes:
        return self._heard.replace(b"\r\n", b"\n").partition(text)[2]

    def _more(self) -> None:
        if not (data := self.socket.recv(65_536)):
            raise Broken(f"no stream: {self._heard[:300]!r}")
        self._heard += data

    def begin(self, call: bytes, number: int) -> bytes:
        """Begin the session, try the call, and return the request that makes it."""
        self._post(hello(number))
        self._until_answered()
        self._post(INITIALIZED)
        self._post(call.replace(NUMBER.encode(), b"00000000"))
        checked(self._until_answered())
        return request("POST", self._port, self.path, call, Content_Type="application/json")

    def _post(self, body: bytes) -> None:
        link = http.client.HTTPConnection("127.0.0.1", self._port, timeout=OPEN_SECONDS)
        link.request("POST", self.path, body, {"Content-Type": "application/json"})
        if (status := link.getresponse().status) >= 300:
            raise Broken(f"a message was answered {status}")
        link.close()

    def _until_answered(self) -> bytes:
        self._heard = b""
        while not (ANSWER.encode() in self._heard and b"\n" in self._after(ANSWER.encode())):
            self._more()
        return self._heard


@contextmanager
def sse_sessions(port: int, path: str, calls: Sequence[bytes]) -> Iterator[list[tuple[int, bytes]]]:
    """Begin a session for each call; gives the descriptor of each stream, and the request that calls."""
    with ExitStack() as stack:
        made = []
        for number, one in enumerate(calls):
            stream = Stream(port, path)
            stack.enter_context(stream.socket)
            made.append((stream.socket.fileno(), stream.begin(one, number)))
            stream.socket.setblocking(False)
        yield made


def pipe_calls(command: Sequence[str], data: Path, call: bytes, seconds: float) -> Loaded:
    """Return how long calls of one client take over the pipes of an MCP server."""
    env = {**os.environ, "MAPSRV_DATA_DIR": str(data)}
    with subprocess.Popen(command, stdin=-1, stdout=-1, env=env) as child:
        stdin, stdout = child.stdin, child.stdout
        assert stdin is not None and stdout is not None

        def ask(body: bytes) -> bytes:
            stdin.write(body + b"\n")
            stdin.flush()
            while ANSWER.encode() not in (line := stdout.readline()):
                if not line or b'"error"' in line:
                    raise Broken(f"no answer by the pipe: {line[:300]!r}")
            return line

        try:
            ask(hello(1))
            stdin.write(INITIALIZED + b"\n")
            waits: list[float] = []
            begun, end = 0.0, float("inf")
            for number in range(10**8):
                if number == PIPE_WARM_UP:
                    begun, end = time.perf_counter(), time.perf_counter() + seconds
                    waits.clear()
                asked = time.perf_counter()
                if asked > end:
                    break
                checked(ask(call.replace(NUMBER.encode(), b"%08d" % number)))
                waits.append(time.perf_counter() - asked)
            took = time.perf_counter() - begun
        finally:
            stdin.close()
            child.terminate()
        p50, p99 = (percentile(waits, share) * 1000 for share in (0.5, 0.99))
        return Loaded(len(waits) / took, 0.0, p50, p99)
