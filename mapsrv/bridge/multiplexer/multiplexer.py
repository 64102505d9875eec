"""Between one child and those who talk to it: every answer goes to its asker, and to nobody else.

What the child asks goes to the caller for whom it works, and only that one's answer goes back.
Everything else that it says goes to those whom it concerns.
"""

from __future__ import annotations

import trio
from msgspec import UNSET, Raw

from mapsrv.bridge import json_rpc
from mapsrv.bridge.json_rpc import Message
from mapsrv.bridge.multiplexer.client_port import Deliver, Outlet, Seat
from mapsrv.bridge.multiplexer.local_answers import answered_here, subscribed
from mapsrv.bridge.multiplexer.message_guard import check_method, only
from mapsrv.bridge.multiplexer.notifications import hearers
from mapsrv.bridge.multiplexer.request_ids import MAX_CALLS, Call, Calls
from mapsrv.bridge.multiplexer.serializer import Serializer
from mapsrv.bridge.multiplexer.server_requests import ServerRequests
from mapsrv.bridge.multiplexer.tool_filter import ALL, Tools
from mapsrv.bridge.multiplexer.unreadable import UnreadableAnswer, answered
from mapsrv.errors import BadRequest, MapsrvError
from mapsrv.metrics.bridge import Meter

SHOWN = 200  # bytes of a line that is no message, in the log
DEEP = "It nests too deep"
SUBSCRIPTION = "io.modelcontextprotocol/subscriptionId"  # in _meta: the id of the call that an event is for


class Multiplexer:
    """`outlet` writes to the child; from_child() is given what it says."""

    def __init__(self, outlet: Outlet, server: str = "", tools: Tools = ALL, calls: int = MAX_CALLS) -> None:
        self._outlet, self._tools = outlet, tools
        self._seats: dict[Seat, None] = {}
        self._server_requests = ServerRequests()
        self._meter = Meter(server)
        self.calls = Calls(calls)
        self.turns = Serializer()
        self.asks = False  # whether the child has ever asked a caller something
        self.initialized_at: float | None = None  # when the child answered initialize well

    def join(self, deliver: Deliver) -> Seat:
        """Return a place for one more caller."""
        seat = Seat(self, deliver)
        self._seats[seat] = None
        return seat

    @property
    def subscribed(self) -> set[str]:
        """The resources that somebody asked to hear of."""
        return subscribed(self._seats)

    # --- to the child ------------------------------------------------------------

    async def from_caller(self, seat: Seat, message: Message) -> None:
        """Pass on what a caller says. Raises BadRequest where that is not clear."""
        if message.is_answer:
            if self._server_requests.answer(message.id, seat):
                await self._send(message)
            return
        check_method(message)
        if message.is_request:
            await self._ask(seat, message)
        elif message.method == "notifications/cancelled":
            await self._cancel(seat, message)
        else:
            await self._send(message)

    async def _send(self, message: Message) -> None:
        line = json_rpc.line(message)
        self._meter.bytes_to(len(line))
        await self._outlet.send(line)

    async def _ask(self, seat: Seat, message: Message) -> None:
        self.calls.check_room(seat)
        try:
            said = json_rpc.pairs(message.params)
            if (answer := answered_here(message, said, seat, self._seats, self._tools)) is None:
                call = self.calls.open(seat, message, said)
        except BadRequest as error:
            answer = json_rpc.failure(message.id, json_rpc.INVALID_PARAMS, error.message)
        if answer is not None:
            seat.deliver(answer, message.id)
            return await trio.lowlevel.checkpoint()
        try:
            await self._send(call)
        except BaseException:
            self._forget(call.id)
            raise

    async def _cancel(self, seat: Seat, message: Message) -> None:
        said = json_rpc.pairs(message.params)
        number = seat.calls.get(json_rpc.key(json_rpc.value(only(said, "requestId"))))
        if number is not None:
            self._forget(number)
            self._meter.left()
            told = {**dict(said), "requestId": number}
            await self._send(json_rpc.notification("notifications/cancelled", told))

    def leave(self, seat: Seat) -> None:
        """Forget a caller and all that it asked; the child is told of both."""
        self._seats.pop(seat, None)
        for number in list(seat.calls.values()):
            call = self._forget(number)
            self._meter.left()
            if call is not None and call.method != "initialize":
                told = {"requestId": number, "reason": "The client has left."}
                self._outlet.send_soon(json_rpc.line(json_rpc.notification("notifications/cancelled", told)))
        self._server_requests.leave(seat)
        for uri in seat.subscribed - self.subscribed:
            number = self.calls.number()  # nobody waits for the answer
            request = json_rpc.request(number, "resources/unsubscribe", {"uri": uri})
            self._outlet.send_soon(json_rpc.line(request))

    def _forget(self, number: object) -> Call | None:
        call = self.calls.close(number)
        self.turns.tell()
        return call

    # --- from the child ------------------------------------------------------------

    def from_child(self, line: bytes) -> str | None:
        """Deliver what the child says. What is not JSON-RPC, or for nobody, is never passed on.

        Returns what the log is to say of it, if anything: who reads the child bounds that.
        """
        self._meter.bytes_from(len(line))
        try:
            message = json_rpc.parse(line)
            if message.is_answer:
                return self._answers(message, line)
            (self._asks if message.is_request else self._tell)(message)
        except MapsrvError as error:
            return self._junk(line, json_rpc.why(error))
        except RecursionError:  # what was parsed may nest too deep to be converted, or written
            return self._junk(line, DEEP)
        return None

    def _junk(self, line: bytes, why: str) -> str:
        """Count a line that is no message; a call that it answers fails, for it gets no other answer."""
        self._meter.junk()
        for number in answered(line):
            if (call := self._forget(number)) is not None:
                self._fail(call, line, why)
        return f"wrote a line that is no JSON-RPC message: {line[:SHOWN].decode(errors='replace')!r}"

    def _fail(self, call: Call, line: bytes, why: str) -> None:
        self._meter.error()
        call.seat.deliver(json_rpc.failed(call.id, UnreadableAnswer.of(line, why)), call.id)

    def _answers(self, message: Message, line: bytes) -> str | None:
        call = self._forget(message.id)
        if call is None:
            if self.calls.used(message.id):  # its asker has left
                return None
            self._meter.junk()
            return "answered what nobody asked"
        self._meter.took(trio.current_time() - call.since)
        message.id = call.id
        if call.method in ("initialize", "server/discover") and message.error is UNSET:
            self.initialized_at = trio.current_time()
        try:
            if call.method == "tools/list" and isinstance(message.result, Raw):
                message.result = self._tools.cut(message.result)
            call.seat.deliver(message, call.id)
        except RecursionError:
            self._fail(call, line, DEEP)
            return None
        (self._meter.ok if message.error is UNSET else self._meter.error)()
        return None

    def _asks(self, message: Message) -> None:
        self.asks = self.asks or message.method != "ping"
        seat = self._only_worker()
        if seat is None or not self._server_requests.has_room:
            why = "It cannot be told for whom the server asks: several clients, or none, wait for it."
            self._outlet.send_soon(json_rpc.line(json_rpc.failure(message.id, json_rpc.INTERNAL_ERROR, why)))
            return
        self._server_requests.ask(message.id, seat)
        seat.deliver(message, None)

    def _only_worker(self) -> Seat | None:
        """Return the caller for whom the child works, where there is but one."""
        if len(self._seats) == 1:
            return next(iter(self._seats))
        workers = self.calls.workers(self._seats)
        return workers.pop() if len(workers) == 1 else None

    def _tell(self, message: Message) -> None:
        """Deliver a notification to those whom it concerns."""
        if message.params is not UNSET and SUBSCRIPTION.encode() in bytes(message.params):
            return self._event(message)
        if message.method == "notifications/progress":
            return self._progress(message)
        for seat in hearers(message, self._seats, self._server_requests, self._only_worker):
            seat.deliver(message, None)

    def _event(self, message: Message) -> None:
        """Deliver an event of a subscriptions/listen (2026-07-28) to whose it is."""
        meta = json_rpc.members(message.params).get("_meta")
        call = self.calls.get(meta.get(SUBSCRIPTION)) if isinstance(meta, dict) else None
        if call is not None:
            call.seat.deliver(message, call.id)

    def _progress(self, message: Message) -> None:
        params = json_rpc.members(message.params)
        call = self.calls.get(params.get("progressToken"))
        if call is not None and call.token is not None:
            told = {**params, "progressToken": call.token}
            call.seat.deliver(json_rpc.notification("notifications/progress", told), call.id)

    def fail(self, error: MapsrvError) -> None:
        """Answer all calls that wait with an error: the child is gone."""
        for number in self.calls.numbers:
            if (call := self._forget(number)) is not None:
                self._meter.ended()
                call.seat.deliver(json_rpc.failed(call.id, error), call.id)
        self._server_requests.clear()
