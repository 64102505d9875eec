"""The same client by a child's bare pipes: what a wrapper is measured against."""

from __future__ import annotations

import json
from typing import Any

import trio

from tests.bridge.kit.session import Message, Session
from tests.bridge.kit.wire import READ_BYTES, Broken


class StdioSession(Session):
    """One JSON-RPC message a line; read() reads them."""

    def __init__(self, process: trio.Process) -> None:
        super().__init__(0, "")
        assert process.stdin is not None and process.stdout is not None
        self._stdin, self._stdout = process.stdin, process.stdout
        self._waiting: dict[Any, tuple[trio.Event, list[Message]]] = {}

    async def read(self) -> None:
        """Read what the child says, to its end."""
        rest = b""
        while data := await self._stdout.receive_some(READ_BYTES):
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                if message := await self._take(line, self._waiting.__contains__):
                    event, answers = self._waiting[message["id"]]
                    answers.append(message)
                    event.set()

    async def post(self, message: Message) -> None:
        """Send a message."""
        try:
            await self._stdin.send_all(json.dumps(message).encode() + b"\n")
        except trio.BrokenResourceError as error:
            raise Broken(str(error)) from None

    async def _answer(self, message: Message) -> Message:
        event, answers = self._waiting[message["id"]] = trio.Event(), list[Message]()
        try:
            await self.post(message)
            await event.wait()
            return answers[0]
        finally:
            del self._waiting[message["id"]]
