"""One HTTP connection: Hypercorn's protocol on a socket, with few turns of the event loop for a request.

Hypercorn's TCPServer writes the head, each part and the end of an answer one by one, and starts a task
when a request ends to wait for the next: twenty turns of Trio's loop, where five are enough.
"""

from __future__ import annotations

import math
import os
from collections.abc import Awaitable, Callable
from typing import TypeAlias

import trio
from hypercorn.config import Config
from hypercorn.events import Closed, Event, RawData, Updated
from hypercorn.typing import AppWrapper, ConnectionState
from hypercorn.utils import parse_socket_addr

from mapsrv.http_server.asgi_tasks import AsgiTasks
from mapsrv.http_server.hypercorn_context import HypercornContext
from mapsrv.http_server.protocol import JOINED_BYTES, Protocol
from mapsrv.http_server.writer import Writer

READ_BYTES = 65_536
LINGER_SECONDS = 2.0  # what comes after an early answer is dropped so long: a reset may overtake the answer

Address: TypeAlias = tuple[str, int] | None


class Connection:
    """A connection without TLS; run() serves it to its end."""

    def __init__(
        self,
        app: AppWrapper,
        config: Config,
        context: HypercornContext,
        stream: trio.SocketStream,
        pressed: Callable[[], bool] = lambda: False,
    ) -> None:
        self._app, self._config, self._context = app, config, context
        self._stream, self._writer = stream, Writer(stream, pressed)
        self._protocol: Protocol
        self._writing = trio.Lock()
        self._corked: list[bytes] | None = None  # what is held back, while it is
        self._reading = trio.CancelScope()  # its deadline is how long what comes too late is dropped
        self._resting = True  # whether no request is being served
        self._rest = trio.CancelScope()  # its deadline is how long the peer may rest

    async def run(self) -> None:
        """Serve it. Raises what the application raises and Hypercorn does not catch."""
        try:
            sock = self._stream.socket
            addresses = [
                parse_socket_addr(sock.family, name) for name in (sock.getpeername(), sock.getsockname())
            ]
            async with trio.open_nursery() as nursery:
                self._protocol = self._make_protocol(nursery, *addresses)
                await self._protocol.initiate()
                self._set_resting(True)
                nursery.start_soon(self._end_rest)
                await self._read()
                self._rest.cancel()
        except OSError:
            pass  # it was gone before it was served
        finally:
            await self._close()  # noqa: ASYNC102 (who serves the listener closes it, if this is cancelled)

    def _make_protocol(self, nursery: trio.Nursery, client: Address, server: Address) -> Protocol:
        requests = AsgiTasks(nursery, self._at_once)
        state = ConnectionState({})
        return Protocol(
            self._app, self._config, self._context, requests, state, False, client, server, self._handle
        )

    async def _read(self) -> None:
        with self._reading:
            while True:
                try:
                    data = bytes(await self._stream.receive_some(READ_BYTES))
                except (trio.BrokenResourceError, trio.ClosedResourceError):
                    break
                if self._reading.deadline == math.inf:
                    await self._protocol.handle(RawData(data))
                if not data:
                    break
        await self._protocol.handle(Closed())

    async def _handle(self, event: Event) -> None:
        """Do what the protocol says."""
        if isinstance(event, RawData):
            await self._write(event.data)
        elif isinstance(event, Updated):
            self._set_resting(event.idle)
        elif isinstance(event, Closed):
            await self._flush()
            if self._protocol.unread:
                await self._linger()
            else:
                await self._close()
            await self._protocol.handle(Closed())

    # --- writing -------------------------------------------------------------------

    async def _at_once(self, send: Callable[[], Awaitable[None]]) -> None:
        """Write all that is sent meanwhile in one piece: a small answer is one packet then."""
        if self._corked is not None:
            return await send()
        self._corked = []
        try:
            await send()
        finally:
            await self._flush()  # noqa: ASYNC102 (its wait is shielded, and bounded by the socket)

    async def _flush(self) -> None:
        held, self._corked = self._corked or [], None
        if sum(map(len, held)) <= JOINED_BYTES or not hasattr(os, "writev"):
            held = [b"".join(held)]
        await self._write_out(held)

    async def _write(self, data: bytes) -> None:
        if self._corked is not None:
            return self._corked.append(data)
        await self._write_out([data])

    async def _write_out(self, parts: list[bytes]) -> None:
        if not any(parts):
            return
        try:
            self._writing.acquire_nowait()
        except trio.WouldBlock:
            await self._writing.acquire()
        try:
            await self._writer.write(parts)
        except (trio.BrokenResourceError, trio.ClosedResourceError, OSError):
            await self._protocol.handle(Closed())
        finally:
            self._writing.release()

    # --- rest and end --------------------------------------------------------------

    def _set_resting(self, resting: bool) -> None:
        self._resting = resting
        self._rest.deadline = trio.current_time() + self._config.keep_alive_timeout if resting else math.inf

    async def _end_rest(self) -> None:
        """Close the connection when it rested for long, or rests when the server stops."""
        with self._rest:
            await self._context.terminated.wait()
            if not self._resting:
                await trio.sleep_forever()  # the protocol closes it after the answer
        with trio.CancelScope(shield=True):
            await self._protocol.handle(Closed())
            await self._stream.aclose()

    async def _linger(self) -> None:
        """End our side; what still comes of a body is dropped for a while (RFC 9112 section 9.6)."""
        self._reading.deadline = trio.current_time() + LINGER_SECONDS
        try:
            await self._stream.send_eof()
        except (trio.BrokenResourceError, trio.BusyResourceError, trio.ClosedResourceError, OSError):
            self._reading.cancel()

    async def _close(self) -> None:
        try:
            await self._stream.send_eof()
        except (trio.BrokenResourceError, trio.BusyResourceError, trio.ClosedResourceError, OSError):
            pass  # it is gone, or is being written to
        await self._stream.aclose()
