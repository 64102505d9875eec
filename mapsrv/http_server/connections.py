"""All connections of one server: accepted, each in a task that is known and contained, and ended."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import trio
from hypercorn.app_wrappers import ASGIWrapper
from hypercorn.config import Config

from mapsrv.http_server.connection import Connection
from mapsrv.http_server.context import Context, log
from mapsrv.http_server.listener import Listener
from mapsrv.http_server.sockets import file_limit

# An idle connection's. Whoever keeps connections to us, as load balancers do for 60 s, is to be the one who
# closes them: else a request of theirs meets our end, and a POST is not sent again.
KEEP_ALIVE_SECONDS = 75.0
FIRST_SECONDS = 5.0  # a new one's, until its first request is here
CROWDED = 0.8  # of the descriptors that this process may have: from here on the longest idle are closed
CLOSE_SECONDS = 1.0  # for streams and requests to end by themselves
CUT_SECONDS = 0.3  # for connections to notice that they were shut down
MAX_REQUESTS = 1_000_000  # of one connection; Hypercorn's 1,000 cuts off a busy proxy every second


class Connections:
    """Every open connection of one ASGI application. `pressed`: room is short, and slow readers are cut.

    `files` is how many descriptors there are; None: as many as the system lets this process have.
    `count_refused` is told the status of each request that could not be read.
    """

    def __init__(
        self,
        app: Any,
        keep_alive: float = KEEP_ALIVE_SECONDS,
        pressed: Callable[[], bool] = lambda: False,
        files: float | None = None,
        count_refused: Callable[[int], None] = lambda status: None,
    ) -> None:
        config = Config()
        config.accesslog = None
        config.errorlog = log
        config.include_server_header = False
        config.keep_alive_timeout = keep_alive
        config.keep_alive_max_requests = MAX_REQUESTS
        self._context = Context(ASGIWrapper(app), config, pressed, FIRST_SECONDS, count_refused)
        self._most = CROWDED * (file_limit() if files is None else files)

    def __len__(self) -> int:
        return len(self._context.open)

    async def serve(
        self,
        listeners: Sequence[Listener],
        handlers: trio.Nursery,
        *,
        task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED,
    ) -> None:
        """Accept connections until cancelled; their tasks go on in `handlers`. Closes the listeners."""
        try:
            async with trio.open_nursery() as nursery:
                handlers.start_soon(self._context.fresh.sweep)
                handlers.start_soon(self._context.resting.sweep)
                for listener in listeners:
                    nursery.start_soon(self._accept, listener, handlers)
                task_status.started()
        finally:
            for listener in listeners:
                listener.close()

    async def _accept(self, listener: Listener, handlers: trio.Nursery) -> None:
        while True:
            for sock, address in await listener.accept():
                connection = Connection(self._context, sock, address)
                self._context.open.add(connection)
                handlers.start_soon(self._serve, connection, name="connection")
            if len(self._context.open) > self._most:
                self._context.resting.end_oldest(len(self._context.open) - int(self._most))

    async def _serve(self, connection: Connection) -> None:
        """Serve one to its end. Whatever fails in it, the others go on."""
        try:
            await connection.run()
        except* Exception as group:
            log.error("A connection failed", exc_info=group)
        finally:
            connection.close()
            self._context.forget(connection)

    def close_idle(self) -> None:
        """Close each connection as soon as no request is on its way."""
        self._context.terminated = True
        self._context.fresh.end_all()
        self._context.resting.end_all()

    async def ended(self) -> None:
        """Wait until none is open."""
        await self._context.ended.until(lambda: not self._context.open)

    async def close(self) -> None:
        """End all: what rests at once, what does not within CLOSE_SECONDS by itself, and then in any case."""
        with trio.move_on_after(CLOSE_SECONDS):
            self.close_idle()
            await self.ended()
        self.shut_down()
        with trio.move_on_after(CUT_SECONDS):
            await self.ended()

    def shut_down(self) -> None:
        """End what is still open, in the middle of a write too."""
        for connection in list(self._context.open):
            connection.shut_down()
