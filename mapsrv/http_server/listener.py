"""A listening socket that goes on listening where no descriptor is left for a connection.

Trio's serve_listeners() would log a traceback for each of its ten tries a second, and fill a disk in the
very hour in which too many connections are the trouble.
"""

from __future__ import annotations

import errno
import logging
import math
import os

import trio

RETRY_SECONDS = 0.1  # nothing tells when a descriptor is free again; who waits, waits in the backlog
TELL_SECONDS = 1.0  # between two lines in the log
EXHAUSTED = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ENOBUFS})  # of accept(2)

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


class Listener(trio.abc.Listener[trio.SocketStream]):
    """A trio.SocketListener with patience."""

    def __init__(self, listener: trio.SocketListener, complaint: Complaint) -> None:
        self.socket = listener.socket
        self._listener, self._complaint = listener, complaint

    async def accept(self) -> trio.SocketStream:
        """Return the next connection."""
        while True:
            try:
                return await self._listener.accept()
            except OSError as error:
                if error.errno not in EXHAUSTED:
                    raise
                self._complaint.say(error)
            await trio.sleep(RETRY_SECONDS)

    async def aclose(self) -> None:
        """Stop listening."""
        await self._listener.aclose()
