"""Plain sockets to a real process: what is sent is every byte as it stands here."""

from __future__ import annotations

import re
import socket

SECONDS = 60.0  # of real time for one connection; what takes longest here takes the server's 5 s of rest
STATUS = re.compile(rb"HTTP/1\.1 (\d{3}) ")


def connect(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), SECONDS)


def read_all(stream: socket.socket) -> bytes:
    """Return what comes until the other side ends, by its end or by a cut."""
    data = b""
    try:
        while more := stream.recv(65_536):
            data += more
    except ConnectionError:
        pass
    return data


def read_until(stream: socket.socket, text: bytes) -> bytes:
    """Return what came until this had come."""
    data = b""
    while text not in data:
        assert (more := stream.recv(65_536)), data
        data += more
    return data


def statuses(data: bytes) -> tuple[int, ...]:
    """Return those of the answers, in their order."""
    return tuple(int(found) for found in STATUS.findall(data))


def ask(port: int, data: bytes, *, end: bool = False) -> bytes:
    """Send this, and with `end` no more than this; return all that is answered until the connection ends."""
    with connect(port) as stream:
        try:
            stream.sendall(data)
            if end:
                stream.shutdown(socket.SHUT_WR)
        except ConnectionError:
            pass  # refused before all of it was sent
        return read_all(stream)
