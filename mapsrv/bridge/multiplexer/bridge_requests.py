"""What the bridge itself asks a child: the one way to do so, whoever wants to know."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import trio

from mapsrv.bridge import json_rpc
from mapsrv.bridge.json_rpc import Message
from mapsrv.bridge.multiplexer.client_port import Join
from mapsrv.bridge.multiplexer.multiplexer import Multiplexer
from mapsrv.change import Change


class BridgeRequests:
    """Requests at a port of the bridge's own. Each is known by its method, and made once."""

    def __init__(self, join: Join) -> None:
        self.port = join(self._deliver)
        self._answers: dict[Any, Message] = {}
        self._came = Change()

    def _deliver(self, message: Message, about: Any) -> None:
        if message.is_answer:
            self._answers[about] = message
            self._came.tell()

    async def begin(self, method: str, params: Any = None) -> None:
        """Ask, and do not wait for the answer."""
        await self.port.send(json_rpc.request(method, method, params))

    def heard(self, method: str) -> Message | None:
        """Return what it was answered with, so far."""
        return self._answers.get(method)

    async def answer(self, method: str) -> Message:
        """Wait for what it is answered with."""
        await self._came.until(lambda: method in self._answers)
        return self._answers[method]

    async def ask(self, method: str, params: Any = None) -> Message:
        """Ask, and wait for the answer. Raises ChildEnded."""
        await self.begin(method, params)
        return await self.answer(method)

    async def notify(self, method: str) -> None:
        """Tell the child something. Raises ChildEnded."""
        await self.port.send(json_rpc.notification(method))


@contextmanager
def open_requests(join: Join) -> Iterator[BridgeRequests]:
    """Have requests at a port that join() gives; what is not answered at the end is cancelled."""
    requests = BridgeRequests(join)
    try:
        yield requests
    finally:
        requests.port.leave()


async def ask(multiplexer: Multiplexer, method: str, params: Any, seconds: float) -> Message:
    """Ask a child one thing. Raises ChildEnded or trio.TooSlowError."""
    with open_requests(multiplexer.bridge_port) as requests, trio.fail_after(seconds):
        return await requests.ask(method, params)
