"""A process of viewers of a map each, run as `python -m tests.bench.comers`: they move when their pod dies.

Lines of JSON on stdin: {port, then, paths} first; {} later, when the pod has been killed, asks for
what follows. On stdout: {opened: [ns, ns]}, then {back: [ns], refused: {ANSWER: times}} when every
viewer has its first snapshot from the pod at `then`. A stream that ends is opened there at once: all
come together, as no browser would. What is refused tries again after a second.
"""

from __future__ import annotations

import heapq
import select
import socket
import time
from collections import Counter
from typing import Any

from tests.bench.viewers import HELLO, first_line, say

AT_ONCE = 64  # streams that are opening, before the pod is killed
AGAIN_NS = 1_000_000_000


class Comer:
    """One viewer."""

    __slots__ = ("path", "sock", "tail", "open")
    sock: socket.socket

    def __init__(self, path: str) -> None:
        self.path = path
        self.tail = b""
        self.open = False


class Comers:
    """All viewers of this process."""

    def __init__(self, port: int, then: int, paths: list[str]) -> None:
        self._port, self._then = port, then
        self._poll = select.epoll()
        self._comers: dict[int, Comer] = {}
        self._left = [Comer(path) for path in reversed(paths)]
        self._again: list[tuple[int, int, Comer]] = []
        self._back: list[int] = []
        self._refused: Counter[str] = Counter()
        self._count = len(paths)

    def run(self) -> None:
        """Open all, and read until the pod is killed and all are back."""
        begun, opened = time.monotonic_ns(), 0
        for _ in range(min(AT_ONCE, self._count)):
            self._open(self._left.pop(), self._port)
        while opened < self._count:
            for fd, mask in self._poll.poll():
                comer, was = self._comers[fd], self._comers[fd].open
                if not self._turn(comer, mask, self._port):
                    raise SystemExit("no stream: " + comer.tail[:300].decode("utf-8", "replace"))
                if comer.open and not was:
                    opened += 1
                    if self._left:
                        self._open(self._left.pop(), self._port)
        say({"opened": [begun, time.monotonic_ns()]})
        while len(self._back) < self._count:
            self._move()
        say({"back": self._back, "refused": self._refused})
        first_line()

    def _move(self) -> None:
        while self._again and self._again[0][0] <= time.monotonic_ns():
            self._open(heapq.heappop(self._again)[2], self._then)
        wait = (self._again[0][0] - time.monotonic_ns()) / 1e9 if self._again else -1
        for fd, mask in self._poll.poll(wait if wait < 0 else max(wait, 0.001)):
            comer = self._comers[fd]
            moved = comer.sock.getpeername()[1] == self._then if comer.open else None
            if self._turn(comer, mask, self._then):
                if comer.open and moved is None:
                    self._back.append(time.monotonic_ns())
            else:
                self._ended(comer, moved is not None)

    def _ended(self, comer: Comer, was_open: bool) -> None:
        """Come again: at once after a stream, a second later after a refusal."""
        self._comers.pop(comer.sock.fileno())
        comer.sock.close()
        if was_open:
            self._open(comer, self._then)
            return
        first = comer.tail.split(b"\r\n", 1)[0].decode("latin-1")
        self._refused[first or "closed"] += 1
        heapq.heappush(self._again, (time.monotonic_ns() + AGAIN_NS, id(comer), comer))

    def _open(self, comer: Comer, port: int) -> None:
        comer.tail, comer.open = b"", False
        comer.sock = socket.socket()
        comer.sock.setblocking(False)
        comer.sock.connect_ex(("127.0.0.1", port))
        self._comers[comer.sock.fileno()] = comer
        self._poll.register(comer.sock.fileno(), select.EPOLLOUT)

    def _turn(self, comer: Comer, mask: int, port: int) -> bool:
        """Do what a socket is ready for; False when it has ended, or was refused."""
        try:
            if mask & select.EPOLLOUT and not mask & (select.EPOLLERR | select.EPOLLHUP):
                host = f"Host: 127.0.0.1:{port}\r\nAccept: text/event-stream\r\n\r\n"
                comer.sock.sendall(f"GET {comer.path} HTTP/1.1\r\n{host}".encode())
                self._poll.modify(comer.sock.fileno(), select.EPOLLIN)
                return True
            data = comer.sock.recv(65_536)
        except OSError:
            return False
        if comer.open:
            return bool(data)
        comer.tail += data
        comer.open = HELLO in comer.tail
        return bool(data) and comer.tail.startswith(b"HTTP/1.1 200"[: len(comer.tail)])


def main() -> None:
    """Do what stdin says."""
    order: dict[str, Any] = first_line()
    Comers(order["port"], order["then"], order["paths"]).run()


if __name__ == "__main__":
    main()
