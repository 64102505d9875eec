"""One legacy client's requests at a modern child: what it knows of the client, and questions as they come.

A call that the child answers with questions goes on: the client is asked, and the call is sent again
with its answers. To the client it is one call.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import trio
from msgspec import Raw

from mapsrv.bridge import json_rpc
from mapsrv.bridge.json_rpc import Message
from mapsrv.bridge.multiplexer.client_port import ClientPort, Deliver
from mapsrv.bridge.multiplexer.message_guard import check
from mapsrv.bridge.multiplexer.serializer import MAY_ASK
from mapsrv.bridge.revisions.legacy_to_modern import Client, question_down, result_down
from mapsrv.bridge.revisions.listen_at_modern import OURS, ListenAtModern
from mapsrv.bridge.revisions.vocabulary import (
    CANCELLED,
    LOGGED,
    PROGRESS,
    Object,
    member,
    outer,
    plain,
)
from mapsrv.errors import BadRequest, MapsrvError

MAX_ROUNDS = 10  # of questions to one call, as other clients bound them
PAUSE_SECONDS = 0.25  # before a call is sent again for which nothing was asked


@dataclass(slots=True)
class Call:
    """A request of the client that is not answered."""

    id: Any
    method: str
    params: Object  # as the child takes them; kept where it may ask
    rounds: int = 0
    state: Object = field(default_factory=dict)  # its requestState, if it gave one
    server_requests: dict[str, str] = field(
        default_factory=dict
    )  # the keys of those that are not answered, by our ids
    answers: Object = field(default_factory=dict)


class LegacyAtModern:
    """`changes` are the lists that the child tells of."""

    def __init__(
        self, port: ClientPort, deliver: Deliver, nursery: trio.Nursery, client: Client, changes: Object
    ) -> None:
        self._port, self._deliver, self._nursery, self._client = port, deliver, nursery, client
        self._listen = ListenAtModern(changes)
        self._calls: dict[Any, Call] = {}
        self._asked: dict[Any, Call] = {}  # by the ids of our questions
        self._count = 0

    # --- from the client ---------------------------------------------------------

    async def from_client(self, message: Message) -> None:
        """Take what the client says. Raises MapsrvError."""
        try:
            check(message)  # a conversion keeps the last of what is there twice
        except BadRequest as error:
            if not message.is_request:
                raise
            return self._tell(json_rpc.failure(message.id, json_rpc.INVALID_PARAMS, error.message))
        params = outer(message.params)
        match message.method:
            case str() if message.is_request:
                await self._request(message, params)
            case "notifications/initialized":
                self._listen.begin()
            case "notifications/cancelled":
                await self._cancel(message, plain(params.get("requestId")))
            case str():
                return  # the modern revision has no other notification of a client
            case _:
                await self._answered(message)
        await self._pass_on()

    async def _request(self, message: Message, params: Object) -> None:
        match message.method:
            case "ping":
                self._deliver(json_rpc.answer(message.id, {}), message.id)
            case "logging/setLevel":
                self._client = replace(self._client, level=plain(params.get("level")))
                self._deliver(json_rpc.answer(message.id, {}), message.id)
            case "resources/subscribe":
                self._listen.subscribe(message.id, plain(params.get("uri")))
            case "resources/unsubscribe":
                self._listen.unsubscribe(message.id, plain(params.get("uri")))
            case _:
                await self._call(message, params)

    async def _call(self, message: Message, params: Object) -> None:
        method = str(message.method)
        call = Call(message.id, method, self._client.params_up(params))
        self._calls[message.id] = call
        told = Message("2.0", id=call.id, method=method, params=json_rpc.raw(call.params))
        if method not in MAY_ASK:
            call.params = {}
        try:
            await self._port.send(told)
        except BaseException:
            self._forget(call)
            raise

    async def _cancel(self, message: Message, id_: Any) -> None:
        call = self._calls.get(id_) if isinstance(id_, int | str) else None
        if call is not None:
            asking = bool(call.server_requests)
            self._forget(call)
            if not asking:
                await self._port.send(message)

    async def _answered(self, message: Message) -> None:
        """Take the client's answer to one of our questions."""
        call = self._asked.pop(message.id, None)
        if call is None:
            return
        key = call.server_requests.pop(str(message.id))
        if isinstance(message.error, Raw):
            self._forget(call)
            return self._tell(Message("2.0", id=call.id, error=message.error))
        call.answers[key] = message.result
        if not call.server_requests:
            await self._in_background(self._again, call)

    async def _pass_on(self) -> None:
        while self._listen.to_client:
            self._tell(self._listen.to_client.pop(0))
        while self._listen.to_child:
            message = self._listen.to_child.pop(0)
            if message.is_request:
                message.params = json_rpc.raw(self._client.params_up(outer(message.params)))
            await self._port.send(message)

    # --- from the child ----------------------------------------------------------

    def from_child(self, message: Message, about: Any) -> None:
        """Take what the child says of a call, or of none."""
        if isinstance(about, str) and about.startswith(OURS):
            self._listen.from_child(message, about)
            return self._nursery.start_soon(self._in_background, self._pass_on)
        call = self._calls.get(about)
        if message.is_answer and call is not None:
            self._answer(call, message)
        elif message.method in (PROGRESS, LOGGED):
            self._deliver(message, about)

    def _answer(self, call: Call, message: Message) -> None:
        result = outer(message.result)
        match plain(result.get("resultType", "complete")):
            case "complete":
                told = message
                if isinstance(message.result, Raw):
                    told = json_rpc.answer(call.id, result_down(call.method, result))
            case "input_required" if call.method in MAY_ASK and call.rounds < MAX_ROUNDS:
                return self._ask(call, result)
            case kind:
                why = f"The server's answer is one ({kind}) that this revision has no way to pass on."
                told = json_rpc.failure(call.id, json_rpc.INTERNAL_ERROR, why)
        self._forget(call)
        self._tell(told)

    def _ask(self, call: Call, result: Object) -> None:
        call.rounds += 1
        call.state = {key: result[key] for key in ("requestState",) if key in result}
        call.answers = {}
        asks = {key: one for key, one in member(result, "inputRequests").items() if isinstance(one, dict)}
        for key, question in asks.items():
            self._count += 1
            asked = question_down(question, f"mapsrv/ask/{self._count}")
            call.server_requests[str(asked.id)], self._asked[asked.id] = key, call
            self._deliver(asked, call.id)
        if not call.server_requests:
            self._nursery.start_soon(self._in_background, self._again, call)

    async def _again(self, call: Call) -> None:
        """Send a call again, with what was asked for."""
        if not call.answers:
            await trio.sleep(PAUSE_SECONDS)
        answers = {"inputResponses": call.answers} if call.answers else {}
        params = json_rpc.raw({**call.params, **call.state, **answers})
        if self._calls.get(call.id) is call:
            await self._port.send(Message("2.0", id=call.id, method=call.method, params=params))

    async def _in_background(self, do: Any, *of: Any) -> None:
        try:
            await do(*of)
        except MapsrvError as error:
            for call in of:
                self._forget(call)
                self._tell(json_rpc.failure(call.id, json_rpc.INTERNAL_ERROR, error.message))

    def _tell(self, message: Message) -> None:
        self._deliver(message, message.id if message.is_answer else None)

    def _forget(self, call: Call) -> None:
        """A call is over; what it still asks of the client is not asked any more."""
        self._calls.pop(call.id, None)
        for id_ in call.server_requests:
            del self._asked[id_]
            self._deliver(json_rpc.notification(CANCELLED, {"requestId": id_}), call.id)
        call.server_requests.clear()
