"""A modern client's call at a modern child: all passes as it is, but for ids, and what goes to one alone."""

from __future__ import annotations

from typing import Any

from msgspec import Raw

from mapsrv.bridge import json_rpc
from mapsrv.bridge.json_rpc import Message
from mapsrv.bridge.multiplexer.client_port import Join
from mapsrv.bridge.revisions import modern_to_legacy
from mapsrv.bridge.revisions.modern_call import CALL, ModernRequest
from mapsrv.bridge.revisions.vocabulary import LOGGED, SUBSCRIPTION, member, outer


class ModernAtModern:
    """Has what a ModernCall has."""

    def __init__(self, join: Join, message: Message) -> None:
        self._message = message
        self._request: ModernRequest | None = None
        self._port = join(self._deliver)

    async def begin(self, request: ModernRequest) -> None:
        """Make the call. Raises MapsrvError."""
        self._request = request
        message = self._message
        await self._port.send(Message("2.0", id=CALL, method=message.method, params=message.params))

    async def reply(self) -> None:
        """A modern child asks nothing."""

    def leave(self) -> None:
        """End it; a call that is not answered is cancelled."""
        self._request = None
        self._port.leave()

    def _deliver(self, message: Message, about: Any) -> None:
        request = self._request
        if request is None or (about is None and message.method != LOGGED):
            return
        if message.is_answer:
            message.id = request.id
            request.put(modern_to_legacy.without_headers(_of_stream(message, request.id)))
        elif not message.is_request:
            request.put(_of_stream(message, request.id))


def _of_stream(message: Message, id_: Any) -> Message:
    """Return a message with the id that its listen stream has for the client."""
    inside = "result" if message.is_answer else "params"
    raw = getattr(message, inside)
    if isinstance(raw, Raw) and SUBSCRIPTION.encode() in bytes(raw):
        value = outer(raw)
        meta = {**member(value, "_meta"), SUBSCRIPTION: id_}
        setattr(message, inside, json_rpc.raw({**value, "_meta": meta}))
    return message
