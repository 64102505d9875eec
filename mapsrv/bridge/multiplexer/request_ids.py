"""The calls that a child has not answered, by ids of ours: callers may choose the same, and do.

Progress tokens likewise: the child is given our id for one, and its caller hears of its own.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import trio

from mapsrv.bridge import json_rpc
from mapsrv.bridge.json_rpc import Message, Pairs
from mapsrv.bridge.multiplexer.client_port import ClientPort
from mapsrv.bridge.multiplexer.message_guard import only
from mapsrv.bridge.multiplexer.serializer import MAY_ASK, Serializer
from mapsrv.errors import TooMany

MAX_CALLS = 100  # of one caller that are not answered: more is one that does not read
LISTEN = "subscriptions/listen"  # (2026-07-28) is never answered while it is heard


@dataclass(slots=True)
class Call:
    """A request on its way: whose, under which id, since when, and its progress token."""

    port: ClientPort
    id: Any
    method: str
    since: float
    token: Any = None


class Calls:
    """Those of all callers, each of whom may have `most`; those who wait for a turn look as one ends."""

    def __init__(self, turns: Serializer, most: int = MAX_CALLS) -> None:
        self._turns, self._most = turns, most
        self._calls: dict[int, Call] = {}
        self._last = 0

    def number(self) -> int:
        """Return an id of ours that was not used before."""
        self._last += 1
        return self._last

    def used(self, number: object) -> bool:
        """Return whether it was an id of ours at some time."""
        return isinstance(number, int) and 0 < number <= self._last

    def check_room(self, port: ClientPort) -> None:
        """Raise TooMany when a caller may make no more."""
        if len(port.calls) >= self._most:
            raise TooMany(f"{self._most} calls of this session wait. Read some answers first.", retry_after=1)

    def open(self, port: ClientPort, message: Message, said: Pairs) -> Message:
        """Note a call with these params; return it as the child gets it. Raises BadRequest."""
        assert isinstance(message.method, str)
        meta = json_rpc.pairs(only(said, "_meta"))
        token = json_rpc.value(only(meta, "progressToken"))
        number = self.number()
        self._calls[number] = Call(port, message.id, message.method, trio.current_time(), token)
        port.calls[message.id] = number
        params = message.params
        if token is not None:
            params = json_rpc.raw({**dict(said), "_meta": {**dict(meta), "progressToken": number}})
        return Message("2.0", id=number, method=message.method, params=params)

    def close(self, number: object) -> Call | None:
        """Forget a call, and return it."""
        call = self._calls.pop(number, None) if isinstance(number, int) else None
        if call is not None and call.port.calls.get(call.id) == number:
            del call.port.calls[call.id]
        self._turns.tell()
        return call

    def get(self, number: object) -> Call | None:
        """Return the call that the child knows by this id; it may be any value."""
        return self._calls.get(json_rpc.key(number))

    @property
    def numbers(self) -> list[int]:
        """The ids of all."""
        return list(self._calls)

    @property
    def busy(self) -> bool:
        """Whether the child owes somebody an answer soon."""
        return any(call.method != LISTEN for call in self._calls.values())

    def is_for_another(self, port: ClientPort) -> bool:
        """Return whether somebody else's call is under way, during which the child may ask."""
        return any(call.port is not port and call.method in MAY_ASK for call in self._calls.values())

    def workers(self, ports: Iterable[ClientPort]) -> set[ClientPort]:
        """Return those of the callers for whom the child works; where it may ask for some, those alone."""
        calls = [call for call in self._calls.values() if call.port in ports]
        return {call.port for call in calls if call.method in MAY_ASK} or {call.port for call in calls}
