"""A server that only pretends: the real page, and a stream that says what a test wants, when it wants it.

For what a real server says only while its store is away or another takes its place.
"""

from __future__ import annotations

import contextlib
import json
import queue
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from mapsrv.web.page import Page
from mapsrv.web.stream import PING_SECONDS
from mapsrv.web.tiles import plain
from mapsrv.wire import sse
from tests.e2e.kit.server import wait_until
from tests.kit.http_thread import served

RETRY_MS = 300
TILE = re.compile(r"basemap/[^/]+/(\d+)/(\d+)/(\d+)\.pbf")
State = dict[str, Any]


@dataclass
class Opened:
    """One opening of the stream: when it came, from which position, and what it is still to say."""

    last: str
    at: float = field(default_factory=time.monotonic)
    frames: queue.SimpleQueue[bytes | None] = field(default_factory=queue.SimpleQueue)

    def next(self) -> bytes | None:
        """Wait for what is to be said, at most until it is time for a ping; None ends the stream."""
        try:
            return self.frames.get(timeout=PING_SECONDS)
        except queue.Empty:
            return sse.frame("ping", b"{}")


@dataclass
class Standin:
    """What a test steers. While `away`, every request but those for the page's files is answered 503."""

    url: str = ""
    opened: list[Opened] = field(default_factory=list)
    away: bool = False

    def say(self, event: str, data: Any, *, id: str | None = None, retry: int | None = None) -> None:
        """Say something on the newest stream."""
        self.opened[-1].frames.put(sse.frame(event, json.dumps(data).encode(), id=id, retry=retry))

    def snapshot(self, position: str, state: State) -> None:
        about = {"format": 1, "session_id": "s", "url": f"{self.url}/?session=s"}
        self.say("snapshot", {**about, "position": position, "state": state}, id=position)

    def status(self, durability: str, pending: int = 0, *refused: dict[str, str]) -> None:
        self.say("status", {"durability": durability, "pending": pending, "refused": refused})

    def end(self) -> None:
        """End the newest stream, as a server that stops or is killed."""
        self.opened[-1].frames.put(None)

    def opens(self, number: int) -> Opened:
        """Wait until the page has opened that many streams; return the newest."""
        wait_until(lambda: len(self.opened) >= number, 30)
        assert len(self.opened) == number
        return self.opened[-1]


@contextlib.contextmanager
def pretending() -> Iterator[Standin]:
    """Serve the page and the stand-in for the rest on a free port."""
    page, standin = Page(), Standin()
    files, tiles = page.files, page.tiles

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = self.path.partition("?")[0].lstrip("/") or "index.html"
            if path in files:
                return self.answer(200, files[path].type, files[path].body)
            if tile := TILE.fullmatch(path):
                found = tiles.tile(*map(int, tile.groups()))
                return self.answer(200, "application/x-protobuf", plain(found or b""))
            if standin.away or path != "events":
                return self.answer(503 if standin.away else 200, "application/json", b"{}")
            opened = Opened(self.headers.get("Last-Event-ID", ""))
            self.answer(200, "text/event-stream", b"retry: %d\n\n" % RETRY_MS)
            standin.opened.append(opened)
            with contextlib.suppress(OSError):  # the page may have gone
                while (frame := opened.next()) is not None:
                    self.wfile.write(frame)

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.answer(503 if standin.away else 200, "application/json", b"{}")

        def answer(self, status: int, type: str, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", type)
            self.end_headers()  # HTTP/1.0: the end of the connection ends the body
            with contextlib.suppress(OSError):
                self.wfile.write(body)

        def log_message(self, *ignored: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        try:
            with served(http) as standin.url:
                yield standin
        finally:
            for opened in standin.opened:
                opened.frames.put(None)
