"""A server without a process, for what takes long: it answers, crashes and hangs as it is told."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import trio

from mapsrv.bridge import json_rpc
from mapsrv.bridge.children.child import Child
from mapsrv.bridge.children.command import Command
from mapsrv.bridge.children.exit_status import ChildEnded
from mapsrv.bridge.json_rpc import Message
from mapsrv.bridge.sessions.child_factory import ChildFactory

RESULTS: dict[str, Any] = {
    "initialize": {"protocolVersion": "2025-11-25", "capabilities": {}, "serverInfo": {"name": "fake"}},
    "tools/list": {"tools": [{"name": "echo"}]},
}


class FakeChild(Child):
    """`deaf` answers nothing; crash() ends it."""

    def __init__(self, number: int, refuses: dict[str, str], deaf: bool) -> None:
        self.number, self.deaf, self._refuses = number, deaf, refuses
        self.pid, self.name = 100_000 + number, "fake"
        self.ended: ChildEnded | None = None
        self.crashed = False
        self.heard: list[dict[str, Any]] = []
        self._unread: list[bytes] = []  # what it says before anybody listens
        self._take: Callable[[bytes], object] = self._unread.append
        self._over = trio.Event()

    async def send(self, line: bytes) -> None:
        if self.ended is not None:
            raise self.ended
        self.send_soon(line)
        await trio.lowlevel.checkpoint()

    def send_soon(self, line: bytes) -> None:
        message = json.loads(line)
        self.heard.append(message)
        if "id" in message and "method" in message and not self.deaf:
            self.say(id=message["id"], **self._answer(message))

    def _answer(self, message: dict[str, Any]) -> dict[str, Any]:
        if (why := self._refuses.get(message["method"])) is not None:
            return {"error": {"code": -32600, "message": why}}
        known = RESULTS.get(message["method"], {"child": self.number, "params": message.get("params")})
        return {"result": known}

    def say(self, **message: Any) -> None:
        self._take(json.dumps({"jsonrpc": "2.0", **message}).encode())

    def calls(self) -> list[dict[str, Any]]:
        return [message for message in self.heard if message.get("method") == "tools/call"]

    def methods(self) -> list[str]:
        return [message["method"] for message in self.heard if "method" in message]

    @property
    def memory(self) -> int:
        return 1

    def crash(self) -> None:
        self.crashed = self.deaf = True
        self._over.set()

    async def run(
        self, take: Callable[[bytes], object], ended: Callable[[ChildEnded], object] = lambda error: None
    ) -> None:
        self._take = take
        for line in self._unread:
            take(line)
        try:
            await self._over.wait()
        finally:
            self.ended = ChildEnded("fake has ended: it was told to.")
            ended(self.ended)


class FakeFactory(ChildFactory):
    """`born` are all its children; the next are as `refuses`, `deaf` and `stillborn` say."""

    def __init__(self, most: int = 1000) -> None:
        super().__init__(Command("fake", ["fake"], {}), most)
        self.born: list[FakeChild] = []
        self.refuses: dict[str, str] = {}
        self.deaf = self.stillborn = False

    def _new(self) -> Child:
        child = FakeChild(len(self.born), self.refuses, self.deaf)
        self.born.append(child)
        if self.stillborn:
            child.crash()
        return child


class Client:
    """What one caller got, and how it asks."""

    def __init__(self) -> None:
        self.got: list[dict[str, Any]] = []

    def deliver(self, message: Message, about: Any) -> None:
        self.got.append(json.loads(json_rpc.line(message)))


def message(method: str, id: Any = None, params: Any = None) -> Message:
    return json_rpc.notification(method, params) if id is None else json_rpc.request(id, method, params)
