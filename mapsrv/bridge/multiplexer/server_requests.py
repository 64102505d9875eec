"""What a child asks of its callers (sampling, elicitation, roots), and whose answer it waits for."""

from __future__ import annotations

from typing import Any

from mapsrv.bridge import json_rpc
from mapsrv.bridge.multiplexer.client_port import Seat

MAX_ASKED = 1000  # by a child, that nobody answered


class ServerRequests:
    """By the child's own ids; bounded."""

    def __init__(self) -> None:
        self._asked: dict[Any, Seat] = {}

    @property
    def has_room(self) -> bool:
        """Whether one more may be asked."""
        return len(self._asked) < MAX_ASKED

    def ask(self, id_: Any, seat: Seat) -> None:
        """Note who is asked."""
        self._asked[id_] = seat

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
