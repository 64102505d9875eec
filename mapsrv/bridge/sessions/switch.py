"""Between one child and those who talk to it: every answer goes to its asker, and to nobody else.

Callers choose ids as they like, and two may choose the same: the child sees ids of ours, and an
answer gets its caller's id back. Progress tokens likewise. What the child asks goes to the caller
for whom it works, and only that one's answer goes back.
"""

from __future__ import annotations

import logging
from typing import Any

import trio
from msgspec import UNSET, Raw, UnsetType

from mapsrv.bridge import rpc
from mapsrv.bridge.rpc import Message
from mapsrv.bridge.sessions.seats import Call, Deliver, Outlet, Seat
from mapsrv.bridge.sessions.tools import ALL, Tools
from mapsrv.bridge.sessions.turns import MAY_ASK, Turns
from mapsrv.errors import MapsrvError, TooMany
from mapsrv.metrics.bridge import Meter

MAX_CALLS = 100  # of one caller that are not answered: more is one that does not read
MAX_ASKED = 1000  # by a child of its callers, that nobody answered
SHOWN = 200  # characters of a line that is no message, in the log

log = logging.getLogger("mapsrv.bridge")

SUBSCRIPTION = "io.modelcontextprotocol/subscriptionId"  # in _meta: the id of the call that an event is for

# What concerns everybody. All else is for one: it may hold what only that one may see.
FOR_ALL = frozenset(f"notifications/{what}/list_changed" for what in ("tools", "prompts", "resources"))


class Switch:
    """`outlet` writes to the child; from_child() is given what it says."""

    def __init__(self, outlet: Outlet, server: str = "", tools: Tools = ALL, calls: int = MAX_CALLS) -> None:
        self._outlet, self._name, self._tools, self._most = outlet, server, tools, calls
        self._calls: dict[int, Call] = {}
        self._asked: dict[Any, Seat] = {}  # what the child asks, by its own ids
        self._seats: dict[Seat, None] = {}
        self._next = 0
        self._meter = Meter(server)
        self.asks = False  # whether the child has ever asked a caller something
        self.turns = Turns()
        self.initialized_at: float | None = None  # when the child answered initialize well

    def join(self, deliver: Deliver) -> Seat:
        """Return a place for one more caller."""
        seat = Seat(self, deliver)
        self._seats[seat] = None
        return seat

    @property
    def busy_since(self) -> float | None:
        """When the oldest call that is not answered was made."""
        return next((call.since for call in self._calls.values()), None)

    @property
    def subscribed(self) -> set[str]:
        """The resources that somebody asked to hear of."""
        return {uri for seat in self._seats for uri in seat.subscribed}

    def works_for_another(self, seat: Seat) -> bool:
        """Return whether somebody else's call is under way, during which the child may ask."""
        return any(call.seat is not seat and call.method in MAY_ASK for call in self._calls.values())

    # --- to the child ------------------------------------------------------------

    async def from_caller(self, seat: Seat, message: Message) -> None:
        """Pass on what a caller says."""
        if message.is_answer:
            if self._asked.get(message.id) is seat:
                del self._asked[message.id]
                await self._send(message)
        elif message.is_request:
            await self._ask(seat, message)
        elif message.method == "notifications/cancelled":
            await self._cancel(seat, message)
        else:
            await self._send(message)

    async def _send(self, message: Message) -> None:
        line = rpc.line(message)
        self._meter.bytes_to(len(line))
        await self._outlet.send(line)

    async def _ask(self, seat: Seat, message: Message) -> None:
        if len(seat.calls) >= self._most:
            raise TooMany(f"{self._most} calls of this session wait. Read some answers first.", retry_after=1)
        if (answer := self._answered_here(seat, message)) is not None:
            seat.deliver(answer, message.id)
            return await trio.lowlevel.checkpoint()
        assert isinstance(message.method, str)
        self._next += 1
        number, token = self._next, _token(message.params)
        self._calls[number] = Call(seat, message.id, message.method, trio.current_time(), token)
        seat.calls[message.id] = number
        params = message.params if token is None else _with_token(message.params, number)
        try:
            await self._send(Message("2.0", id=number, method=message.method, params=params))
        except BaseException:
            self._forget(number)
            raise

    def _answered_here(self, seat: Seat, message: Message) -> Message | None:
        """Return the answer to what the child is not to be asked; notes who hears of which resource."""
        if message.method == "tools/call" and not self._tools.all:
            name = str(rpc.members(message.params).get("name"))
            if not self._tools.let(name):
                return rpc.failure(message.id, rpc.INVALID_PARAMS, f"Unknown tool: {name[:SHOWN]}")
        elif message.method == "resources/subscribe":
            seat.subscribed.add(str(rpc.members(message.params).get("uri")))
        elif message.method == "resources/unsubscribe":
            uri = str(rpc.members(message.params).get("uri"))
            seat.subscribed.discard(uri)
            if uri in self.subscribed:  # others go on hearing of it
                return rpc.answer(message.id, {})
        return None

    async def _cancel(self, seat: Seat, message: Message) -> None:
        params = rpc.members(message.params)
        number = seat.calls.get(rpc.key(params.get("requestId")))
        if number is not None:
            self._forget(number)
            self._meter.left()
            await self._send(rpc.notification("notifications/cancelled", {**params, "requestId": number}))

    def leave(self, seat: Seat) -> None:
        """Forget a caller and all that it asked; the child is told of both."""
        self._seats.pop(seat, None)
        for number in list(seat.calls.values()):
            call = self._forget(number)
            self._meter.left()
            if call is not None and call.method != "initialize":
                told = {"requestId": number, "reason": "The client has left."}
                self._outlet.send_soon(rpc.line(rpc.notification("notifications/cancelled", told)))
        self._asked = {key: one for key, one in self._asked.items() if one is not seat}
        for uri in seat.subscribed - self.subscribed:
            self._next += 1  # nobody waits for the answer
            self._outlet.send_soon(rpc.line(rpc.request(self._next, "resources/unsubscribe", {"uri": uri})))

    def _forget(self, number: int) -> Call | None:
        call = self._calls.pop(number, None)
        if call is not None and call.seat.calls.get(call.id) == number:
            del call.seat.calls[call.id]
        self.turns.tell()
        return call

    # --- from the child ------------------------------------------------------------

    def from_child(self, line: bytes) -> None:
        """Deliver what the child says. What is not JSON-RPC, or for nobody, is never passed on."""
        self._meter.bytes_from(len(line))
        try:
            message = rpc.parse(line)
        except MapsrvError:
            self._meter.junk()
            said = line[:SHOWN].decode(errors="replace")
            log.info("%s wrote a line that is no JSON-RPC message: %r", self._name, said)
            return
        if message.is_answer:
            self._answers(message)
        elif message.is_request:
            self._asks(message)
        else:
            self._tell(message)

    def _answers(self, message: Message) -> None:
        number = message.id
        call = self._forget(number) if isinstance(number, int) else None
        if call is None:
            if not (isinstance(number, int) and 0 < number <= self._next):  # else its asker has left
                self._meter.junk()
                log.info("%s answered what nobody asked", self._name)
            return
        self._meter.took(trio.current_time() - call.since)
        (self._meter.ok if message.error is UNSET else self._meter.error)()
        message.id = call.id
        if call.method in ("initialize", "server/discover") and message.error is UNSET:
            self.initialized_at = trio.current_time()
        elif call.method == "tools/list" and isinstance(message.result, Raw) and not self._tools.all:
            message.result = self._tools.cut(message.result)
        call.seat.deliver(message, call.id)

    def _asks(self, message: Message) -> None:
        self.asks = self.asks or message.method != "ping"
        seat = self._only_worker()
        if seat is None or len(self._asked) >= MAX_ASKED:
            why = "It cannot be told for whom the server asks: several clients, or none, wait for it."
            self._outlet.send_soon(rpc.line(rpc.failure(message.id, rpc.INTERNAL_ERROR, why)))
            return
        self._asked[message.id] = seat
        seat.deliver(message, None)

    def _only_worker(self) -> Seat | None:
        """Return the caller for whom the child works, where there is but one."""
        if len(self._seats) == 1:
            return next(iter(self._seats))
        calls = [call for call in self._calls.values() if call.seat in self._seats]
        workers = {call.seat for call in calls if call.method in MAY_ASK} or {call.seat for call in calls}
        return workers.pop() if len(workers) == 1 else None

    def _tell(self, message: Message) -> None:
        """Deliver a notification to those whom it concerns."""
        if message.params is not UNSET and SUBSCRIPTION.encode() in bytes(message.params):
            return self._event(message)
        match message.method:
            case "notifications/progress":
                return self._progress(message)
            case "notifications/cancelled":
                asked = self._asked.pop(rpc.key(rpc.members(message.params).get("requestId")), None)
                seats = [asked] if asked else []
            case "notifications/resources/updated":
                uri = rpc.key(rpc.members(message.params).get("uri"))
                seats = [seat for seat in self._seats if uri in seat.subscribed]
            case method if method in FOR_ALL:
                seats = list(self._seats)
            case _:
                seats = [only] if (only := self._only_worker()) else []
        for seat in seats:
            seat.deliver(message, None)

    def _event(self, message: Message) -> None:
        """Deliver an event of a subscriptions/listen (2026-07-28) to whose it is."""
        meta = rpc.members(message.params).get("_meta")
        call = self._calls.get(rpc.key(meta.get(SUBSCRIPTION))) if isinstance(meta, dict) else None
        if call is not None:
            call.seat.deliver(message, call.id)

    def _progress(self, message: Message) -> None:
        params = rpc.members(message.params)
        call = self._calls.get(rpc.key(params.get("progressToken")))
        if call is not None and call.token is not None:
            told = {**params, "progressToken": call.token}
            call.seat.deliver(rpc.notification("notifications/progress", told), call.id)

    def fail(self, error: MapsrvError) -> None:
        """Answer all calls that wait with an error: the child is gone."""
        for number in list(self._calls):
            if (call := self._forget(number)) is not None:
                self._meter.ended()
                call.seat.deliver(rpc.failed(call.id, error), call.id)
        self._asked.clear()


def _token(params: Raw | UnsetType) -> Any:
    if params is UNSET or b"progressToken" not in bytes(params):
        return None
    meta = rpc.members(params).get("_meta")
    return meta.get("progressToken") if isinstance(meta, dict) else None


def _with_token(params: Raw | UnsetType, token: int) -> Raw:
    value = rpc.members(params)
    return rpc.raw({**value, "_meta": {**value["_meta"], "progressToken": token}})
