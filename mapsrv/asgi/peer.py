"""The client of one request as an event stream has it: written to by whoever has news, from any task.

It stands in scope["extensions"][PEER]. An application that uses it answers as usual up to the first part of
the body: "http.response.start", then "http.response.body" with more_body, which leave in one send. From then
on the answer is begun, and what is written here goes onto the socket as it stands: where `chunked` is true
the writer frames it itself (RFC 9112 section 7.1). The end is a message again, "http.response.body" without
more_body, which writes the last chunk; or the application just returns, and the connection ends.
"""

from __future__ import annotations

from typing import Protocol

PEER = "mapsrv.peer"


class Peer(Protocol):
    """One request's client, until its answer has ended."""

    @property
    def whole(self) -> bool:
        """Whether all of the request's body is here, so that receive() gives it without waiting."""
        ...

    @property
    def chunked(self) -> bool:
        """Whether the body that was begun is framed in chunks: in HTTP/1.1, where no length was given."""
        ...

    def write_nowait(self, data: bytes) -> int:
        """Write raw bytes without waiting; return how many the kernel took.

        0 where it takes none just now, and while write() or a message of another task waits: so nothing
        comes between the bytes of either. Who gets a short count gives the rest to write(). Raises
        trio.BrokenResourceError when the client is gone. From any task, once the body was begun.
        """
        ...

    async def write(self, data: bytes) -> None:
        """Write raw bytes, all of them, as the client takes them; one that takes none in time is cut.

        Those that wait are written in their order. Once it has begun to wait for the client it cannot be
        cancelled, as half a frame is garbage: the pace bounds it, and shutting the socket down ends it.
        Raises trio.BrokenResourceError when the client is gone. From any task, once the body was begun.
        """
        ...

    async def gone(self) -> None:
        """Return when the client has ended its side, is broken, or the answer has ended.

        What it sends meanwhile is read and dropped, some of it; a client that goes on counts as gone. In
        one task, and in place of receive(): there is one reader. It may be cancelled, and called again.
        Nothing else waits with it: no timer, task or nursery.
        """
        ...


def chunk(data: bytes) -> bytes:
    """Return the bytes as a chunk of a body (RFC 9112 section 7.1)."""
    return b"%x\r\n%b\r\n" % (len(data), data)
