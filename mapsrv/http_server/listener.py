"""A listening socket that takes all who wait at once, and goes on where no descriptor is left for one.

Trio's serve_listeners() takes one connection a turn of the loop: of a crowd that comes back after a restart
the last would wait for thousands. And it would log a traceback for each of its ten tries a second, and fill a
disk in the very hour in which too many connections are the trouble.
"""

from __future__ import annotations

import errno
import logging
import math
import os
import socket
from typing import Any

import trio

BATCH = 64  # connections in one turn of the loop: some 3 ms, so that others get theirs
RETRY_SECONDS = 0.1  # nothing tells when a descriptor is free again; who waits, waits in the backlog
TELL_SECONDS = 1.0  # between two lines in the log
EXHAUSTED = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ENOBUFS})  # of accept(2)
LOST = frozenset(  # who was to be accepted is gone already (accept(2) tells of its network's trouble, too)
    {errno.ECONNABORTED, errno.EPROTO, errno.ENETDOWN, errno.ENETUNREACH, errno.EHOSTDOWN}
    | {errno.EHOSTUNREACH, errno.ENOPROTOOPT, errno.EOPNOTSUPP, errno.EPERM}
)

log = logging.getLogger("mapsrv.http")


class Complaint:
    """Says what keeps the listeners of a process from accepting; all of one process share one."""

    def __init__(self) -> None:
        self._said = -math.inf

    def say(self, error: OSError) -> None:
        """Log it, unless that was done less than TELL_SECONDS ago."""
        now = trio.current_time()
        if now - self._said >= TELL_SECONDS:
            self._said = now
            log.error(
                "No connection can be accepted (%s). New ones wait until others end; if that is often so,"
                " raise the limit of open files (ulimit -n, LimitNOFILE=).",
                os.strerror(error.errno or 0),
            )


class Listener:
    """A listening socket that does not block, and accepts all that wait, at most BATCH a turn."""

    def __init__(self, sock: socket.socket, complaint: Complaint) -> None:
        self.socket = sock
        self._complaint = complaint

    async def accept(self) -> list[tuple[socket.socket, Any]]:
        """Return the next connections, none of which blocks, with their peers' addresses."""
        while True:
            await trio.lowlevel.wait_readable(self.socket)
            accepted: list[tuple[socket.socket, Any]] = []
            error = self._accept_into(accepted)
            if accepted:
                return accepted
            if error in EXHAUSTED:
                await trio.sleep(RETRY_SECONDS)

    def _accept_into(self, accepted: list[tuple[socket.socket, Any]]) -> int | None:
        """Accept those that wait; return the number of the error that ended it, if one did."""
        while len(accepted) < BATCH:
            try:
                sock, address = self.socket.accept()
            except BlockingIOError:
                return None
            except OSError as error:
                if error.errno in EXHAUSTED:
                    self._complaint.say(error)
                elif error.errno not in LOST and not accepted:
                    raise
                return error.errno
            sock.setblocking(False)
            accepted.append((sock, address))
        return None

    def close(self) -> None:
        """Stop listening."""
        self.socket.close()
