"""One HTTP connection: Hypercorn's protocol on a socket, with few turns of the event loop for a request.

Hypercorn's TCPServer writes the head, each part and the end of an answer one by one, and starts a task
when a request ends to wait for the next: twenty turns of Trio's loop, where five are enough.
"""

from __future__ import annotations

import math
import os
import socket
import struct
import sys
from collections.abc import Awaitable, Callable
from typing import TypeAlias

import trio
from hypercorn.config import Config
from hypercorn.events import Closed, Event, RawData, Updated
from hypercorn.typing import AppWrapper, ConnectionState
from hypercorn.utils import parse_socket_addr

from mapsrv.listen.pace import Pace
from mapsrv.listen.protocol import JOINED_BYTES, Protocol
from mapsrv.listen.requests import Requests
from mapsrv.listen.sockets import unacknowledged
from mapsrv.listen.worker import Worker
from mapsrv.metrics import CUT

READ_BYTES = 65_536
LINGER_SECONDS = 2.0  # what comes after an early answer is dropped so long: a reset would take the answer along
PAUSE_SECONDS = 1.0  # without anything waiting, after which a reader's pace is judged anew

Address: TypeAlias = tuple[str, int] | None


class Peer:
    """A connection without TLS; run() serves it to its end."""

    def __init__(
        self,
        app: AppWrapper,
        config: Config,
        context: Worker,
        stream: trio.SocketStream,
        pressed: Callable[[], bool] = lambda: False,
    ) -> None:
        self._app, self._config, self._context = app, config, context
        self._stream = stream
        self._pressed = pressed
        self._protocol: Protocol
        self._writing = trio.Lock()
        self._corked: list[bytes] | None = None  # what is held back, while it is
        self._written = 0  # bytes that the kernel took
        self._pace, self._waited_at = Pace(0.0, 0), -math.inf
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
        requests = Requests(nursery, self._at_once)
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
            sent = self._write_nowait(parts)
            for data in parts:
                if sent < len(data):
                    # Half a frame would be garbage; bounded by the pace of who reads.
                    with trio.CancelScope(shield=True):
                        await self._send(memoryview(data)[sent:])
                sent = max(0, sent - len(data))
        except (trio.BrokenResourceError, trio.ClosedResourceError, OSError):
            await self._protocol.handle(Closed())
        finally:
            self._writing.release()

    def _write_nowait(self, parts: list[bytes]) -> int:
        """Return how many bytes the kernel took, without a turn of the loop and without a copy."""
        if sys.platform == "win32":
            return 0  # a socket is no file there
        try:
            sent = os.writev(self._stream.socket.fileno(), parts)
        except OSError:
            return 0  # _send() waits, or tells what is wrong
        self._written += sent
        return sent

    async def _send(self, data: memoryview) -> None:
        """Send it all as its reader takes it; raises BrokenResourceError where that is too slow."""
        if trio.current_time() - self._waited_at > PAUSE_SECONDS:
            self._pace = Pace(trio.current_time(), self._taken())
        while data:
            with trio.move_on_at(self._pace.look_at):
                sent = await self._stream.socket.send(data)
                data, self._written = data[sent:], self._written + sent
            self._waited_at = trio.current_time()
            if self._waited_at >= self._pace.look_at:
                why = self._pace.look(self._waited_at, self._taken(), pressed=self._pressed())
                if why is not None:
                    CUT.labels(why).inc()
                    await self._cut()

    def _taken(self) -> int:
        """Return how many bytes have arrived at the reader's side, as far as the system tells."""
        return self._written - unacknowledged(self._stream.socket.fileno())

    async def _cut(self) -> None:
        # Without this the kernel would go on holding what its peer does not take.
        self._stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        await self._stream.aclose()
        raise trio.BrokenResourceError

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
        """End our side; what still comes of a body that nobody reads is dropped for a while (RFC 9112 9.6)."""
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
