"""What the bridge itself asks a child."""

from __future__ import annotations

from typing import Any

import trio

from mapsrv.bridge import json_rpc
from mapsrv.bridge.json_rpc import Message
from mapsrv.bridge.multiplexer.client_port import ClientPort
from mapsrv.bridge.multiplexer.multiplexer import Multiplexer


async def ask(multiplexer: Multiplexer, method: str, params: Any, seconds: float) -> Message:
    """Ask the child something of the bridge's own. Raises ChildEnded or trio.TooSlowError."""
    answers: list[Message] = []
    answered = trio.Event()

    def deliver(message: Message, about: Any) -> None:
        answers.append(message)
        answered.set()

    port = ClientPort(multiplexer, deliver)  # which hears of nothing else
    try:
        with trio.fail_after(seconds):
            await port.send(json_rpc.request(1, method, params))
            await answered.wait()
    finally:
        port.leave()
    return answers[0]
