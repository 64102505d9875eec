"""Whom a notification of a child concerns: whose call it is about, or else who asked to hear of such."""

from __future__ import annotations

from collections.abc import Collection

from msgspec import UNSET

from mapsrv.bridge import json_rpc
from mapsrv.bridge.json_rpc import Message
from mapsrv.bridge.multiplexer.client_port import Seat
from mapsrv.bridge.multiplexer.request_ids import Calls
from mapsrv.bridge.multiplexer.server_requests import ServerRequests

SUBSCRIPTION = "io.modelcontextprotocol/subscriptionId"  # in _meta: the id of the call that an event is for

# What concerns everybody. All else is for one: it may hold what only that one may see.
FOR_ALL = frozenset(f"notifications/{what}/list_changed" for what in ("tools", "prompts", "resources"))


class Notifications:
    """`seats` are those of all callers."""

    def __init__(self, seats: Collection[Seat], calls: Calls, server_requests: ServerRequests) -> None:
        self._seats, self._calls, self._server_requests = seats, calls, server_requests

    def deliver(self, message: Message) -> None:
        """Deliver a notification to those whom it concerns."""
        if message.params is not UNSET and SUBSCRIPTION.encode() in bytes(message.params):
            return self._event(message)
        if message.method == "notifications/progress":
            return self._progress(message)
        for seat in self._hearers(message):
            seat.deliver(message, None)

    def _event(self, message: Message) -> None:
        """Deliver an event of a subscriptions/listen (2026-07-28) to whose it is."""
        meta = json_rpc.members(message.params).get("_meta")
        call = self._calls.get(meta.get(SUBSCRIPTION)) if isinstance(meta, dict) else None
        if call is not None:
            call.seat.deliver(message, call.id)

    def _progress(self, message: Message) -> None:
        params = json_rpc.members(message.params)
        call = self._calls.get(params.get("progressToken"))
        if call is not None and call.token is not None:
            told = {**params, "progressToken": call.token}
            call.seat.deliver(json_rpc.notification("notifications/progress", told), call.id)

    def _hearers(self, message: Message) -> list[Seat]:
        match message.method:
            case "notifications/cancelled":
                found = self._server_requests.withdraw(json_rpc.members(message.params).get("requestId"))
            case "notifications/resources/updated":
                uri = json_rpc.key(json_rpc.members(message.params).get("uri"))
                return [seat for seat in self._seats if uri in seat.subscribed]
            case method if method in FOR_ALL:
                return list(self._seats)
            case _:
                found = self._server_requests.worker()
        return [found] if found else []
