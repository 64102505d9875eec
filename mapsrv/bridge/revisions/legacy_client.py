"""A port at a child for a client of a legacy revision (with initialize), whatever the child speaks.

A child that takes initialize is passed all as it comes. One that refuses it is asked what it is; if it
is a modern one, all is converted from then on.
"""

from __future__ import annotations

from typing import Any

import trio
from msgspec import UNSET

from mapsrv.bridge import json_rpc
from mapsrv.bridge.children.exit_status import ChildEnded
from mapsrv.bridge.json_rpc import Message
from mapsrv.bridge.multiplexer.client_port import Deliver, Join
from mapsrv.bridge.revisions import legacy_to_modern
from mapsrv.bridge.revisions.handshake import discover_params, is_modern
from mapsrv.bridge.revisions.legacy_at_modern import LegacyAtModern
from mapsrv.bridge.revisions.vocabulary import DISCOVER, member, outer
from mapsrv.errors import MapsrvError


class LegacyClient:
    """Has a port's send() and leave(). What has to be sent without the caller runs in `nursery`.

    leave() has to be called before that is closed.
    """

    def __init__(self, join: Join, deliver: Deliver, nursery: trio.Nursery) -> None:
        self._deliver, self._nursery = deliver, nursery
        self._port = join(self._from_child)
        self._initialize: Message | None = None  # not answered yet
        self._refused: Message | None = None  # how, while the child is asked what it is
        self._modern: LegacyAtModern | None = None

    async def send(self, message: Message) -> None:
        """Send something to the child. Raises MapsrvError."""
        if message.method == "initialize":
            self._initialize = message
        elif self._modern is not None:
            return await self._modern.from_client(message)
        await self._port.send(message)

    def leave(self) -> None:
        """Have nothing more delivered."""
        self._port.leave()

    def _from_child(self, message: Message, about: Any) -> None:
        first = self._initialize
        if first is not None and message.is_answer and about == first.id:
            self._introduced(first, message)
        elif self._modern is not None:
            self._modern.from_child(message, about)
        else:
            self._deliver(message, about)

    def _introduced(self, first: Message, told: Message) -> None:
        """The child has answered initialize, or the server/discover that followed a refusal."""
        if _refuses(told) and self._refused is None:
            self._refused = told
            return self._nursery.start_soon(self._discover, first)
        refused, self._initialize, self._refused = self._refused, None, None
        if refused is None:
            self._modern = None
            return self._deliver_now(told)
        if not is_modern(told):
            return self._deliver_now(refused)
        found, client = outer(told.result), legacy_to_modern.Client.of(outer(first.params))
        self._modern = LegacyAtModern(
            self._port, self._deliver, self._nursery, client, legacy_to_modern.changes(found)
        )
        self._deliver_now(json_rpc.answer(first.id, legacy_to_modern.initialized(found, client.version)))

    def _deliver_now(self, message: Message) -> None:
        self._deliver(message, message.id)

    async def _discover(self, first: Message) -> None:
        assert self._refused is not None
        try:
            await self._port.send(Message("2.0", first.id, DISCOVER, json_rpc.raw(discover_params())))
        except MapsrvError:
            self._introduced(first, self._refused)


def _refuses(told: Message) -> bool:
    """Return whether the child itself has refused; that it is gone is told by the bridge."""
    error = outer(told.error)
    return told.error is not UNSET and member(error, "data").get("code") != ChildEnded.code
