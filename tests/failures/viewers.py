"""A person's tab: reads a map's stream as a browser does, shows what it says, and notes what it saw.

It resumes by Last-Event-ID, waits as `retry:` says, and goes to the next pod where its own is gone.
"""

from __future__ import annotations

import json
import random
from typing import Any

import trio

from tests.failures.proxy import Route
from tests.failures.record import Record, now
from tests.failures.talk import FAILURES, connected
from tests.kit.sse import Message, Parser

FIRST_RETRY = 2.0  # seconds, until the stream says another
REFUSED_WAIT = 1.0  # seconds at most after a status that ends an EventSource for good


class Viewer:
    """One tab on one map. `shown` is whether each layer there is visible; `cursor` where it is."""

    def __init__(self, session: str, name: str, cookie: str, route: Route, record: Record) -> None:
        self.session, self.name = session, f"{name} on {session[:4]}"
        self.cursor = ""
        self.shown: dict[str, bool] = {}
        self.status: dict[str, Any] = {}
        self.well_since: float | None = None  # when `status` last became what it is without trouble
        self.changed_at: list[float] = []  # each frame that changed what is shown
        self.first_seen: dict[str, float] = {}  # each layer
        self._tab = f"tab-{random.randrange(10**12)}"
        self._cookie, self._route, self._record = cookie, route, record
        self._retry = FIRST_RETRY

    async def run(self) -> None:
        """Keep a stream open for ever."""
        while True:
            port, status = self._route.port, 200
            try:
                status = await self._read(port)
            except FAILURES:
                self._route.failed(port)
            await trio.sleep(self._retry if status == 200 else random.uniform(0, REFUSED_WAIT))

    async def _read(self, port: int) -> int:
        async with connected(port) as connection:
            headers = {"Accept": "text/event-stream", "Cookie": self._cookie}
            if self.cursor:
                headers["Last-Event-ID"] = self.cursor
            target = f"/events?session={self.session}&viewer={self._tab}"
            status = await connection.send("GET", target, headers)
            parser = Parser()
            while status == 200 and (data := await connection.more()):
                for message in parser.feed(data):
                    self.take(message)
        return status

    def take(self, message: Message) -> None:
        """Show what a message says."""
        if message.retry is not None:
            self._retry = message.retry / 1000
        if message.event == "event":
            self._event(message)
        elif message.event == "snapshot":
            self._snapshot(message)
        elif message.event == "status":
            self._said(json.loads(message.data))

    def _event(self, message: Message) -> None:
        before, after = self.cursor.split("."), message.id.split(".")
        if not follows(before, after):
            self._record.wrong.append(f"{self.name} was at {self.cursor} and was sent {message.id}")
        self._record.saw_event(self.session, message.id, message.data)
        for op in json.loads(message.data)["ops"]:
            apply(self.shown, op)
        self._changed(message.id)

    def _snapshot(self, message: Message) -> None:
        value = json.loads(message.data)
        if value["position"] != message.id:
            self._record.wrong.append(f"a snapshot of {value['position']} came as {message.id}")
        self._record.snapshots += 1
        self._record.saw_state(self.session, message.id, value["state"])
        self.shown = {layer["id"]: layer["visible"] for layer in value["state"]["layers"]}
        self._changed(message.id)

    def _changed(self, position: str) -> None:
        self.cursor = position
        self.changed_at.append(now())
        for layer in self.shown.keys() - self.first_seen.keys():
            self.first_seen[layer] = now()

    def _said(self, status: dict[str, Any]) -> None:
        self._record.given_back.update(each["id"] for each in status.get("refused", ()))
        if is_well(status) and not is_well(self.status):
            self.well_since = now()
        self.status = status


def follows(before: list[str], after: list[str]) -> bool:
    """Return whether a position is the next in the same history."""
    return len(before) == 3 and before[0] == after[0] and int(after[1]) == int(before[1]) + 1


def is_well(status: dict[str, Any]) -> bool:
    """Return whether a status says that everything is in Redis."""
    return status.get("durability") in ("redis", "replicated") and not status.get("pending")


def apply(shown: dict[str, bool], op: dict[str, Any]) -> None:
    """Apply one op to what is shown, so far as it is looked at here."""
    if op["op"] == "put_layer":
        shown[op["layer"]["id"]] = op["layer"]["visible"]
    elif op["op"] == "remove_layer":
        shown.pop(op["id"], None)
    elif op["op"] == "set_layer" and "visible" in op:
        shown[op["id"]] = op["visible"]
