"""Whether the server that is announced in a data folder is there; and the announcement of this process."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import trio

from mapsrv import __version__
from mapsrv.local.announcement import LocalServer, announce, read, withdraw
from mapsrv.local.connection import open_proven


async def find_server(data_dir: Path, *, own: str | None = None) -> LocalServer | None:
    """Return this user's running server, or None. A file left by a killed one, or a stranger on its
    port, is no server.

    `own` is where this process listens itself: who was there before has gone, and to ask it would be to
    wait for oneself.
    """
    server = await trio.to_thread.run_sync(read, data_dir)
    connection = None if server is None or server.url == own else await open_proven(server)
    if connection is None:
        return None
    connection.close()
    return server


@asynccontextmanager
async def open_announcement(data_dir: Path, url: str, secret: str) -> AsyncIterator[bool]:
    """Say in server.json where this process answers, for as long as this is open.

    Enter it when the server listens, with /local mounted. Yields False where another living server of
    this folder is announced already, or the folder cannot be written: then this one is used by its
    address alone.
    """
    server = LocalServer(url, os.getpid(), __version__, secret)
    ours = await find_server(data_dir, own=url) is None
    if ours:
        try:
            await trio.to_thread.run_sync(announce, data_dir, server)
        except OSError:
            ours = False
    try:
        yield ours
    finally:
        if ours:
            withdraw(data_dir, server)
