"""HTTP/1.1 as a client of the bridge needs it: one connection, one request at a time, and rude ends.

By hand, since the same client also measures: it must cost little beside what it measures.
"""

from __future__ import annotations

import select
import socket
import struct

import trio

READ_BYTES = 65_536
LINGER_NONE = struct.pack("ii", 1, 0)  # close() sends RST


class Broken(Exception):
    """The server ended the connection before its answer was whole."""


class Wire:
    """One connection. After send(), read head(), then body() or more() until it is empty."""

    def __init__(self, port: int, stream: trio.SocketStream) -> None:
        self.port = port
        self.stream = stream
        self.idle = True  # whether another request may be sent on it
        self._over = True  # the answer's body
        self.headers: dict[str, str] = {}
        self._rest = b""
        self._left: int | None = 0  # bytes of the body, or of its chunk; None: until the connection ends
        self._chunked = False

    async def send(self, method: str, target: str, headers: dict[str, str], body: bytes = b"") -> None:
        """Send a request."""
        self.idle = self._over = False
        lines = [f"{method} {target} HTTP/1.1", f"Host: 127.0.0.1:{self.port}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        if method != "GET":
            lines.append(f"Content-Length: {len(body)}")
        await self._write("\r\n".join([*lines, "", ""]).encode() + body)

    async def _write(self, data: bytes) -> None:
        try:
            await self.stream.send_all(data)
        except (trio.BrokenResourceError, trio.ClosedResourceError) as error:
            raise Broken(str(error)) from None

    async def head(self) -> int:
        """Return the status of the answer."""
        lines = (await self._until(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        fields = (line.partition(":") for line in lines[1:])
        self.headers = {name.lower(): value.strip() for name, _, value in fields}
        status = int(lines[0].split()[1])
        self._chunked = "chunked" in self.headers.get("transfer-encoding", "").lower()
        length = self.headers.get("content-length")
        self._left = 0 if self._chunked or status in (204, 304) else int(length) if length else None
        if self._left == 0 and not self._chunked:
            self._end()
        return status

    async def more(self) -> bytes:
        """Return more of the body, or nothing at its end."""
        if self._over:
            return b""
        if self._left is None:
            data, self._rest = self._rest or await self._some(end=True), b""
            self._over = not data
            return data
        if self._left == 0 and self._chunked and not await self._next_chunk():
            return b""
        data = self._rest or await self._some()
        self._rest = data[self._left :]
        data = data[: self._left]
        self._left -= len(data)
        if self._left == 0:
            if self._chunked:
                await self._until(b"\r\n")
            else:
                self._end()
        return data

    async def body(self) -> bytes:
        """Return the whole body."""
        parts = []
        while data := await self.more():
            parts.append(data)
        return b"".join(parts)

    async def _next_chunk(self) -> bool:
        self._left = int((await self._until(b"\r\n")).partition(b";")[0], 16)
        if self._left:
            return True
        while await self._until(b"\r\n"):
            pass  # trailers
        self._end()
        return False

    def _end(self) -> None:
        self._over = True
        self.idle = self.headers.get("connection", "").lower() != "close"
        if not self.idle:
            self.close()

    async def _until(self, mark: bytes) -> bytes:
        while (end := self._rest.find(mark)) < 0:
            self._rest += await self._some()
        found, self._rest = self._rest[:end], self._rest[end + len(mark) :]
        return found

    async def _some(self, *, end: bool = False) -> bytes:
        try:
            data = bytes(await self.stream.receive_some(READ_BYTES))
        except (trio.BrokenResourceError, trio.ClosedResourceError) as error:
            raise Broken(str(error)) from None
        if not data and not end:
            raise Broken("the server closed the connection")
        return data

    def stale(self) -> bool:
        """Return whether the server has ended a connection that was idle, as servers do."""
        if (file := self.stream.socket.fileno()) < 0:
            return True  # it was closed here
        poll = select.poll()
        poll.register(file, select.POLLIN)  # unasked, it can but be the end
        return bool(poll.poll(0))

    # --- ways to leave -----------------------------------------------------------

    def close(self) -> None:
        """Close it at once."""
        self.stream.socket.close()

    def reset(self) -> None:
        """Have the server see a reset connection."""
        self.stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_NONE)
        self.close()

    def half_close(self) -> None:
        """Say that no more will be sent, and stay."""
        self.stream.socket.shutdown(socket.SHUT_WR)


async def connect(port: int, *, buffer: int | None = None) -> Wire:
    """Connect to a server here; `buffer` bounds what the kernel takes in for one who does not read."""
    sock = trio.socket.socket()
    try:
        if buffer is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        await sock.connect(("127.0.0.1", port))
    except BaseException:
        sock.close()
        raise
    return Wire(port, trio.SocketStream(sock))
