"""MCP clients of the bridge, one a transport: they hide nothing, and leave as rudely as asked.

Both speak revision 2025-11-25; HTTP+SSE is the transport of 2024-11-05. One for all is open_session().
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from typing import Any

import trio

from tests.bridge.kit.session import VERSION, Message, Refused, Session
from tests.bridge.kit.wire import Broken, Wire, connect
from tests.kit.sse import Parser

JSON = {"Content-Type": "application/json"}
STREAM = {"Accept": "text/event-stream"}
SMALL_BUFFER = 4096  # bytes that the kernel takes in for one who does not read
EITHER = {**JSON, "Accept": "application/json, text/event-stream"}


class SseSession(Session):
    """HTTP+SSE: answers come on one stream, which read() reads."""

    def __init__(self, port: int, path: str, stream: Wire) -> None:
        super().__init__(port, path)
        self.stream = stream
        self.wires.add(stream)
        self.endpoint = ""  # as the stream named it
        self.over = trio.Event()  # the stream has ended
        self._parser = Parser()
        self._waiting: dict[Any, tuple[trio.Event, list[Message]]] = {}

    async def open(self) -> None:
        """Open the stream, up to its endpoint event."""
        with trio.fail_after(self.seconds):
            await self.stream.send("GET", self.path, STREAM)
            if (status := await self.stream.head()) != 200:
                raise Refused(status, await self.stream.body(), self.stream.headers)
            while not self.endpoint:
                await self._read_some()

    async def read(self) -> None:
        """Read the stream to its end."""
        try:
            while await self._read_some():
                pass
        except Broken:
            pass
        finally:
            self.over.set()
            for event, _ in self._waiting.values():
                event.set()

    async def _read_some(self) -> bool:
        data = await self.stream.more()
        for event in self._parser.feed(data):
            if event.event == "endpoint":
                self.endpoint = event.data.decode()
            else:
                await self._sort(event.data)
        return bool(data)

    async def _sort(self, data: bytes) -> None:
        if message := await self._take(data, self._waiting.__contains__):
            event, answers = self._waiting[message["id"]]
            answers.append(message)
            event.set()

    async def post(self, message: Message) -> None:
        """Send a message; what answers it comes on the stream."""
        wire = await self.wire()
        target = self.endpoint.removeprefix(f"http://127.0.0.1:{self.port}")
        await wire.send("POST", target, JSON, json.dumps(message).encode())
        status, said = await wire.head(), await wire.body()
        headers = wire.headers
        self.put_back(wire)
        if not 200 <= status < 300:
            raise Refused(status, said, headers)

    async def _answer(self, message: Message) -> Message:
        event, answers = self._waiting[message["id"]] = trio.Event(), list[Message]()
        try:
            await self.post(message)
            if not self.over.is_set():
                await event.wait()
            if not answers:
                raise Broken("the stream ended before the answer")
            return answers[0]
        finally:
            del self._waiting[message["id"]]


class HttpSession(Session):
    """Streamable HTTP: each POST is answered by itself, as JSON or as a stream that ends."""

    def __init__(self, port: int, path: str) -> None:
        super().__init__(port, path)
        self.id = ""  # the session's
        self.stream: Wire | None = None

    def headers(self) -> dict[str, str]:
        """Return those of a request in this session."""
        return {"Mcp-Session-Id": self.id, "MCP-Protocol-Version": VERSION} if self.id else {}

    async def post(self, message: Message) -> Message | None:
        wire = await self.wire()
        await wire.send("POST", self.path, {**EITHER, **self.headers()}, json.dumps(message).encode())
        status = await wire.head()
        self.id = self.id or wire.headers.get("mcp-session-id", "")
        found = None
        if not 200 <= status < 300:
            raise Refused(status, await wire.body(), wire.headers)
        if "event-stream" in wire.headers.get("content-type", ""):
            found = await self._of_stream(wire, message.get("id"))
        elif (said := await wire.body()) and "method" in message:
            found = json.loads(said)
        self.put_back(wire)
        return found

    async def post_unread(self, message: Message) -> None:
        """Send a message, and never read what answers it."""
        wire = await connect(self.port, buffer=SMALL_BUFFER)
        self.wires.add(wire)
        await wire.send("POST", self.path, {**EITHER, **self.headers()}, json.dumps(message).encode())

    async def _of_stream(self, wire: Wire, id: Any) -> Message | None:
        parser, found = Parser(), None
        while data := await wire.more():
            for event in parser.feed(data):
                if event.data:  # one without only tells an id to come back with
                    found = await self._take(event.data, lambda one: one == id) or found
        return found

    async def _answer(self, message: Message) -> Message:
        if (found := await self.post(message)) is None:
            raise Broken("the answer's stream ended without the answer")
        if found.get("id") != message["id"]:
            self.strays.append(found)
        return found

    async def open_stream(self) -> None:
        """Open the stream for what is not about a call; somebody must read() it."""
        self.stream = await self.wire()
        await self.stream.send("GET", self.path, {**STREAM, **self.headers()})
        if (status := await self.stream.head()) != 200:
            raise Refused(status, await self.stream.body(), self.stream.headers)

    async def read(self) -> None:
        """Read that stream to its end."""
        assert self.stream is not None
        try:
            await self._of_stream(self.stream, None)
        except Broken:
            pass

    async def end(self) -> None:
        try:
            await self.delete()
        except (Broken, OSError):
            pass  # the server is gone
        self.leave()

    async def delete(self) -> int:
        """Have the session ended; return the status."""
        wire = await self.wire()
        await wire.send("DELETE", self.path, self.headers())
        status = await wire.head()
        await wire.body()
        self.put_back(wire)
        return status


@asynccontextmanager
async def open_session(
    port: int, path: str, transport: str, *, listen: bool = False, first_id: int = 1
) -> AsyncIterator[SseSession | HttpSession]:
    """Hold an initialised session meanwhile; it is ended as clients should. Its ids count from first_id."""
    async with trio.open_nursery() as nursery:
        session = await start(nursery, port, path, transport, first_id)
        try:
            if listen and isinstance(session, HttpSession):
                await session.open_stream()
                nursery.start_soon(session.read)
            yield session
        finally:
            with trio.CancelScope(shield=True), trio.move_on_after(2):
                await session.end()
            nursery.cancel_scope.cancel()


async def start(
    nursery: trio.Nursery, port: int, path: str, transport: str, first_id: int = 1
) -> SseSession | HttpSession:
    """Return an initialised session, which leaves only when told to."""
    session: SseSession | HttpSession
    if transport == "sse":
        session = await open_stream(port, path)
        nursery.start_soon(session.read)
    else:
        session = HttpSession(port, path)
    nursery.start_soon(session.stay)
    session.ids = count(first_id)
    await session.initialize()
    return session


async def open_stream(port: int, path: str) -> SseSession:
    """Return an HTTP+SSE session that has its endpoint; somebody must read() it."""
    session = SseSession(port, path, await connect(port))
    try:
        await session.open()
    except BaseException:
        session.leave()
        raise
    return session
