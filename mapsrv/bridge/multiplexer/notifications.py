"""Whom a notification of a child concerns: whose call it is about, or else who asked to hear of such."""

from __future__ import annotations

from collections.abc import Collection

from msgspec import UNSET

from mapsrv.bridge import json_rpc
from mapsrv.bridge.json_rpc import Message
from mapsrv.bridge.multiplexer.client_port import ClientPort
from mapsrv.bridge.multiplexer.request_ids import Calls
from mapsrv.bridge.multiplexer.server_requests import ServerRequests

SUBSCRIPTION = "io.modelcontextprotocol/subscriptionId"  # in _meta: the id of the call that an event is for

# What concerns everybody. All else is for one: it may hold what only that one may see.
FOR_ALL = frozenset(f"notifications/{what}/list_changed" for what in ("tools", "prompts", "resources"))


class Notifications:
    """`ports` are those of all callers."""

    def __init__(self, ports: Collection[ClientPort], calls: Calls, server_requests: ServerRequests) -> None:
        self._ports, self._calls, self._server_requests = ports, calls, server_requests

    def deliver(self, message: Message) -> None:
        """Deliver a notification to those whom it concerns."""
        if message.params is not UNSET and SUBSCRIPTION.encode() in bytes(message.params):
            return self._event(message)
        if message.method == "notifications/progress":
            return self._progress(message)
        for port in self._hearers(message):
            port.deliver(message, None)

    def _event(self, message: Message) -> None:
        """Deliver an event of a subscriptions/listen (2026-07-28) to whose it is."""
        meta = json_rpc.members(message.params).get("_meta")
        call = self._calls.get(meta.get(SUBSCRIPTION)) if isinstance(meta, dict) else None
        if call is not None:
            call.port.deliver(message, call.id)

    def _progress(self, message: Message) -> None:
        params = json_rpc.members(message.params)
        call = self._calls.get(params.get("progressToken"))
        if call is not None and call.token is not None:
            told = {**params, "progressToken": call.token}
            call.port.deliver(json_rpc.notification("notifications/progress", told), call.id)

    def _hearers(self, message: Message) -> list[ClientPort]:
        match message.method:
            case "notifications/cancelled":
                found = self._server_requests.withdraw(json_rpc.members(message.params).get("requestId"))
            case "notifications/resources/updated":
                uri = json_rpc.key(json_rpc.members(message.params).get("uri"))
                return [port for port in self._ports if uri in port.subscribed]
            case method if method in FOR_ALL:
                return list(self._ports)
            case _:
                found = self._server_requests.worker()
        return [found] if found else []
