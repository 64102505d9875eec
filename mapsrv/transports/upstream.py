"""The way from a stdio process to this user's server, whichever process that is at the moment.

Theory of operation. Proving a server and building a client costs more than a call, so connections are
kept; what a kept one must never do is bring a call to yesterday's server, or to a stranger:

  1. server.json says which server is this user's. It is looked at before each request (one stat; only
     a file that changed is read). A connection is used for the very server that the file names.
  2. A connection is proven on itself before it bears the secret (local/connection.py). Where the server
     was killed and its port taken, the kept connection is broken, and the new one meets the proof.
  3. A kept connection may be closed while a request is on its way by it. That says nothing about the
     server, so the request is sent again, by another: hence each must bear a key, or change nothing.
     Where a new connection breaks, the server is in trouble: Lost goes to the caller.

Requests made at once have a connection each; those that rest afterwards are bounded.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace

import trio

from mapsrv.config import Config
from mapsrv.local import LocalServer, read
from mapsrv.local.announcement import FILE_NAME
from mapsrv.local.connection import Answer, Lost, ProvenConnection, Request, open_proven
from mapsrv.local.start import ensure_server
from mapsrv.tools.caller import AGENT_HEADER, NO_FILES_HEADER, SECRET_HEADER

MAX_RESTING = 8  # connections of one assistant; more calls at once than that are rare
# Which assistant this process serves. Some hosts start it anew between two calls: they stay the same.
HOST = str(os.getppid())

Mark = tuple[int, int, int]


class Upstream:
    """Asks the server of a data folder; starts one where there is none."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._resting: list[ProvenConnection] = []
        self._mark: Mark | None = None  # of server.json, when it was read
        self._announced: LocalServer | None = None  # what it said

    async def ask(self, request: Request) -> Answer:
        """Return the answer; raises Lost and StartupError. The request may be sent more than once."""
        while (kept := await self._kept()) is not None:
            with suppress(Lost):
                return await self._by(kept, request)
        return await self._by(await self._opened(), request)

    async def ask_running(self, request: Request) -> Answer | None:
        """Return the answer of a server that runs; None where none does."""
        with suppress(Lost):
            connection = await self._kept() or await self._open_announced()
            return None if connection is None else await self._by(connection, request)
        return None

    def close(self) -> None:
        """Close the connections that rest."""
        while self._resting:
            self._resting.pop().close()

    async def _by(self, connection: ProvenConnection, request: Request) -> Answer:
        try:
            proven = {**request.headers, **self._credentials(connection.server)}
            return await connection.ask(replace(request, headers=proven))
        finally:
            if connection.is_fresh and len(self._resting) < MAX_RESTING:
                self._resting.append(connection)
            else:
                connection.close()

    def _credentials(self, server: LocalServer) -> Mapping[str, str]:
        files = {NO_FILES_HEADER: "1"} if self._config.no_files else {}
        return {SECRET_HEADER: server.secret, AGENT_HEADER: HOST, **files}

    async def _kept(self) -> ProvenConnection | None:
        """Return a connection that rests, and goes to the server that is announced now."""
        announced = await self._read()
        while self._resting:
            connection = self._resting.pop()
            if connection.server == announced and connection.is_fresh:
                return connection
            connection.close()
        return None

    async def _opened(self) -> ProvenConnection:
        found = await self._open_announced() or await open_proven(await ensure_server(self._config))
        if found is None:
            raise Lost("the server ended as soon as it was found")
        return found

    async def _open_announced(self) -> ProvenConnection | None:
        announced = await self._read()
        return None if announced is None else await open_proven(announced)

    async def _read(self) -> LocalServer | None:
        """Return what server.json says. A stat may wait for a disk; only this assistant waits with it."""
        mark = _mark(self._config.data_dir / FILE_NAME)
        if mark != self._mark or mark is None:
            # Marked as it was before it is read: what is written meanwhile is another file next time.
            self._announced = await trio.to_thread.run_sync(read, self._config.data_dir)
            self._mark = mark
        return self._announced


def _mark(path: os.PathLike[str]) -> Mark | None:
    """Return what is another for each file that is put in its place; None without one."""
    try:
        about = os.stat(path)
    except OSError:
        return None
    return about.st_ino, about.st_mtime_ns, about.st_size
