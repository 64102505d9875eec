"""One session's port at the child of all: told what the first client was, and its calls in their turn."""

from __future__ import annotations

from typing import Any

import trio
from msgspec import Raw, UnsetType

from mapsrv.bridge import json_rpc
from mapsrv.bridge.json_rpc import Message
from mapsrv.bridge.multiplexer.client_port import ClientPort, Deliver
from mapsrv.bridge.multiplexer.serializer import MAY_ASK
from mapsrv.bridge.revisions.vocabulary import LEGACY
from mapsrv.bridge.sessions.shared_child import SharedChild
from mapsrv.errors import MapsrvError, TooMany


class SharedPort(ClientPort):
    """Leaving it leaves the child to the others."""

    def __init__(self, shared: SharedChild, deliver: Deliver) -> None:
        super().__init__(deliver, shared.multiplexer.from_client, shared.multiplexer.leave)
        shared.multiplexer.add(self)
        self._shared = shared
        self._waiting: set[Any] = set()  # ids of calls that wait for their turn

    async def send(self, message: Message) -> None:
        """Send something to the child. Raises ChildEnded or TooMany."""
        if message.method == "initialize" and message.is_request:
            self._shared.nursery.start_soon(self._initialize, message)
        elif message.method == "notifications/initialized":
            pass  # the child was told once
        else:
            if message.method == "logging/setLevel":
                self._shared.level = message
            await self._shared.until_up()
            return await self._pass_on(message)
        await trio.lowlevel.checkpoint()

    async def _pass_on(self, message: Message) -> None:
        multiplexer = self._shared.multiplexer
        if message.method == "notifications/cancelled":
            self._waiting.discard(json_rpc.key(json_rpc.members(message.params).get("requestId")))
        elif multiplexer.server_requests.any and message.is_request and message.method in MAY_ASK:
            if len(self._waiting) >= self._shared.factory.calls:
                raise TooMany(
                    f"{len(self._waiting)} calls of this session wait for their turn.", retry_after=1
                )
            self._waiting.add(message.id)
            return self._shared.nursery.start_soon(self._in_turn, message, multiplexer.turns.join())
        await super().send(message)

    async def _in_turn(self, message: Message, ticket: object) -> None:
        """Make a call when it is this caller's turn, unless it was cancelled meanwhile."""
        multiplexer = self._shared.multiplexer

        def may() -> bool:
            return message.id not in self._waiting or not multiplexer.calls.is_for_another(self)

        await multiplexer.turns.wait(ticket, may)
        if message.id not in self._waiting:
            return
        self._waiting.discard(message.id)
        try:
            await super().send(message)
        except MapsrvError as error:
            self.deliver(json_rpc.failed(message.id, error), message.id)

    async def _initialize(self, message: Message) -> None:
        try:
            told = await self._shared.initialized(message.params)
            answer = Message(
                "2.0", id=message.id, result=_as_old(told.result, message.params), error=told.error
            )
        except MapsrvError as error:
            answer = json_rpc.failed(message.id, error)
        if not self.has_left:
            self.deliver(answer, message.id)

    def leave(self) -> None:
        """Have nothing more delivered; the child lives on."""
        self._waiting.clear()
        super().leave()


def _as_old(result: Raw | UnsetType, params: Raw | UnsetType) -> Raw | UnsetType:
    """Return the result for a client that asked for an older revision than the first one's.

    Revisions are dates, and to 2025-11-25 what one has more than another is optional.
    """
    told, asked = json_rpc.members(result).get("protocolVersion"), json_rpc.members(params).get(
        "protocolVersion"
    )
    if isinstance(told, str) and isinstance(asked, str) and asked in LEGACY and asked < told:
        return json_rpc.raw({**json_rpc.members(result), "protocolVersion": asked})
    return result
