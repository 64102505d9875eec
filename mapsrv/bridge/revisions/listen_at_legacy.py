"""A modern client's subscriptions/listen at a legacy child: what it wants of what the child tells all.

Resources are subscribed to at the child for as long as somebody listens (see local_answers.py).
"""

from __future__ import annotations

from typing import Any

from msgspec import UNSET

from mapsrv.bridge import json_rpc
from mapsrv.bridge.json_rpc import Message
from mapsrv.bridge.multiplexer.client_port import Join
from mapsrv.bridge.revisions.modern_call import ModernRequest, Replies
from mapsrv.bridge.revisions.vocabulary import (
    ACKNOWLEDGED,
    FLAGS,
    SUBSCRIPTION,
    UPDATED,
    URIS,
    Object,
    outer,
)

MAX_URIS = 100  # of one stream; each is a call at the child


class ListenAtLegacy:
    """Has what a ModernCall has. `honoured` is what the child can tell of."""

    def __init__(self, join: Join, honoured: Object) -> None:
        self._request: ModernRequest | None = None
        self._flags = {FLAGS[flag][0] for flag in honoured if flag in FLAGS}
        self._uris = list(honoured.get(URIS, ()))
        self._waiting = set(self._uris)  # those for which the child has not answered yet
        self._early: list[Message] = []  # came before the acknowledgement, which goes first
        self._replies = Replies()
        self._port = join(self._deliver)

    async def begin(self, request: ModernRequest) -> None:
        """Subscribe; the stream begins once the child has answered. Raises MapsrvError."""
        self._request = request
        for uri in self._uris[:]:
            await self._port.send(json_rpc.request(uri, "resources/subscribe", {"uri": uri}))
        if not self._uris:
            self._acknowledge(request)

    async def reply(self) -> None:
        """Answer what the child asks, until cancelled: who only listens is not asked."""
        await self._replies.run(self._port)

    def leave(self) -> None:
        """Hear no more; what nobody else hears of is unsubscribed from."""
        self._request = None
        self._port.leave()

    def _deliver(self, message: Message, about: Any) -> None:
        request = self._request
        if request is None:
            return
        if message.is_answer:
            self._waiting.discard(about)
            if message.error is not UNSET:
                self._uris.remove(about)
            if not self._waiting:
                self._acknowledge(request)
        elif message.is_request:
            self._replies.to(message)
        elif message.method in self._flags or (message.method == UPDATED and self._uris):
            told = self._stamped(request, message)
            self._early.append(told) if self._waiting else request.put(told)

    def _acknowledge(self, request: ModernRequest) -> None:
        flags = {flag: True for flag, (method, _what) in FLAGS.items() if method in self._flags}
        honoured = {**flags, **({URIS: self._uris} if self._uris else {})}
        request.put(self._stamped(request, json_rpc.notification(ACKNOWLEDGED, {"notifications": honoured})))
        for message in self._early:
            request.put(message)

    def _stamped(self, request: ModernRequest, message: Message) -> Message:
        params = outer(message.params)
        meta = {SUBSCRIPTION: request.id}
        return Message("2.0", method=message.method, params=json_rpc.raw({**params, "_meta": meta}))
