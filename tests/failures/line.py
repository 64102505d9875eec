"""The line between one pod and Redis, which can be slow, swallow, lose one direction, cut and refuse.

It has a thread of its own, so that a fault is told in plain steps beside it.
"""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import trio

SLOW_SECONDS = 0.4  # that each piece waits on a slow line
AT_ONCE = 65_536
LINGER_NOT = struct.pack("ii", 1, 0)  # a connection that is cut ends by a reset

GOOD, SLOW, SWALLOWS, NO_REPLIES, REFUSES = "good", "slow", "swallows", "no replies", "refuses"


class Line:
    """Forwards connections to a port. Made by running_line()."""

    def __init__(self, target: int) -> None:
        self.mode = GOOD
        self.port = 0
        self._target = target
        self._open: set[trio.CancelScope] = set()
        self._ready = threading.Event()
        self._token: trio.lowlevel.TrioToken
        self._all = trio.CancelScope()

    def turn(self, mode: str) -> None:
        """Be so from now on. What has lost bytes is good for nothing more: it is cut."""
        torn = self.mode in (SWALLOWS, NO_REPLIES) or mode == REFUSES
        self.mode = mode
        if torn:
            self.cut()

    def cut(self) -> None:
        """Reset all connections."""
        trio.from_thread.run_sync(self._cut, trio_token=self._token)

    def _cut(self) -> None:
        for scope in list(self._open):
            scope.cancel()

    def run(self) -> None:
        """Be the thread."""
        trio.run(self._main)

    async def _main(self) -> None:
        self._token = trio.lowlevel.current_trio_token()
        with self._all:
            async with trio.open_nursery() as nursery:
                listeners = await trio.open_tcp_listeners(0, host="127.0.0.1")
                self.port = listeners[0].socket.getsockname()[1]
                nursery.start_soon(partial(trio.serve_listeners, self._serve, listeners))
                self._ready.set()

    async def _serve(self, near: trio.SocketStream) -> None:
        with trio.CancelScope() as scope:
            if self.mode == REFUSES:
                return _reset(near)
            try:
                far = await trio.open_tcp_stream("127.0.0.1", self._target)
            except OSError:  # it is being started anew
                return _reset(near)
            self._open.add(scope)
            try:
                async with far, trio.open_nursery() as nursery:
                    nursery.start_soon(self._pump, near, far, (SWALLOWS,), scope)
                    nursery.start_soon(self._pump, far, near, (SWALLOWS, NO_REPLIES), scope)
            finally:
                self._open.discard(scope)
                _reset(near)

    async def _pump(
        self,
        source: trio.SocketStream,
        sink: trio.SocketStream,
        lossy: tuple[str, ...],
        scope: trio.CancelScope,
    ) -> None:
        try:
            while data := await source.receive_some(AT_ONCE):
                if self.mode == SLOW:
                    await trio.sleep(SLOW_SECONDS)
                if self.mode not in lossy:
                    await sink.send_all(data)
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            pass
        scope.cancel()

    def end(self) -> None:
        """Have the thread end."""
        trio.from_thread.run_sync(self._all.cancel, trio_token=self._token)


def _reset(stream: trio.SocketStream) -> None:
    stream.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_NOT)
    stream.socket.close()


@contextmanager
def running_line(target: int) -> Iterator[Line]:
    """Run a line to a port of this machine until the block ends."""
    line = Line(target)
    thread = threading.Thread(target=line.run, daemon=True)
    thread.start()
    assert line._ready.wait(5)
    try:
        yield line
    finally:
        line.end()
        thread.join(5)
