"""What a legacy client wants to hear of, as subscriptions/listen to a modern child. No I/O.

There is one such request, for all; where the wish changes, another takes its place once the child
acknowledges it. So nothing is missed, and nothing is heard twice.
"""

from __future__ import annotations

from typing import Any

from msgspec import UNSET, Raw

from mapsrv.bridge import json_rpc
from mapsrv.bridge.children.exit_status import ChildEnded
from mapsrv.bridge.json_rpc import Message
from mapsrv.bridge.revisions.legacy_to_modern import event_down
from mapsrv.bridge.revisions.vocabulary import (
    ACKNOWLEDGED,
    CANCELLED,
    LISTEN,
    URIS,
    Object,
    member,
    outer,
)

OURS = "mapsrv/listen/"  # what our requests' ids begin with
MAX_URIS = 1000  # that one client may subscribe to


class ListenAtModern:
    """`flags` are the lists that the child tells of. Attributes hold what is to be sent next."""

    def __init__(self, flags: Object) -> None:
        self._flags = flags
        self._uris: dict[str, None] = {}
        self._count = 0
        self._current = 0  # the request that was acknowledged last
        # What waits for a request to be acknowledged: the client's id, and the URI that it subscribes to.
        self._waiting: dict[int, tuple[Any, str | None]] = {}
        self.to_child: list[Message] = []
        self.to_client: list[Message] = []

    def begin(self) -> None:
        """The client is ready to hear of changed lists."""
        if self._flags:
            self._listen()

    def subscribe(self, id_: Any, uri: Any) -> None:
        """The client asks to hear of a resource."""
        if not isinstance(uri, str) or len(self._uris) >= MAX_URIS:
            told = f"uri must be a string, and one client may subscribe to {MAX_URIS}."
            self.to_client.append(json_rpc.failure(id_, json_rpc.INVALID_PARAMS, told))
            return
        self._uris[uri] = None
        self._listen()
        self._waiting[self._count] = (id_, uri)

    def unsubscribe(self, id_: Any, uri: Any) -> None:
        """The client asks not to hear of a resource any more."""
        if isinstance(uri, str) and uri in self._uris:
            del self._uris[uri]
            if self._listen():
                self._waiting[self._count] = (id_, None)
                return
        self.to_client.append(json_rpc.answer(id_, {}))

    def from_child(self, message: Message, about: str) -> None:
        """The child says something of one of our requests."""
        number = int(about.removeprefix(OURS))
        if message.is_answer:
            self._over(number, message)
        elif message.method == ACKNOWLEDGED:
            self._acknowledged(number, member(outer(message.params), "notifications"))
        elif number == self._current:
            params = event_down(outer(message.params))
            told = Message("2.0", method=message.method, params=json_rpc.raw(params) if params else UNSET)
            self.to_client.append(told)

    def _listen(self) -> bool:
        """Ask for what is wanted now; False when that is nothing."""
        self._count += 1
        wanted = {**self._flags, **({URIS: list(self._uris)} if self._uris else {})}
        if wanted:
            self.to_child.append(json_rpc.request(f"{OURS}{self._count}", LISTEN, {"notifications": wanted}))
        else:
            self._replace(self._count)
        return bool(wanted)

    def _acknowledged(self, number: int, honoured: Object) -> None:
        self._replace(number)
        id_, uri = self._waiting.pop(number, (None, None))
        if id_ is None:
            return
        if uri is None or uri in (honoured.get(URIS) or ()):
            self.to_client.append(json_rpc.answer(id_, {}))
        else:
            self._uris.pop(uri, None)
            why = "The server does not tell of changes of this resource."
            self.to_client.append(json_rpc.failure(id_, json_rpc.INVALID_PARAMS, why))

    def _replace(self, number: int) -> None:
        """Leave the earlier request, or this one where a later one was faster."""
        earlier, self._current = sorted((self._current, number))
        if earlier:
            told = json_rpc.notification(CANCELLED, {"requestId": f"{OURS}{earlier}"})
            self.to_child.append(told)

    def _over(self, number: int, message: Message) -> None:
        """The child has ended a stream, or refused it."""
        if number == self._current:
            self._current = 0
            if member(outer(message.error), "data").get("code") == ChildEnded.code:
                self._listen()  # to the next child
        id_, uri = self._waiting.pop(number, (None, None))
        if id_ is not None:
            self._uris.pop(uri or "", None)
            why = json_rpc.raw(
                {"code": json_rpc.INTERNAL_ERROR, "message": "The server ended the subscription."}
            )
            error = message.error if isinstance(message.error, Raw) else why
            self.to_client.append(Message("2.0", id=id_, error=error))
