"""A newer client's call at a newer child: all passes as it is, but for ids, and what goes to one alone."""

from __future__ import annotations

from typing import Any

from msgspec import Raw

from mapsrv.bridge import json_rpc
from mapsrv.bridge.json_rpc import Message
from mapsrv.bridge.revisions import modern_to_legacy
from mapsrv.bridge.revisions.modern_call import CALL, Leg
from mapsrv.bridge.revisions.vocabulary import LOGGED, SUBSCRIPTION, Join, member, outer


class Passing:
    """Has what an Exchange has."""

    def __init__(self, join: Join, message: Message) -> None:
        self._message = message
        self._leg: Leg | None = None
        self._seat = join(self._deliver)

    async def begin(self, leg: Leg) -> None:
        """Make the call. Raises MapsrvError."""
        self._leg = leg
        message = self._message
        await self._seat.send(Message("2.0", id=CALL, method=message.method, params=message.params))

    async def reply(self) -> None:
        """A newer child asks nothing."""

    def leave(self) -> None:
        """End it; a call that is not answered is cancelled."""
        self._leg = None
        self._seat.leave()

    def _deliver(self, message: Message, about: Any) -> None:
        leg = self._leg
        if leg is None or (about is None and message.method != LOGGED):
            return
        if message.is_answer:
            message.id = leg.id
            leg.put(modern_to_legacy.without_headers(_of_stream(message, leg.id)))
        elif not message.is_request:
            leg.put(_of_stream(message, leg.id))


def _of_stream(message: Message, id_: Any) -> Message:
    """Return a message with the id that its listen stream has for the client."""
    inside = "result" if message.is_answer else "params"
    raw = getattr(message, inside)
    if isinstance(raw, Raw) and SUBSCRIPTION.encode() in bytes(raw):
        value = outer(raw)
        meta = {**member(value, "_meta"), SUBSCRIPTION: id_}
        setattr(message, inside, json_rpc.raw({**value, "_meta": meta}))
    return message
