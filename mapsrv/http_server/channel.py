"""The socket of one connection: what comes, and what goes out at its reader's pace.

It is the bare socket, without Trio's stream around it: one system call to read, one to write an answer, and
what takes memory (the lock and the pace of a slow reader) is made when somebody has to wait.
"""

from __future__ import annotations

import socket
from collections.abc import Callable

import trio

from mapsrv.http_server.writer import Writer

READ_BYTES = 65_536
JOINED_BYTES = 4096  # what is no longer is copied into one piece; a larger part may be shared by many readers

# One for all: what was read is copied out of it at once. One each would leave holes in the heap.
_BUFFER = memoryview(bytearray(READ_BYTES))


class Channel:
    """`pressed`: room is short, and slow readers are cut."""

    __slots__ = ("_socket", "_pressed", "_writer", "_reads")

    def __init__(self, sock: socket.socket, pressed: Callable[[], bool]) -> None:
        self._socket, self._pressed = sock, pressed
        self._writer: Writer | None = None
        self._reads = False  # whether somebody waits in read()

    async def read(self) -> bytes | None:
        """Return what came, nothing once the peer has ended its side or is gone; None: look again."""
        self._reads = True
        try:
            await trio.lowlevel.wait_readable(self._socket)
        except trio.ClosedResourceError:
            return None if self._socket.fileno() >= 0 else b""
        except OSError:
            return b""
        finally:
            self._reads = False
        return self.read_nowait()

    def read_nowait(self) -> bytes | None:
        """Return what is there, nothing once the peer has ended its side or is gone; None: not yet."""
        try:
            size = self._socket.recv_into(_BUFFER)
        except BlockingIOError:
            return None
        except OSError:
            return b""
        return bytes(_BUFFER[:size])

    def wake(self) -> None:
        """Have read() return, if somebody waits in it. Nobody may be waiting to write."""
        if self._reads:
            trio.lowlevel.notify_closing(self._socket)

    def write_nowait(self, parts: list[bytes]) -> int:
        """Return how many bytes the kernel took: none while others wait. Raises BrokenResourceError."""
        writer = self._writer
        if writer is not None and writer.busy:
            return 0
        try:
            sent = self._socket.send(parts[0]) if len(parts) == 1 else self._socket.sendmsg(parts)
        except BlockingIOError:
            return 0
        except OSError:
            raise trio.BrokenResourceError from None
        if writer is not None:
            writer.written += sent
        return sent

    async def write(self, parts: list[bytes]) -> None:
        """Write them all, in one piece where the kernel takes it. Raises BrokenResourceError.

        Without a turn of the loop, unless the reader has to be waited for.
        """
        if len(parts) > 1 and (not hasattr(socket.socket, "sendmsg") or sum(map(len, parts)) <= JOINED_BYTES):
            parts = [b"".join(parts)]
        sent = self.write_nowait(parts)
        if sent < sum(map(len, parts)):
            if self._writer is None:
                self._writer = Writer(self._socket, self._pressed)
            await self._writer.write(_after(parts, sent))

    def end(self) -> None:
        """Tell the peer that nothing more comes."""
        self._shut(socket.SHUT_WR)

    def shut_down(self) -> None:
        """End both sides, under whoever reads or writes."""
        self._shut(socket.SHUT_RDWR)

    def _shut(self, how: int) -> None:
        try:
            self._socket.shutdown(how)
        except OSError:
            pass  # it is gone already

    def close(self) -> None:
        """Give the socket back. Nobody may be reading or writing."""
        self._socket.close()


def _after(parts: list[bytes], sent: int) -> list[memoryview]:
    """Return what follows the first so many bytes."""
    rest = []
    for part in parts:
        if sent < len(part):
            rest.append(memoryview(part)[sent:])
        sent = max(0, sent - len(part))
    return rest
