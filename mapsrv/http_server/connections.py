"""Hypercorn, one connection at a time: each in a task that is known, contained and can be ended.

Hypercorn's own serve() keeps its connections to itself: an exception in one ends the server, and a
peer that does not read holds the shutdown up for ever, since writes are shielded.
"""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable
from typing import Any

import trio
from hypercorn.app_wrappers import ASGIWrapper
from hypercorn.config import Config

from mapsrv.http_server.connection import Connection
from mapsrv.http_server.hypercorn_context import HypercornContext

KEEP_ALIVE_SECONDS = 5.0  # an idle connection's, and a new one's until its first request is here
CLOSE_SECONDS = 1.0  # for streams and requests to end by themselves
CUT_SECONDS = 0.3  # for connections to notice that they were shut down
MAX_REQUESTS = 1_000_000  # of one connection; Hypercorn's 1,000 cuts off a busy proxy every second

log = logging.getLogger("mapsrv.http")


class Connections:
    """Every open connection of one ASGI application. `pressed`: room is short, and slow readers are cut."""

    def __init__(
        self, app: Any, keep_alive: float = KEEP_ALIVE_SECONDS, pressed: Callable[[], bool] = lambda: False
    ) -> None:
        self._pressed = pressed
        self._app = ASGIWrapper(app)
        self._context = HypercornContext()
        self._config = Config()
        self._config.accesslog = None
        self._config.errorlog = log
        self._config.include_server_header = False
        self._config.keep_alive_timeout = keep_alive
        self._config.keep_alive_max_requests = MAX_REQUESTS
        self._open: set[trio.SocketStream] = set()
        self._ended = trio.Event()

    def __len__(self) -> int:
        return len(self._open)

    async def serve(self, stream: trio.SocketStream) -> None:
        """Serve one connection to its end. Raises nothing of its own."""
        self._open.add(stream)
        try:
            await Connection(self._app, self._config, self._context, stream, self._pressed).run()
        except* Exception as group:
            log.error("A connection failed", exc_info=group)
        finally:
            self._open.discard(stream)
            if not self._open:
                self._ended.set()

    async def close_idle(self) -> None:
        """Close each connection as soon as no request is on its way."""
        await self._context.terminated.set()

    async def ended(self) -> None:
        """Wait until none is open."""
        while self._open:
            self._ended = trio.Event()
            await self._ended.wait()

    async def close(self) -> None:
        """End all: what rests at once, what does not within CLOSE_SECONDS by itself, and then in any case."""
        with trio.move_on_after(CLOSE_SECONDS):
            await self.close_idle()
            await self.ended()
        self.shut_down()
        with trio.move_on_after(CUT_SECONDS):
            await self.ended()

    def shut_down(self) -> None:
        """End what is still open, in the middle of a write too."""
        for stream in self._open:
            try:
                stream.socket.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # it is gone already
