"""What a child asks of its callers (sampling, elicitation, roots): of whom, and whose answer it waits for."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from mapsrv.bridge import json_rpc
from mapsrv.bridge.json_rpc import Message
from mapsrv.bridge.multiplexer.client_port import ClientPort
from mapsrv.bridge.multiplexer.request_ids import Calls

MAX_ASKED = 1000  # by a child, that nobody answered


class ServerRequests:
    """By the child's own ids; bounded. `ports` are those of all callers, `calls` what they wait for."""

    def __init__(self, ports: Collection[ClientPort], calls: Calls) -> None:
        self.any = False  # whether the child has ever asked a caller something
        self._ports, self._calls = ports, calls
        self._asked: dict[Any, ClientPort] = {}

    def ask(self, question: Message) -> bool:
        """Deliver a question; False where it cannot be told for whom the child asks, or too many wait."""
        self.any = self.any or question.method != "ping"
        port = self.worker()
        if port is None or len(self._asked) >= MAX_ASKED:
            return False
        self._asked[question.id] = port
        port.deliver(question, None)
        return True

    def worker(self) -> ClientPort | None:
        """Return the caller for whom the child works, where there is but one."""
        if len(self._ports) == 1:
            return next(iter(self._ports))
        workers = self._calls.workers(self._ports)
        return workers.pop() if len(workers) == 1 else None

    def answer(self, id_: Any, port: ClientPort) -> bool:
        """Return whether this caller was asked that, and has not answered yet."""
        if self._asked.get(id_) is not port:
            return False
        del self._asked[id_]
        return True

    def withdraw(self, id_: object) -> ClientPort | None:
        """Forget a question; return who was asked. The id may be any value."""
        return self._asked.pop(json_rpc.key(id_), None)

    def leave(self, port: ClientPort) -> None:
        """Forget what a caller was asked."""
        self._asked = {id_: one for id_, one in self._asked.items() if one is not port}

    def clear(self) -> None:
        """Forget all: the child is gone."""
        self._asked.clear()
