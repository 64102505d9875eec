"""What the bridge itself asks a child."""

from __future__ import annotations

from typing import Any

import trio

from mapsrv.bridge import rpc
from mapsrv.bridge.rpc import Message
from mapsrv.bridge.switching.seats import Seat
from mapsrv.bridge.switching.switch import Switch


async def ask(switch: Switch, method: str, params: Any, seconds: float) -> Message:
    """Ask the child something of the bridge's own. Raises ChildEnded or trio.TooSlowError."""
    answers: list[Message] = []
    answered = trio.Event()

    def deliver(message: Message, about: Any) -> None:
        answers.append(message)
        answered.set()

    seat = Seat(switch, deliver)  # which hears of nothing else
    try:
        with trio.fail_after(seconds):
            await seat.send(rpc.request(1, method, params))
            await answered.wait()
    finally:
        seat.leave()
    return answers[0]
