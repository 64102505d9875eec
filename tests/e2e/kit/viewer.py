"""A person's tab without a page: reads one stream in a thread, to its end."""

from __future__ import annotations

import json
import threading
import time
from typing import Any

import httpx2

from tests.e2e.kit.server import NO_TLS, Server
from tests.kit.sse import Message, Parser


class Viewer:
    """`messages` are all that came; it goes on from `position` where there is one."""

    def __init__(self, server: Server, session_id: str, position: str = "", tab: str = "") -> None:
        self.messages: list[Message] = []
        self.ended_at: float | None = None
        self.leaves = False  # with what it is told next
        url = f"{server.url}/events?session={session_id}&viewer={tab}"
        self._ask = (url, {"Last-Event-ID": position})
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        url, headers = self._ask
        parser = Parser()
        try:
            with httpx2.stream("GET", url, headers=headers, timeout=60, verify=NO_TLS) as answer:
                for data in answer.iter_raw():
                    self.messages += parser.feed(data)
                    if self.leaves:
                        return
        except httpx2.TransportError:
            return  # the pod was killed
        self.ended_at = time.monotonic()

    @property
    def history(self) -> list[Message]:
        """All that says what the map is."""
        return [message for message in list(self.messages) if message.event in ("snapshot", "event")]

    @property
    def seen(self) -> list[str]:
        """The positions, in order."""
        return [message.id for message in self.history]

    @property
    def drained(self) -> Message | None:
        """The word that ends the stream, if it came."""
        return next((message for message in list(self.messages) if message.event == "drain"), None)

    def last(self, event: str) -> Any:
        """Return what the last message of a kind says."""
        found = [message.data for message in list(self.messages) if message.event == event]
        return json.loads(found[-1]) if found else None
