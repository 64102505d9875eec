"""One client's session: a port at a child, and the mailboxes in which what comes back waits for its reader.

HTTP+SSE reads one mailbox. Streamable HTTP reads one for each POST, and one for all that belongs to none.
"""

from __future__ import annotations

import logging
import secrets
from typing import Any

import trio

from mapsrv.asgi.event_buffer import MAX_BYTES, EventBuffer, Reader, Room
from mapsrv.bridge import json_rpc
from mapsrv.bridge.json_rpc import Message
from mapsrv.bridge.revisions import LegacyClient
from mapsrv.errors import BadRequest, MapsrvError, NotFound, TooMany

KEPT_BOXES = 50  # of calls whose stream may be asked for again
MAX_SENDING = 100  # messages that wait for the child to read; then its client is told to wait
SEND_SECONDS = 30.0  # for the child to read one

MAIN = "0"  # the name of the mailbox for what belongs to no call

log = logging.getLogger("mapsrv.bridge")


class Session:
    """Its id is a capability: whoever knows it may read and call. `over` is set when it has ended."""

    def __init__(self, client: str | None, linger: float, unread: int = MAX_BYTES) -> None:
        self.id = secrets.token_hex(16)
        self.client, self.linger = client, linger
        self.port: LegacyClient | None = None
        self._room = Room(unread)
        self.main = EventBuffer(self._room)
        self.over = trio.Event()
        self.readers = 0  # streams and requests that are open
        self.used_at = trio.current_time()
        self._sending = 0
        self._boxes: dict[str, EventBuffer] = {MAIN: self.main}  # by the name that an event id begins with
        self._of_call: dict[Any, EventBuffer] = {}  # where the answer is put, of calls that have none yet

    def deliver(self, message: Message, about: Any) -> None:
        """Put what the child says where its reader looks for it."""
        box = self.main if about is None else self._of_call.get(about, self.main)
        box.put(json_rpc.line(message))
        if message.is_answer:
            self._over_for(about)
        if self._room.overflowed:
            log.warning(
                "A session of %s ends: it left %s bytes unread",
                self.client or "this machine",
                f"{self._room.most:,}",
            )
            self.end()
            for one in self._boxes.values():
                one.discard()

    def _over_for(self, call: Any) -> None:
        """Note that nothing more comes for a call; what is of it alone is closed."""
        box = self._of_call.pop(call, self.main)
        if box is not self.main:
            box.close()

    async def send(self, message: Message, box: EventBuffer | None = None) -> None:
        """Send something to the child; a call is answered into `box`, else into the main one.

        Raises NotFound when the session is over, or more.
        """
        self.used_at = trio.current_time()
        if self.port is None or self.over.is_set():
            raise NotFound("This session has ended. Initialize again.")
        if message.is_request and message.id in self._of_call:
            raise BadRequest(f"A call with the id {message.id!r} waits for its answer: take another id.")
        if self._sending >= MAX_SENDING:
            raise TooMany(f"{MAX_SENDING} messages wait for the server to read them.", retry_after=1)
        if message.is_request:
            self._of_call[message.id] = box or self.main
        try:
            await self._pass_on(message, self.port)
        except BaseException:
            if message.is_request:
                self._of_call.pop(message.id, None)
            raise
        if message.method == "notifications/cancelled":
            self._cancelled(message)

    async def _pass_on(self, message: Message, port: LegacyClient) -> None:
        self._sending += 1
        try:
            with trio.fail_after(SEND_SECONDS):
                await port.send(message)
        except trio.TooSlowError:
            why = f"The server has read nothing for {SEND_SECONDS:g} s. Try again."
            raise TooMany(why, retry_after=5) from None
        finally:
            self._sending -= 1

    def _cancelled(self, message: Message) -> None:
        """End the stream of a call that nobody will answer."""
        call = json_rpc.members(message.params).get("requestId")
        if isinstance(call, (int, str, float)):
            self._over_for(call)

    async def ask(self, message: Message) -> tuple[str, Reader]:
        """Send a call; return the name of its mailbox and a reader of it. Raises as send() does."""
        name, box = secrets.token_hex(4), EventBuffer(self._room)
        self._boxes[name] = box
        reader = self.read(box)
        try:
            await self.send(message, box)
        except BaseException:
            self.forget(name)
            self.leave(reader)
            raise
        if len(self._boxes) > KEPT_BOXES:
            self._forget_oldest()
        return name, reader

    def read(self, box: EventBuffer) -> Reader:
        """Return a reader of what a mailbox holds that was not sent; it counts as use until it leaves."""
        self.readers += 1
        return box.attach()

    def read_again(self, name: str, number: int) -> Reader | None:
        """Return a reader of what follows an event; None when that is not kept any more."""
        box = self._boxes.get(name)
        reader = box.attach_after(number) if box is not None else None
        self.readers += reader is not None
        return reader

    def leave(self, reader: Reader) -> None:
        """Note that a reader has left."""
        reader.leave()
        self.readers -= 1
        self.used_at = trio.current_time()

    def forget(self, name: str) -> None:
        """Hold a call's mailbox no more: nobody can ask for it again."""
        if (box := self._boxes.pop(name, None)) is not None:
            box.discard()

    def _forget_oldest(self) -> None:
        for name, box in self._boxes.items():
            if box.closed and box.reader is None:
                return self.forget(name)

    def end(self, error: MapsrvError | None = None) -> None:
        """End it: all that waits is closed, and its id is unknown from now on."""
        if self.over.is_set():
            return
        self.over.set()
        if self.port is not None:
            self.port.leave()
        for box in self._boxes.values():
            box.close()
