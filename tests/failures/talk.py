"""HTTP as the clients of a run speak it: one connection, one request at a time, over h11."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import h11
import trio

ANSWER_SECONDS = 10.0  # for one answer; the command is in doubt then, and asked again
# What a client sees of a pod that is gone, going, or stuck.
FAILURES = (OSError, trio.BrokenResourceError, h11.RemoteProtocolError, trio.TooSlowError)


class Connection:
    """One connection to one pod."""

    def __init__(self, port: int, stream: trio.SocketStream) -> None:
        self.port = port
        self._stream = stream
        self._http = h11.Connection(h11.CLIENT)

    def close(self) -> None:
        """Close it at once."""
        self._stream.socket.close()

    @property
    def over(self) -> bool:
        """Whether the pod ends it after the last answer."""
        return self._http.our_state is not h11.IDLE

    async def send(self, method: str, target: str, headers: dict[str, str], body: bytes = b"") -> int:
        """Send a request; return the status of its answer."""
        lines = {"Host": f"127.0.0.1:{self.port}", "Content-Length": str(len(body)), **headers}
        data = self._http.send(h11.Request(method=method, target=target, headers=list(lines.items())))
        data += self._http.send(h11.Data(data=body)) + self._http.send(h11.EndOfMessage())
        await self._stream.send_all(data)
        while not isinstance(event := await self._event(), h11.Response):
            pass
        return event.status_code

    async def more(self) -> bytes:
        """Return more of the answer's body, or nothing at its end."""
        event = await self._event()
        return bytes(event.data) if isinstance(event, h11.Data) else b""

    async def ask(
        self, method: str, target: str, headers: dict[str, str], body: bytes = b""
    ) -> tuple[int, bytes]:
        """Return status and body of the answer to a request."""
        with trio.fail_after(ANSWER_SECONDS):
            status = await self.send(method, target, headers, body)
            said = bytearray()
            while data := await self.more():
                said += data
        if self._http.our_state is h11.DONE and self._http.their_state is h11.DONE:
            self._http.start_next_cycle()
        return status, bytes(said)

    async def _event(self) -> Any:
        while (event := self._http.next_event()) is h11.NEED_DATA:
            self._http.receive_data(await self._stream.receive_some(65_536))
        if isinstance(event, h11.ConnectionClosed):
            raise h11.RemoteProtocolError("the connection ended before the answer")
        return event


async def connect(port: int) -> Connection:
    """Connect to a pod on this machine."""
    with trio.fail_after(ANSWER_SECONDS):
        return Connection(port, await trio.open_tcp_stream("127.0.0.1", port))


@asynccontextmanager
async def connected(port: int) -> AsyncIterator[Connection]:
    """Hold a connection to a pod meanwhile."""
    connection = await connect(port)
    try:
        yield connection
    finally:
        connection.close()
