"""A process of many SSE viewers, run as `python -m tests.bench.viewers`: one epoll loop, no library.

Lines of JSON on stdin: {port, path, count} first, then {"sent": {number: ns}} asks for latencies.
On stdout: {opened: [ns, ns]}, {saw: number} when every viewer has that event, {latencies: [us]}.
The n-th event of a stream is the n-th command: both servers keep their order. Times are of the
machine's monotonic clock, which all its processes share.
"""

from __future__ import annotations

import json
import os
import select
import socket
import sys
import time
from array import array
from collections import Counter
from typing import Any

HELLO = b"event: snapshot"  # the first that both servers send
EVENT = b"event: event"
CUT = len(EVENT) - 1  # bytes that may be the first part of it
AT_ONCE = 64  # streams that are opening


class Viewer:
    """One stream."""

    __slots__ = ("sock", "tail", "seen", "open")

    def __init__(self, port: int, request: bytes) -> None:
        self.sock = socket.create_connection(("127.0.0.1", port))
        self.sock.sendall(request)
        self.sock.setblocking(False)
        self.tail = b""
        self.seen = 0
        self.open = False


class Crowd:
    """All viewers of this process."""

    def __init__(self, port: int, path: str, count: int) -> None:
        self._port, self._count = port, count
        self._request = (
            f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAccept: text/event-stream\r\n\r\n".encode()
        )
        self._poll = select.epoll()
        self._poll.register(0, select.EPOLLIN)
        self._viewers: dict[int, Viewer] = {}
        self._opened, self._begun = 0, time.monotonic_ns()
        self._seen_by: Counter[int] = Counter()
        self._numbers, self._times = array("q"), array("q")
        self._line = b""

    def run(self) -> None:
        """Open the streams and read them until stdin ends."""
        while len(self._viewers) < min(AT_ONCE, self._count):
            self._add()
        while True:
            for fd, _mask in self._poll.poll():
                if fd:
                    self._read(self._viewers[fd])
                elif not self._obey():
                    return

    def _add(self) -> None:
        viewer = Viewer(self._port, self._request)
        self._viewers[viewer.sock.fileno()] = viewer
        self._poll.register(viewer.sock.fileno(), select.EPOLLIN)

    def _read(self, viewer: Viewer) -> None:
        data = viewer.sock.recv(65_536)
        now = time.monotonic_ns()
        if not data:
            raise SystemExit("a stream ended: " + viewer.tail.decode("utf-8", "replace"))
        text = viewer.tail + data
        if not viewer.open:
            self._await_hello(viewer, text)
        if news := text.count(EVENT):
            for number in range(viewer.seen, viewer.seen + news):
                self._note(number, now)
            viewer.seen += news
        viewer.tail = text[-CUT:] if viewer.open else text

    def _await_hello(self, viewer: Viewer, text: bytes) -> None:
        if HELLO not in text:
            if not text.startswith(b"HTTP/1.1 200"[: len(text)]):
                raise SystemExit("no stream: " + text[:300].decode("utf-8", "replace"))
            return
        viewer.open = True
        self._opened += 1
        if len(self._viewers) < self._count:
            self._add()
        elif self._opened == self._count:
            say({"opened": [self._begun, time.monotonic_ns()]})

    def _note(self, number: int, now: int) -> None:
        self._numbers.append(number)
        self._times.append(now)
        self._seen_by[number] += 1
        if self._seen_by[number] == self._count:
            say({"saw": number})

    def _obey(self) -> bool:
        """Do what stdin says; False at its end."""
        data = os.read(0, 1 << 20)
        self._line += data
        *lines, self._line = self._line.split(b"\n")
        for line in lines:
            sent = {int(number): at for number, at in json.loads(line)["sent"].items()}
            pairs = zip(self._numbers, self._times, strict=True)
            say({"latencies": [(at - sent[number]) // 1000 for number, at in pairs if number in sent]})
        return bool(data)


def say(value: dict[str, Any]) -> None:
    """Write a line to stdout."""
    sys.stdout.write(json.dumps(value, separators=(",", ":")) + "\n")
    sys.stdout.flush()


def first_line() -> dict[str, Any]:
    """Read stdin up to its first line end, and no further."""
    line = b""
    while not line.endswith(b"\n"):
        line += os.read(0, 1)
    value: dict[str, Any] = json.loads(line)
    return value


if __name__ == "__main__":
    order = first_line()
    Crowd(order["port"], order["path"], order["count"]).run()
