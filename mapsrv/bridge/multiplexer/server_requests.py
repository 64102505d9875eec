"""What a child asks of its callers (sampling, elicitation, roots): of whom, and whose answer it waits for."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from mapsrv.bridge import json_rpc
from mapsrv.bridge.json_rpc import Message
from mapsrv.bridge.multiplexer.client_port import Seat
from mapsrv.bridge.multiplexer.request_ids import Calls

MAX_ASKED = 1000  # by a child, that nobody answered


class ServerRequests:
    """By the child's own ids; bounded. `seats` are those of all callers, `calls` what they wait for."""

    def __init__(self, seats: Collection[Seat], calls: Calls) -> None:
        self.any = False  # whether the child has ever asked a caller something
        self._seats, self._calls = seats, calls
        self._asked: dict[Any, Seat] = {}

    def ask(self, question: Message) -> bool:
        """Deliver a question; False where it cannot be told for whom the child asks, or too many wait."""
        self.any = self.any or question.method != "ping"
        seat = self.worker()
        if seat is None or len(self._asked) >= MAX_ASKED:
            return False
        self._asked[question.id] = seat
        seat.deliver(question, None)
        return True

    def worker(self) -> Seat | None:
        """Return the caller for whom the child works, where there is but one."""
        if len(self._seats) == 1:
            return next(iter(self._seats))
        workers = self._calls.workers(self._seats)
        return workers.pop() if len(workers) == 1 else None

    def answer(self, id_: Any, seat: Seat) -> bool:
        """Return whether this caller was asked that, and has not answered yet."""
        if self._asked.get(id_) is not seat:
            return False
        del self._asked[id_]
        return True

    def withdraw(self, id_: object) -> Seat | None:
        """Forget a question; return who was asked. The id may be any value."""
        return self._asked.pop(json_rpc.key(id_), None)

    def leave(self, seat: Seat) -> None:
        """Forget what a caller was asked."""
        self._asked = {id_: one for id_, one in self._asked.items() if one is not seat}

    def clear(self) -> None:
        """Forget all: the child is gone."""
        self._asked.clear()
