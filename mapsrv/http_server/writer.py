"""What goes out of one connection: without a copy, as its reader takes it, and to none that is too slow.

The kernel is asked what it still holds for the peer: a socket takes more only in bursts, so that nothing
may be written for a minute to one that reads all the while.
"""

from __future__ import annotations

import math
import os
import socket
import struct
import sys
from collections.abc import Callable

import trio

from mapsrv.http_server.pace import Pace
from mapsrv.http_server.sockets import unacknowledged
from mapsrv.metrics import CUT

PAUSE_SECONDS = 1.0  # without anything waiting, after which a reader's pace is judged anew
RESET = struct.pack("ii", 1, 0)  # SO_LINGER: at its close the kernel drops what the peer did not take


class Writer:
    """`pressed` tells whether room is short, so that slow readers are cut."""

    def __init__(self, stream: trio.SocketStream, pressed: Callable[[], bool]) -> None:
        self._stream, self._pressed = stream, pressed
        self._written = 0  # bytes that the kernel took
        self._pace, self._waited_at = Pace(0.0, 0), -math.inf

    async def write(self, parts: list[bytes]) -> None:
        """Write them all. Raises BrokenResourceError, ClosedResourceError or OSError where that cannot be."""
        sent = self._write_nowait(parts)
        for data in parts:
            if sent < len(data):
                # Half a frame would be garbage; bounded by the pace of who reads.
                with trio.CancelScope(shield=True):
                    await self._send(memoryview(data)[sent:])
            sent = max(0, sent - len(data))

    def _write_nowait(self, parts: list[bytes]) -> int:
        """Return how many bytes the kernel took, without a turn of the loop."""
        if sys.platform == "win32":
            return 0  # a socket is no file there
        try:
            sent = os.writev(self._stream.socket.fileno(), parts)
        except OSError:
            return 0  # _send() waits, or tells what is wrong
        self._written += sent
        return sent

    async def _send(self, data: memoryview) -> None:
        if trio.current_time() - self._waited_at > PAUSE_SECONDS:
            self._pace = Pace(trio.current_time(), self._taken())
        while data:
            with trio.move_on_at(self._pace.look_at):
                sent = await self._stream.socket.send(data)
                data, self._written = data[sent:], self._written + sent
            self._waited_at = trio.current_time()
            if self._waited_at >= self._pace.look_at:
                await self._look()

    async def _look(self) -> None:
        why = self._pace.look(self._waited_at, self._taken(), pressed=self._pressed())
        if why is None:
            return
        CUT.labels(why).inc()
        self._stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        await self._stream.aclose()
        raise trio.BrokenResourceError

    def _taken(self) -> int:
        """Return how many bytes have arrived on the reader's side, as far as the system tells."""
        return self._written - unacknowledged(self._stream.socket.fileno())
