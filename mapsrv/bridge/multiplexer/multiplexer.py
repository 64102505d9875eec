"""Between one child and those who talk to it: every answer goes to its asker, and to nobody else.

Callers choose their ids and progress tokens as they like, so the child is given numbers of ours, each once
(request_ids.py). What can happen:

- A caller calls: what is held back is answered here, all else is noted, then written (`_ask`). A call is
  over (`Calls.close`) by its answer, its cancellation, its caller's leaving or the child's end, whichever
  is first; the others then find nothing. So it is answered once at most.
- A caller cancels a call, or leaves: its calls are over before the child is told of it.
- The child answers (answers.py): its asker gets it under its own id. A line that is no message, but answers
  a call, fails that call, which would wait for ever else.
- The child asks (server_requests.py), and does not say for which call. Where one caller alone can be meant
  it is asked, and only its answer passes back; else the child gets an error.
- The child tells something (notifications.py): it goes to whose call it names, to those who asked for such,
  or to the caller for whom alone the child works. What is for nobody is dropped.
- The child ends (`fail`): all who wait are told. Ports and subscriptions stay: where another child takes its
  place they go on with that.

Odd lines, and the race each is for:

- `_ask` notes a call before it is written: while it waits for room it counts among its caller's, who may
  cancel it, or leave. A write that fails or is given up has written nothing, so the note goes again: who
  gave up on a child that does not read must not be taken for one for whom it works.
- An answer to a number that was ours once (`Calls.used`) is no junk: it crossed a cancellation or a leaving.
- leave() cannot wait, as it stands in clean-ups: what the child is told there is lost where it does not
  read. An initialize is not cancelled there, since MCP forbids it.
- A caller that gets something may leave in that very moment (a session whose reader reads nothing ends by
  it), so whoever delivers to several goes through a copy, and each call is closed before its answer goes.
- deliver() must not wait: it runs in the task that reads the child, in the order in which the child wrote.
- What parses may still nest too deep to be converted or written. An answer like that has closed its call by
  then (`Answers.deliver`), so its asker is told there; all else counts as no message (`from_child`).
- Each call that ends has those look again who wait for a turn (serializer.py).
"""

from __future__ import annotations

import trio

from mapsrv.bridge import json_rpc
from mapsrv.bridge.children.child import Child
from mapsrv.bridge.json_rpc import Message
from mapsrv.bridge.multiplexer.answers import DEEP, Answers
from mapsrv.bridge.multiplexer.client_port import ClientPort, Deliver
from mapsrv.bridge.multiplexer.local_answers import answered_here, subscribed
from mapsrv.bridge.multiplexer.message_guard import check_method, only
from mapsrv.bridge.multiplexer.notifications import Notifications
from mapsrv.bridge.multiplexer.request_ids import MAX_CALLS, Calls
from mapsrv.bridge.multiplexer.serializer import Serializer
from mapsrv.bridge.multiplexer.server_requests import ServerRequests
from mapsrv.bridge.multiplexer.tool_filter import ALL, Tools
from mapsrv.errors import BadRequest, MapsrvError
from mapsrv.metrics.bridge import Meter

NOBODY = "It cannot be told for whom the server asks: several clients, or none, wait for it."


class Multiplexer:
    """`child` is written to, or says why there is none; from_child() is given what it says."""

    def __init__(
        self, child: Child | MapsrvError, server: str = "", tools: Tools = ALL, calls: int = MAX_CALLS
    ) -> None:
        self.child, self._tools = child, tools
        self._ports: dict[ClientPort, None] = {}
        self._meter = Meter(server)
        self.turns = Serializer()
        self.calls = Calls(self.turns, calls)
        self.answers = Answers(self.calls, tools, self._meter)
        self.server_requests = ServerRequests(self._ports.keys(), self.calls)
        self._notifications = Notifications(self._ports.keys(), self.calls, self.server_requests)

    def join(self, deliver: Deliver) -> ClientPort:
        """Return a port for one more caller."""
        port = self.bridge_port(deliver)
        self.add(port)
        return port

    def add(self, port: ClientPort) -> None:
        """Let a port hear of what the child says of no call, and be asked."""
        self._ports[port] = None

    def bridge_port(self, deliver: Deliver) -> ClientPort:
        """Return a port for the bridge's own requests, which hears of nothing but their answers."""
        return ClientPort(deliver, self.from_client, self.leave)

    @property
    def subscribed(self) -> set[str]:
        """The resources that somebody asked to hear of."""
        return subscribed(self._ports)

    # --- to the child ------------------------------------------------------------

    async def from_client(self, port: ClientPort, message: Message) -> None:
        """Pass on what a caller says. Raises BadRequest where that is not clear."""
        if message.is_answer:
            if self.server_requests.answer(message.id, port):
                await self._send(message)
            return
        check_method(message)
        if message.is_request:
            await self._ask(port, message)
        elif message.method == "notifications/cancelled":
            await self._cancel(port, message)
        else:
            await self._send(message)

    async def _send(self, message: Message) -> None:
        line = json_rpc.line(message)
        self._meter.bytes_to(len(line))
        if isinstance(self.child, MapsrvError):
            raise self.child
        await self.child.send(line)

    def _send_soon(self, message: Message) -> None:
        if not isinstance(self.child, MapsrvError):
            self.child.send_soon(json_rpc.line(message))

    async def _ask(self, port: ClientPort, message: Message) -> None:
        self.calls.check_room(port)
        try:
            said = json_rpc.pairs(message.params)
            if (answer := answered_here(message, said, port, self._ports, self._tools)) is None:
                call = self.calls.open(port, message, said)
        except BadRequest as error:
            answer = json_rpc.failure(message.id, json_rpc.INVALID_PARAMS, error.message)
        if answer is not None:
            port.deliver(answer, message.id)
            return await trio.lowlevel.checkpoint()
        try:
            await self._send(call)
        except BaseException:
            self.calls.close(call.id)
            raise

    async def _cancel(self, port: ClientPort, message: Message) -> None:
        said = json_rpc.pairs(message.params)
        number = port.calls.get(json_rpc.key(json_rpc.value(only(said, "requestId"))))
        if number is not None:
            self.calls.close(number)
            self._meter.left()
            told = {**dict(said), "requestId": number}
            await self._send(json_rpc.notification("notifications/cancelled", told))

    def leave(self, port: ClientPort) -> None:
        """Forget a caller and all that it asked; the child is told of both."""
        self._ports.pop(port, None)
        for number in list(port.calls.values()):
            call = self.calls.close(number)
            self._meter.left()
            if call is not None and call.method != "initialize":
                told = {"requestId": number, "reason": "The client has left."}
                self._send_soon(json_rpc.notification("notifications/cancelled", told))
        self.server_requests.leave(port)
        for uri in port.subscribed - self.subscribed:
            number = self.calls.number()  # nobody waits for the answer
            self._send_soon(json_rpc.request(number, "resources/unsubscribe", {"uri": uri}))

    # --- from the child ------------------------------------------------------------

    def from_child(self, line: bytes) -> str | None:
        """Deliver what the child says. What is not JSON-RPC, or for nobody, is never passed on.

        Returns what the log is to say of it, if anything: who reads the child bounds that.
        """
        self._meter.bytes_from(len(line))
        try:
            message = json_rpc.parse(line)
            if message.is_answer:
                return self.answers.deliver(message, line)
            if not message.is_request:
                self._notifications.deliver(message)
            elif not self.server_requests.ask(message):
                self._send_soon(json_rpc.failure(message.id, json_rpc.INTERNAL_ERROR, NOBODY))
        except MapsrvError as error:
            return self.answers.junk(line, json_rpc.why(error))
        except RecursionError:  # what was parsed may nest too deep to be converted, or written
            return self.answers.junk(line, DEEP)
        return None

    def fail(self, error: MapsrvError) -> None:
        """Answer all calls that wait with an error: the child is gone, for this reason."""
        self.child = error
        self.answers.fail(error)
        self.server_requests.clear()
