"""One request and its answer: what the application calls, in the connection's own task or its own ones.

Theory of operation. Nothing is read unless somebody waits for it, so an application that takes nothing of a
body stops the reading by that, and a request costs no task.

- receive() gives the body as it comes. Once that is all it reads on to notice that the client leaves, and
  ends with the answer. What comes meanwhile are requests that were sent ahead: they stay unparsed, and as
  soon as there are some nothing more is read. A client that then leaves is noticed by the next write.
- A client that leaves, or whose body turns out to be broken, is "http.disconnect", never an exception; what
  the application still sends is dropped. Of a body that is broken, or cut off, its client is told (400) if
  nothing of an answer had left: `refusal`.
- send() holds the head until the first part of the body. Then it is known whether the body was read: one
  that was not, even when what has arrived meanwhile is looked at, makes the answer the connection's last.
- 100 Continue goes out when the application first waits for the body, and not where it refuses it unread.
- As the asgi room's Peer it writes and reads past all that, for event streams.
"""

from __future__ import annotations

from typing import Any

import trio

from mapsrv.http_server.bodies import Refused
from mapsrv.http_server.channel import READ_BYTES, Channel
from mapsrv.http_server.parser import Parser
from mapsrv.http_server.response import CONTINUE, Response, State

MAX_DROPPED = READ_BYTES  # bytes that a client may send after it asked for a stream


class Exchange:
    """`body` is what had come of it with the head; `expects`: the client waits for a 100."""

    __slots__ = ("response", "left", "refusal", "_channel", "_parser", "_body", "_told", "_expects", "_over")

    def __init__(
        self, channel: Channel, parser: Parser, response: Response, body: bytes, expects: bool
    ) -> None:
        self._channel, self._parser, self.response = channel, parser, response
        self._body = body
        self._told = False  # whether the application has had all of the body
        self._expects = expects and not body
        self.left = False  # whether the client is gone, as far as the application is concerned
        self.refusal: int | None = None  # the status for a client that was refused meanwhile
        self._over: trio.Event | None = None  # when somebody waits for that alone

    # --- the application's side ----------------------------------------------------

    async def receive(self) -> Any:
        """Return what the client sends next; once that is all, that it has left or has its answer."""
        while not self._done:
            if self._body or (self._parser.whole and not self._told):
                body, self._body = self._body, b""
                self._told = self._parser.whole
                return {"type": "http.request", "body": body, "more_body": not self._told}
            if self._parser.whole and self._parser.holds:
                self._over = self._over or trio.Event()
                await self._over.wait()
            else:
                await self._read()
        return {"type": "http.disconnect"}

    async def send(self, message: Any) -> None:
        """Send a message; it is dropped where the client has left."""
        if self.left:
            # An application that has all at hand would else send it to the end, each part made for nobody,
            # before it is told that its client left.
            return await trio.lowlevel.checkpoint()
        if self.response.state is State.HEAD and not self._settle():
            return
        try:
            if parts := self.response.take(message):
                await self._channel.write(parts)
        except trio.BrokenResourceError:
            self._leave()
        if self.response.state is State.OVER:
            self._end()

    @property
    def _done(self) -> bool:
        return self.left or self.response.state is State.OVER

    async def _read(self) -> None:
        """Wait for what the client sends."""
        if self._expects:
            self._expects = False
            self._write_nowait(CONTINUE)
        self._take(await self._channel.read())

    def _take(self, data: bytes | None) -> None:
        if data is None:
            return
        if not data:
            if not self._parser.whole:
                self.refusal = 400  # it was cut off
            return self._leave()
        self._parser.feed(data)
        try:
            self._body += self._parser.take_body()
        except Refused as refused:
            self.refusal = refused.status
            self._leave()

    def _settle(self) -> bool:
        """See whether a request can follow the answer; return whether that can begin."""
        if not self._parser.whole and not self._body:
            self._take(self._channel.read_nowait())
        if not self._parser.whole:
            self.response.last = True
        return not self.left

    def _leave(self) -> None:
        self.left = True
        self._end()

    def _end(self) -> None:
        """Have receive() and gone() return."""
        self._channel.wake()
        if self._over is not None:
            self._over.set()

    def _write_nowait(self, data: bytes) -> int:
        try:
            return self._channel.write_nowait([data])
        except trio.BrokenResourceError:
            self._leave()
            raise

    # --- as a Peer -----------------------------------------------------------------

    @property
    def whole(self) -> bool:
        """Whether all of the request's body is here."""
        return self._parser.whole

    @property
    def chunked(self) -> bool:
        """Whether the body that was begun is framed in chunks."""
        return self.response.chunked

    def write_nowait(self, data: bytes) -> int:
        """Write raw bytes; return how many the kernel took. Raises BrokenResourceError."""
        if self._done:
            raise trio.BrokenResourceError
        return self._write_nowait(data)

    async def write(self, data: bytes) -> None:
        """Write raw bytes, all of them. Raises BrokenResourceError."""
        if self._done:
            raise trio.BrokenResourceError
        try:
            await self._channel.write([data])
        except trio.BrokenResourceError:
            self._leave()
            raise

    async def gone(self) -> None:
        """Return when the client is gone, or the answer has ended."""
        dropped = 0
        while not self._done:
            data = await self._channel.read()
            if data is None:
                continue
            dropped += len(data)
            self.response.last = True  # what was dropped may have been a request
            if not data or dropped > MAX_DROPPED:
                self._leave()
