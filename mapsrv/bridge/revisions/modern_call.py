"""One modern client's call at a child that callers share, to its answer; each has a port of its own there.

A legacy child asks its questions while it works. Its call is held then: the client gets an
input_required result, and its next request, with the answers, goes on with the same call.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import trio

from mapsrv.asgi.event_buffer import EventBuffer, Reader, Room
from mapsrv.bridge import json_rpc
from mapsrv.bridge.json_rpc import Message
from mapsrv.bridge.multiplexer.client_port import ClientPort, Join
from mapsrv.bridge.multiplexer.serializer import MAY_ASK
from mapsrv.bridge.revisions import modern_to_legacy
from mapsrv.bridge.revisions.input_required import InputRequired
from mapsrv.bridge.revisions.vocabulary import (
    CAPABILITIES,
    LEVEL,
    LOGGED,
    PROGRESS,
    Object,
    outer,
    plain,
    without,
)
from mapsrv.errors import MapsrvError

CALL = 1  # the id of a call at its own port
MAX_REPLIES = 100


@dataclass(slots=True)
class ModernRequest:
    """One request of a client, and what it gets: `box` ends with its answer, or where nobody reads it."""

    id: Any
    meta: Object
    room: Room = field(default_factory=Room)
    box: EventBuffer = field(init=False)
    reader: Reader = field(init=False)

    def __post_init__(self) -> None:
        self.box = EventBuffer(self.room)
        self.reader = self.box.attach()

    def put(self, message: Message) -> None:
        """Give it a message; an answer is the last."""
        self.box.put(json_rpc.line(message))
        if message.is_answer or self.room.overflowed:
            self.box.close()


class Replies:
    """Answers to what a child asks and no client is asked; who sends too much goes without."""

    def __init__(self) -> None:
        self._replies, self._unsent = trio.open_memory_channel[Message](MAX_REPLIES)

    def to(self, question: Message) -> None:
        """Have a question answered that no client can be asked."""
        answer = json_rpc.failure(
            question.id, json_rpc.METHOD_NOT_FOUND, "There is no client who can be asked that."
        )
        with suppress(trio.WouldBlock):
            self._replies.send_nowait(
                json_rpc.answer(question.id, {}) if question.method == "ping" else answer
            )

    async def run(self, port: ClientPort) -> None:
        """Send them, until cancelled or the child is gone."""
        with suppress(MapsrvError):
            async for message in self._unsent:
                await port.send(message)


class ModernCall:
    """At a legacy child. `server` is its serverInfo."""

    def __init__(
        self, join: Join, method: str, params: Object, server: Any, pending_input: InputRequired
    ) -> None:
        self.method, self._params = method, modern_to_legacy.params_down(params)
        self._server, self._pending_input = server, pending_input
        self._request: ModernRequest | None = None  # who waits for it now, if anybody does
        self._answer: Message | None = None  # that nobody waited for yet
        self._held = False  # for a client who was asked
        self._server_requests: dict[str, Message] = {}  # of the child, that are not answered
        self._count = 0
        self._replies = Replies()
        self._port = join(self._deliver)

    async def begin(self, request: ModernRequest) -> None:
        """Make the call, for its first request. Raises MapsrvError."""
        self._attach(request)
        await self._port.send(Message("2.0", id=CALL, method=self.method, params=json_rpc.raw(self._params)))

    def is_of(self, method: str, params: Object) -> bool:
        """Return whether a request with answers is for this very call."""
        return method == self.method and _bare(modern_to_legacy.params_down(params)) == _bare(self._params)

    async def resume(self, request: ModernRequest, answers: Object) -> None:
        """Go on with it, for a request that brings answers. Raises MapsrvError."""
        self._held = False
        for key, value in answers.items():
            if (question := self._server_requests.pop(key, None)) is not None:
                await self._port.send(json_rpc.answer(question.id, value))
        self._attach(request)

    async def reply(self) -> None:
        """Answer what the child asks that no client is asked, until cancelled."""
        await self._replies.run(self._port)

    # --- no waiting from here on ---------------------------------------------------

    def leave(self) -> None:
        """End it, unless it is held; a call that is not answered is cancelled."""
        if not self._held:
            self.end()

    def end(self) -> None:
        """End it; a call that is not answered is cancelled."""
        self._request = None
        self._port.leave()

    def _attach(self, request: ModernRequest) -> None:
        self._request = request
        if self._answer is not None:
            return self._finish(request, self._answer)
        waiting, self._server_requests = self._server_requests, {}
        for question in waiting.values():
            self._ask(request, question)
        self._require(request)

    def _deliver(self, message: Message, about: Any) -> None:
        request = self._request
        if message.is_answer:
            self._answer = message if about == CALL else self._answer
            if request is not None and about == CALL:
                self._finish(request, message)
        elif message.is_request:
            self._ask(request, message)
            if request is not None:
                self._require(request)
        elif request is not None:
            self._tell(request, message)

    def _finish(self, request: ModernRequest, message: Message) -> None:
        request.put(modern_to_legacy.answer_up(message, request.id, self.method, self._server))

    def _tell(self, request: ModernRequest, message: Message) -> None:
        """Pass on a notification, if the client wants it: it may have come back with another token."""
        params = outer(message.params)
        if message.method == PROGRESS and (token := request.meta.get("progressToken")) is not None:
            request.put(json_rpc.notification(PROGRESS, {**params, "progressToken": token}))
        elif message.method == LOGGED and modern_to_legacy.is_loud(
            plain(params.get("level")), request.meta.get(LEVEL)
        ):
            request.put(message)

    def _ask(self, request: ModernRequest | None, message: Message) -> None:
        """Keep a question for the client, or have it refused; while nobody is there it is kept."""
        if request is not None and not self._may_ask(request, message):
            self._replies.to(message)
        else:
            self._count += 1
            self._server_requests[f"q{self._count}"] = message

    def _may_ask(self, request: ModernRequest, question: Message) -> bool:
        able = request.meta.get(CAPABILITIES)
        if self.method not in MAY_ASK or not isinstance(able, dict) or not self._pending_input.has_room:
            return False
        return modern_to_legacy.may_be_asked(str(question.method), outer(question.params), able)

    def _require(self, request: ModernRequest) -> None:
        """End a request with the questions that wait; the call is held."""
        if not self._server_requests:
            return
        asked = {
            key: modern_to_legacy.question_up(str(question.method), outer(question.params))
            for key, question in self._server_requests.items()
        }
        told = {
            "resultType": "input_required",
            "inputRequests": asked,
            "requestState": self._pending_input.hold(self),
        }
        self._request, self._held = None, True
        request.put(json_rpc.answer(request.id, told))


def _bare(params: Object) -> Object:
    return {name: plain(value) for name, value in without(params, "_meta").items()}
