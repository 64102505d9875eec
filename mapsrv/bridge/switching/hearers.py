"""Whom a notification of a child concerns, that is not about a call."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from mapsrv.bridge import rpc
from mapsrv.bridge.rpc import Message
from mapsrv.bridge.switching.questions import Questions
from mapsrv.bridge.switching.seats import Seat

# What concerns everybody. All else is for one: it may hold what only that one may see.
FOR_ALL = frozenset(f"notifications/{what}/list_changed" for what in ("tools", "prompts", "resources"))


def hearers(
    message: Message, seats: Iterable[Seat], questions: Questions, worker: Callable[[], Seat | None]
) -> list[Seat]:
    """Return whom it is for; worker() is the one for whom the child works, if that is clear."""
    match message.method:
        case "notifications/cancelled":
            found = questions.withdraw(rpc.members(message.params).get("requestId"))
        case "notifications/resources/updated":
            uri = rpc.key(rpc.members(message.params).get("uri"))
            return [seat for seat in seats if uri in seat.subscribed]
        case method if method in FOR_ALL:
            return list(seats)
        case _:
            found = worker()
    return [found] if found else []
