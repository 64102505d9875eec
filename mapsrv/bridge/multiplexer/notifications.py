"""Whom a notification of a child concerns, that is not about a call."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from mapsrv.bridge import json_rpc
from mapsrv.bridge.json_rpc import Message
from mapsrv.bridge.multiplexer.client_port import Seat
from mapsrv.bridge.multiplexer.server_requests import ServerRequests

# What concerns everybody. All else is for one: it may hold what only that one may see.
FOR_ALL = frozenset(f"notifications/{what}/list_changed" for what in ("tools", "prompts", "resources"))


def hearers(
    message: Message,
    seats: Iterable[Seat],
    server_requests: ServerRequests,
    worker: Callable[[], Seat | None],
) -> list[Seat]:
    """Return whom it is for; worker() is the one for whom the child works, if that is clear."""
    match message.method:
        case "notifications/cancelled":
            found = server_requests.withdraw(json_rpc.members(message.params).get("requestId"))
        case "notifications/resources/updated":
            uri = json_rpc.key(json_rpc.members(message.params).get("uri"))
            return [seat for seat in seats if uri in seat.subscribed]
        case method if method in FOR_ALL:
            return list(seats)
        case _:
            found = worker()
    return [found] if found else []
