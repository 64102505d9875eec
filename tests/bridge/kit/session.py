"""One session of an MCP client, whatever its transport: what it asks, what comes back, how it leaves.

What comes unasked is kept: `strays` is what another's session, or the child's babble, put into this one.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import count
from typing import Any

import trio

from tests.bridge.kit.wire import Wire, connect

VERSION = "2025-11-25"
HELLO = {
    "protocolVersion": VERSION,
    "capabilities": {"roots": {}},
    "clientInfo": {"name": "abuser", "version": "1"},
}
ANSWER_SECONDS = 20.0  # for any one answer; more means that it does not come

Message = dict[str, Any]


class Refused(Exception):
    """An HTTP answer that is no 2xx."""

    def __init__(self, status: int, said: bytes, headers: dict[str, str]) -> None:
        super().__init__(f"{status} {said[:300].decode(errors='replace')}")
        self.status, self.said, self.headers = status, said, headers


def failed(answer: Message) -> bool:
    """Return whether a call was answered by an error, of JSON-RPC or of the tool."""
    return "error" in answer or answer["result"].get("isError") is True


class Session:
    """What the transports share: requests and what comes back."""

    def __init__(self, port: int, path: str) -> None:
        self.port, self.path = port, path
        self.strays: list[Any] = []  # what came that nobody here asked for
        self.notes: list[Message] = []  # notifications
        self.roots: Any = []  # what the child is told when it asks
        self.seconds = ANSWER_SECONDS
        self.ids = count(1)
        self._idle: list[Wire] = []
        self.wires: set[Wire] = set()

    async def wire(self) -> Wire:
        """Return a connection that nobody uses."""
        while self._idle:
            if not (wire := self._idle.pop()).stale():
                return wire
            wire.close()
            self.wires.discard(wire)
        wire = await connect(self.port)
        self.wires.add(wire)
        return wire

    def put_back(self, wire: Wire) -> None:
        """Let others use a connection, if it can be used again."""
        if wire.idle:
            self._idle.append(wire)
        else:
            wire.close()
            self.wires.discard(wire)

    async def post(self, message: Message) -> Message | None:
        """Send a message; return what came with the HTTP answer, if it was any. Raises Refused, Broken."""
        raise NotImplementedError

    async def request(self, method: str, params: Any = None, *, id: Any = None) -> Message:
        """Return the message that answers a request. Raises Refused, Broken or trio.TooSlowError."""
        id = next(self.ids) if id is None else id
        message = {"jsonrpc": "2.0", "id": id, "method": method}
        with trio.fail_after(self.seconds):
            return await self._answer(message if params is None else {**message, "params": params})

    async def _answer(self, message: Message) -> Message:
        raise NotImplementedError

    async def notify(self, method: str, params: Any = None) -> None:
        """Send a notification."""
        message = {"jsonrpc": "2.0", "method": method}
        with trio.fail_after(self.seconds):
            await self.post(message if params is None else {**message, "params": params})

    async def initialize(self) -> Message:
        """Do MCP's handshake; return what the server said of itself."""
        answered = await self.request("initialize", HELLO)
        await self.notify("notifications/initialized")
        return answered

    async def ask(self, tool: str, /, *, id: Any = None, **arguments: Any) -> Message:
        """Return the message that answers a call: a result or an error."""
        return await self.request("tools/call", {"name": tool, "arguments": arguments}, id=id)

    async def call(self, tool: str, /, *, id: Any = None, **arguments: Any) -> tuple[Any, int]:
        """Return what a tool of the abuse child returned, and the child's process id."""
        message = await self.ask(tool, id=id, **arguments)
        assert not failed(message), message
        told = json.loads(message["result"]["content"][0]["text"])
        return told["value"], told["pid"]

    async def stay(self) -> None:
        """Hold all connections until cancelled; whatever happened meanwhile, none is left then."""
        try:
            await trio.sleep_forever()
        finally:
            self.leave()

    def leave(self, how: Callable[[Wire], None] = Wire.close) -> None:
        """End all connections, rudely or not."""
        for wire in self.wires:
            how(wire)

    async def end(self) -> None:
        """End the session as the specification says."""
        self.leave()

    async def _take(self, data: bytes, waits: Callable[[Any], bool]) -> Message | None:
        """Sort what came; return it if it is an answer that somebody waits for."""
        try:
            message = json.loads(data)
        except ValueError:
            message = data
        if not isinstance(message, dict):
            self.strays.append(message)
        elif "method" in message and "id" in message:
            await self.post({"jsonrpc": "2.0", "id": message["id"], "result": {"roots": self.roots}})
        elif "method" in message:
            self.notes.append(message)
        elif waits(message.get("id")):
            return message
        else:
            self.strays.append(message)
        return None
