"""Listening sockets: where the server can be reached, and what the kernel does for it."""

from __future__ import annotations

import errno
import math
import os
import socket
import struct
import sys
from collections.abc import Sequence
from typing import Any

import trio

from mapsrv.errors import StartupError
from mapsrv.http_server.listener import Complaint, Listener
from mapsrv.http_server.pace import STALLED_SECONDS

BACKLOG = 2048  # all pages of a restarted server come within a second or two
USER_TIMEOUT_MS = round(STALLED_SECONDS * 1000)  # a peer that takes no byte for so long is gone
MAX_UNSENT = 16 * 1024  # bytes that the kernel takes ahead of what is on the line; the rest waits with us
MAX_FILES = 65_536  # descriptors; the usual soft limit of 1,024 is some thousand viewers short


Listeners = list[Listener]


class PortTaken(StartupError):
    """Another process listens there."""


async def open_listeners(host: str, port: int, *, any_port: bool = False) -> tuple[Listeners, int]:
    """Return listeners on every address of `host`, and their port; 0 is a free one. Raises StartupError.

    With any_port a free one is found where `port` is taken.
    """
    try:
        found = await trio.socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError):
        raise StartupError(f"There is no address for --host {host} on this machine.") from None
    addresses = [(family, address) for family, _type, _proto, _name, address in found]
    try:
        return _listeners(addresses, port)
    except OSError as error:
        if not (any_port and error.errno == errno.EADDRINUSE):
            kind = PortTaken if error.errno == errno.EADDRINUSE else StartupError
            raise kind(_explained(host, port, error)) from None
    return _listeners(addresses, 0)


def _listeners(addresses: Sequence[tuple[int, Any]], port: int) -> tuple[Listeners, int]:
    listeners: Listeners = []
    complaint = Complaint()
    try:
        for family, address in addresses:
            listeners.append(Listener(_listener(family, (address[0], port, *address[2:])), complaint))
            port = listeners[0].socket.getsockname()[1]
    except OSError:
        for listener in listeners:
            listener.close()
        raise
    return listeners, port


def _listener(family: int, address: tuple[object, ...]) -> socket.socket:
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setblocking(False)
    try:
        if sys.platform != "win32":  # there it would let two servers share the port
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listening.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, address[0] != "::")
        if hasattr(socket, "TCP_USER_TIMEOUT"):  # Linux; accepted sockets inherit it
            listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, USER_TIMEOUT_MS)
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # inherited, as the next is
        if hasattr(socket, "TCP_NOTSENT_LOWAT"):
            listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, MAX_UNSENT)
        listening.bind(address)
        listening.listen(BACKLOG)
    except BaseException:
        listening.close()
        raise
    return listening


def _explained(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} is taken, perhaps by another mapsrv; choose another with --port."
    if error.errno in (errno.EACCES, errno.EPERM):
        return f"This user may not listen on port {port}; choose one above 1023 with --port."
    if error.errno == errno.EADDRNOTAVAIL:
        return f"This machine does not have the address {host}; choose another with --host."
    reason = os.strerror(error.errno) if error.errno else str(error)
    return f"Cannot listen on {host}, port {port} ({reason}); choose others with --host and --port."


def raise_file_limit() -> None:
    """Let this process have as many connections as the system lets it."""
    if sys.platform == "win32":
        return
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MAX_FILES if hard == resource.RLIM_INFINITY else min(MAX_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        except (OSError, ValueError):
            pass  # some systems lie about the hard limit; then it stays as it is


def file_limit() -> float:
    """Return how many descriptors this process may have."""
    if sys.platform == "win32":
        return math.inf
    import resource

    soft, _hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    return math.inf if soft == resource.RLIM_INFINITY else soft


def unacknowledged(descriptor: int) -> int:
    """Return how many bytes the kernel holds that a socket's peer has not taken; 0 where it does not say."""
    if descriptor < 0 or not sys.platform.startswith("linux"):
        return 0
    import fcntl
    import termios

    held: int = struct.unpack("i", fcntl.ioctl(descriptor, termios.TIOCOUTQ, bytes(4)))[0]  # SIOCOUTQ
    return held
