"""One HTTP connection: its requests one after the other, all in one task.

Theory of operation. A connection rests until the head of a request is there, then it is served: the
application is called right here, and what it sends leaves in as few writes as it can (exchange.py). Then the
next, if both sides want one: the answer said so in its head, all of the request's body was taken, and the
server does not stop. What comes too early waits (parser.py), so reading, answering and resting never overlap,
and no second task watches.

How it ends:
- The peer ends its side or is gone; in the middle of a request it is told 400 first.
- It is refused, or answered before all of its body came. Where more is on its way our side ends first, and
  what still comes is dropped for a while (RFC 9112 section 9.6), since a reset may overtake the answer.
- It rests too long, or the server stops: others shut the socket down, and the task reads the end.
- Its reader is too slow: the writer cuts it.
"""

from __future__ import annotations

import logging
import socket
from typing import Any
from urllib.parse import unquote

import trio
from hypercorn.utils import parse_socket_addr

from mapsrv.asgi.peer import PEER
from mapsrv.http_server.bodies import Refused
from mapsrv.http_server.channel import Channel
from mapsrv.http_server.context import Context
from mapsrv.http_server.exchange import Exchange
from mapsrv.http_server.parser import Parser, Request
from mapsrv.http_server.response import Response, State, refusal

LINGER_SECONDS = 2.0  # what comes after an early answer is dropped so long

_ASGI = {"spec_version": "2.1", "version": "3.0"}

log = logging.getLogger("mapsrv.http")


class Connection:
    """A connection without TLS; run() serves it to its end."""

    __slots__ = ("_context", "_channel", "_parser", "_client", "_server", "_served")

    def __init__(self, context: Context, sock: socket.socket, client: Any) -> None:
        self._context = context
        self._channel = Channel(sock, context.pressed)
        self._parser = Parser()
        self._client = parse_socket_addr(sock.family, client)
        self._server = parse_socket_addr(sock.family, sock.getsockname())
        self._served = 0

    def shut_down(self) -> None:
        """End it, in the middle of a write too."""
        self._channel.shut_down()

    async def run(self) -> None:
        """Serve it to its end."""
        while await self._serve_one():
            pass

    def close(self) -> None:
        """Give its socket back; run() has ended."""
        self._channel.close()

    async def _next(self) -> Request | None:
        """Return the next request, or None where there is none."""
        parser = self._parser
        resting = self._context.resting if self._served else self._context.fresh
        resting.add(self)
        try:
            if parser.holds:  # it was sent ahead; others come first all the same
                await trio.lowlevel.checkpoint()
            elif not self._served and (data := self._channel.read_nowait()):  # most ask at once
                parser.feed(data)
            while (request := parser.next_request()) is None:
                if data := await self._channel.read():
                    parser.feed(data)
                elif data is not None:
                    if parser.holds:
                        raise Refused(400)
                    return None
            return request
        except Refused as refused:
            await self._refuse(refused.status)
            return None
        finally:
            resting.discard(self)

    async def _serve_one(self) -> bool:
        """Answer the next request; return whether another may follow."""
        context, parser = self._context, self._parser
        request = await self._next()
        if request is None:
            return False
        try:
            body = parser.take_body()
            if request.last and parser.whole and parser.holds:
                raise Refused(400)  # it said that nothing follows: whose are these bytes?
        except Refused as refused:
            await self._refuse(refused.status)
            return False
        self._served += 1
        response = Response(request, context.lines())
        response.last |= context.terminated or self._served >= context.max_requests
        exchange = Exchange(self._channel, parser, response, body, request.expects)
        scope = self._scope(request, exchange)
        del request  # an event stream lasts for hours, and needs no head so long
        try:
            await context.app(scope, exchange.receive, exchange.send, _no_threads, _no_threads)
        except Exception:
            log.exception("The application failed")
        return await self._finish(exchange)

    async def _finish(self, exchange: Exchange) -> bool:
        """See to the end of an answer, and return whether another request may follow."""
        response = exchange.response
        if not response.begun and exchange.refusal is not None:
            # the application, which has a line of its own, has answered nothing
            self._context.count_refused(exchange.refusal)
            await self._refuse(exchange.refusal, noted=True)
        elif not response.begun and not exchange.left:
            await self._refuse(500, noted=True)
        elif response.state is State.OVER and not exchange.left and not self._parser.whole:
            await self._linger()
        elif response.state is State.OVER and not exchange.left:
            return not (response.last or self._context.terminated)
        return False

    def _scope(self, request: Request, exchange: Exchange) -> Any:
        path, _, query = request.target.partition(b"?")
        text = path.decode("ascii")
        return {
            "type": "http",
            "http_version": request.version,
            "asgi": _ASGI,
            "method": request.method,
            "scheme": "http",
            "path": unquote(text) if "%" in text else text,
            "raw_path": path,
            "query_string": query,
            "root_path": self._context.config.root_path,
            "headers": request.headers,
            "client": self._client,
            "server": self._server,
            "state": {},
            "extensions": {PEER: exchange},
        }

    async def _refuse(self, status: int, noted: bool = False) -> None:
        """Answer what cannot be served, and have it noted; nothing follows."""
        if not noted:
            self._context.note_refused(status, self._client)
        try:
            self._channel.write_nowait([refusal(status, self._context.lines())])
        except trio.BrokenResourceError:
            return
        if status == 431 or not self._parser.whole:  # more is on its way
            await self._linger()

    async def _linger(self) -> None:
        """End our side; what still comes is dropped for a while."""
        self._channel.end()
        with trio.move_on_after(LINGER_SECONDS):
            while await self._channel.read() != b"":
                pass


def _no_threads(*_args: Any) -> Any:
    raise NotImplementedError("WSGI is not served.")
