"""What the kernel does not take at once: it goes out as its reader takes it, and to none that is too slow.

The kernel is asked what it still holds for the peer: a socket takes more only in bursts, so that nothing
may be written for a minute to one that reads all the while.
"""

from __future__ import annotations

import math
import socket
import struct
from collections.abc import Callable, Iterable

import trio

from mapsrv.http_server.pace import Pace
from mapsrv.http_server.sockets import unacknowledged
from mapsrv.metrics.maps import CUT

PAUSE_SECONDS = 1.0  # without anything waiting, after which a reader's pace is judged anew
RESET = struct.pack("ii", 1, 0)  # SO_LINGER: at its close the kernel drops what the peer did not take


class Writer:
    """One connection's, made when something has to wait. `pressed`: room is short, and slow readers are cut.

    `written` counts the bytes that the kernel took since then, whoever gave them.
    """

    __slots__ = ("written", "_socket", "_pressed", "_turn", "_pace", "_waited_at")

    def __init__(self, sock: socket.socket, pressed: Callable[[], bool]) -> None:
        self._socket, self._pressed = sock, pressed
        self._turn = trio.Lock()
        self.written = 0
        self._pace, self._waited_at = Pace(0.0, 0), -math.inf

    @property
    def busy(self) -> bool:
        """Whether something waits: what comes now comes after it."""
        return self._turn.locked()

    async def write(self, parts: Iterable[bytes | memoryview]) -> None:
        """Write them all. Raises BrokenResourceError where that cannot be, or the reader is cut."""
        try:
            self._turn.acquire_nowait()
        except trio.WouldBlock:
            await self._turn.acquire()
        try:
            # Half a frame would be garbage; bounded by the pace of who reads.
            with trio.CancelScope(shield=True):
                for data in parts:
                    await self._send(memoryview(data))
        finally:
            self._turn.release()

    async def _send(self, data: memoryview) -> None:
        if trio.current_time() - self._waited_at > PAUSE_SECONDS:
            self._pace = Pace(trio.current_time(), self._taken())
        while data:
            data = data[self._send_nowait(data) :]
            if not data:
                break
            with trio.move_on_at(self._pace.look_at):
                await self._writable()
            self._waited_at = trio.current_time()
            if self._waited_at >= self._pace.look_at:
                self._look()

    def _send_nowait(self, data: memoryview) -> int:
        try:
            sent = self._socket.send(data)
        except BlockingIOError:
            return 0
        except OSError:
            raise trio.BrokenResourceError from None
        self.written += sent
        return sent

    async def _writable(self) -> None:
        try:
            await trio.lowlevel.wait_writable(self._socket)
        except (trio.ClosedResourceError, OSError):
            raise trio.BrokenResourceError from None

    def _look(self) -> None:
        why = self._pace.look(self._waited_at, self._taken(), pressed=self._pressed())
        if why is None:
            return
        CUT.labels(why).inc()
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        trio.lowlevel.notify_closing(self._socket)
        self._socket.close()
        raise trio.BrokenResourceError

    def _taken(self) -> int:
        """Return how many bytes have arrived on the reader's side, as far as the system tells."""
        return self.written - unacknowledged(self._socket.fileno())
