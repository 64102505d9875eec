"""One MCP session of /sse: the SDK's Server at work, what it reads, and the mailbox of what it says.

It outlives its stream: a client that lost the line comes back to it, and gets what it missed. What comes in
is taken in one step that never waits (take), whether it was posted here or mailed by another pod: so it is
known at once whether it was taken, and a letter that comes twice can be told from two letters.
"""

from __future__ import annotations

import logging
import secrets
from typing import Any

import anyio
import trio
from mcp.server.lowlevel import Server
from mcp.shared.message import SessionMessage
from mcp_types import (
    JSONRPCError,
    JSONRPCMessage,
    JSONRPCNotification,
    JSONRPCRequest,
    JSONRPCResponse,
    jsonrpc_message_adapter,
)

from mapsrv.asgi.event_buffer import EventBuffer, Reader, Room
from mapsrv.change import Change
from mapsrv.errors import MalformedJson, NotFound, TooMany

MAX_WAITING = 100  # calls that are not answered; more is a client that does not read
MAX_TAKEN = 64  # messages that the Server has not looked at yet: it takes a turn for each

GONE = "There is no such MCP stream here (any more). Open GET /sse again."

log = logging.getLogger("mapsrv.mcp")


class SseSession:
    """Its id is a capability. `client`: whom it counts for; `unread` bytes are the most that waits for it."""

    def __init__(self, client: str | None, unread: int, answered: Change) -> None:
        self.id = secrets.token_hex(16)
        self.client = client
        self.room = Room(unread)
        self.box = EventBuffer(self.room)
        self.waiting: set[str] = set()  # ids of calls whose answers are to come
        self.used_at = self.left_at = trio.current_time()
        self.map_of_address: str | None = None  # which its calls are about that name none
        self.over = False
        self._answered = answered
        self._cancel = trio.CancelScope()
        self._send, self._taken = anyio.create_memory_object_stream[SessionMessage | Exception](MAX_TAKEN)

    # --- what comes in ---------------------------------------------------------------

    def check(self) -> None:
        """Raise NotFound or TooMany where it takes no message now."""
        if self.over:
            raise NotFound(GONE)
        if len(self.waiting) >= MAX_WAITING:
            raise TooMany(f"{MAX_WAITING} calls of this stream wait. Read some answers first.", retry_after=1)

    def take(self, message: JSONRPCMessage) -> None:
        """Take a message in. Raises NotFound or TooMany, and has taken nothing then."""
        self.check()
        try:
            self._send.send_nowait(SessionMessage(message))
        except anyio.WouldBlock:
            raise TooMany(f"{MAX_TAKEN} messages of this stream wait to be read.", retry_after=1) from None
        except anyio.BrokenResourceError:
            raise NotFound(GONE) from None
        self.used_at = trio.current_time()
        match message:
            case JSONRPCRequest():
                self.waiting.add(str(message.id))
            case JSONRPCNotification(method="notifications/cancelled"):
                self.waiting.discard(str((message.params or {}).get("requestId")))
                self._answered.tell()

    async def run(self, server: Server[Any]) -> None:
        """Serve it until it is ended; its faults stay its own."""
        try:
            with self._cancel:
                await server.run(self._taken, _Outlet(self), server.create_initialization_options())
        except Exception:
            log.exception("An MCP session failed")
        finally:
            self._taken.close()
            self.end()

    # --- what goes out ---------------------------------------------------------------

    def deliver(self, message: JSONRPCMessage) -> None:
        """Put what the Server says where the client reads it."""
        self.box.put(message.model_dump_json(by_alias=True, exclude_unset=True).encode())
        if isinstance(message, (JSONRPCResponse, JSONRPCError)):
            self.waiting.discard(str(message.id))
            self._answered.tell()
        if self.room.overflowed:
            log.warning("An MCP session ends: its client left %s bytes unread", f"{self.room.most:,}")
            self.box.discard()
            self.end()

    @property
    def is_read(self) -> bool:
        """Whether it has a stream."""
        return self.box.reader is not None

    def read_after(self, number: int) -> Reader | None:
        """Return a reader of what follows an event; None when that is not kept any more."""
        return None if self.over else self.box.attach_after(number)

    def leave(self, reader: Reader) -> None:
        """Note that a reader has left."""
        reader.leave()
        self.left_at = trio.current_time()

    def end(self) -> None:
        """Take and say nothing more; what is in the mailbox can still be read. It may be ended twice."""
        self.over = True
        self.waiting.clear()
        self.box.close()
        self._send.close()
        self._cancel.cancel()
        self._answered.tell()


class _Outlet:
    """What the SDK writes to: a session's mailbox, as its protocol of streams has it."""

    def __init__(self, session: SseSession) -> None:
        self._session = session

    async def send(self, item: SessionMessage, /) -> None:
        await trio.lowlevel.checkpoint()
        self._session.deliver(item.message)

    async def aclose(self) -> None:
        await trio.lowlevel.checkpoint()

    async def __aenter__(self) -> _Outlet:
        await trio.lowlevel.checkpoint()
        return self

    async def __aexit__(self, *_error: object) -> None:  # noqa: ASYNC124
        """Nothing is held: the session ends itself."""


def parsed(body: bytes) -> JSONRPCMessage:
    """Return a JSON-RPC message as the SDK reads it. Raises MalformedJson."""
    try:
        return jsonrpc_message_adapter.validate_json(body, by_name=False)
    except ValueError:
        raise MalformedJson("The message is not one JSON-RPC 2.0 object; batches are not taken.") from None
