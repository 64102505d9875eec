"""A client that asks far too often: `python -m tests.bench.flood PORT PER_SECOND REQUEST_FILE`.

Sends the file's request at an even pace over some connections, several in a write, and reads answers only to
count them: so little of the machine goes into asking. Tells counts since the last line for each line of
its input, and ends with it.
"""

from __future__ import annotations

import json
import selectors
import socket
import sys
import time
from collections import Counter
from pathlib import Path

CONNECTIONS = 8
TICK = 0.01  # seconds
MOST_WAITING = 64  # requests of one connection: who is not answered asks no more there
STATUS, DIGITS = b"HTTP/1.1 ", 3


class Line:
    """One connection."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.waiting = 0
        self._tail = b""

    def ask(self, request: bytes, count: int) -> None:
        count = min(count, MOST_WAITING - self.waiting)
        self.socket.sendall(request * count)
        self.waiting += count

    def hear(self) -> list[str]:
        """Return the statuses of the answers that have come."""
        data = self.socket.recv(1 << 18)
        if not data:
            raise RuntimeError("the server closed a connection")
        data = self._tail + data
        parts = data.split(STATUS)
        found = [part[:DIGITS].decode() for part in parts[1:] if len(part) >= DIGITS]
        # What may be the beginning of another status is looked at again, and nothing twice.
        cut = parts[1:] and len(parts[-1]) < DIGITS
        self._tail = STATUS + parts[-1] if cut else data[-len(STATUS) + 1 :]
        self.waiting -= len(found)
        return found


def main() -> None:
    """Ask until the input ends."""
    port, per_second, request = int(sys.argv[1]), float(sys.argv[2]), Path(sys.argv[3]).read_bytes()
    lines = [Line(port) for _ in range(CONNECTIONS)]
    told: Counter[str] = Counter()
    with selectors.DefaultSelector() as ready:
        for line in lines:
            ready.register(line.socket, selectors.EVENT_READ, line)
        ready.register(sys.stdin, selectors.EVENT_READ, None)
        begun, asked = time.monotonic(), 0
        while True:
            due = int((time.monotonic() - begun) * per_second) - asked
            for nth in range(CONNECTIONS):  # in turn, or those of a slow pace would have one connection
                line = lines[(asked + nth) % CONNECTIONS]
                line.ask(request, due // CONNECTIONS + (nth < due % CONNECTIONS))
            asked += due
            until = time.monotonic() + TICK
            while (left := until - time.monotonic()) > 0:
                for key, _ in ready.select(left):
                    if key.data is not None:
                        told.update(key.data.hear())
                    elif sys.stdin.readline():
                        print(json.dumps(told), flush=True)
                        told.clear()
                    else:
                        return


if __name__ == "__main__":
    main()
