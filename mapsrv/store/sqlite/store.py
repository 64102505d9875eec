"""The store of a laptop, or of one server: a SQLite file, with SQLite's own promise on every commit.

One connection, used by one worker thread at a time, never the loop's. A call that has begun is
never abandoned: a cancelled caller's transaction is still wholly there or not at all. What is long
goes in slices, at most one of them ahead of a waiting commit.
"""

from __future__ import annotations

import math
import sqlite3
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import TypeVar, TypeVarTuple

import trio

from mapsrv.core.log import Head
from mapsrv.errors import StoreUnavailable
from mapsrv.store.lock import FileLock
from mapsrv.store.loose import Loose
from mapsrv.store.protocol import Batch, Outcome, StoredSession
from mapsrv.store.sqlite import blobs, sessions
from mapsrv.store.sqlite.file import open_file
from mapsrv.store.sqlite.watch import TORN, UNCHANGED, Database
from mapsrv.store.timed import timed

CLOSE_SECONDS = 5.0  # for the checkpoint at the end; what it leaves undone, the next opening does
RENEWED_AT_ONCE = 500  # sessions in one transaction, a few ms

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

# What happened and what to do, by SQLite's primary result code. No ids, no paths: this goes to callers.
EXPLAINED = {
    sqlite3.SQLITE_FULL: "The server's disk is full: have some room freed there, then try again.",
    sqlite3.SQLITE_IOERR: "The server's disk failed to read or write: have it checked, then try again.",
    sqlite3.SQLITE_CORRUPT: TORN,
    sqlite3.SQLITE_NOTADB: TORN,
    sqlite3.SQLITE_READONLY: "The server's file of maps became read-only: have its permissions checked.",
    sqlite3.SQLITE_CANTOPEN: "The server's folder of maps is gone or closed to it: have it put back.",
}


def explain(error: sqlite3.Error) -> StoreUnavailable:
    """Return the refusal for an error of SQLite."""
    code = getattr(error, "sqlite_errorcode", 0)  # absent where Python's own checks failed
    name = getattr(error, "sqlite_errorname", type(error).__name__)
    said = EXPLAINED.get(code & 0xFF, "The server's file of maps could not be used: try again in a moment.")
    return StoreUnavailable(f"{said} {UNCHANGED} ({name}).")


class SqliteStore:
    """A Store in one file. Made by open_sqlite."""

    durability = "disk"

    def __init__(self, database: Database, lock: FileLock) -> None:
        self.database = database
        self._file_lock = lock
        self._thread = trio.CapacityLimiter(1)
        self._slices = trio.Lock()  # held for one slice: the others wait here, and commits do not

    @property
    def trouble(self) -> str | None:
        """What is wrong with the file, as far as is known."""
        return self.database.watch.trouble

    @timed
    async def create(self, session_id: str, head: Head, *, now: float) -> bool:
        return await self._call(sessions.create, session_id, head, now)

    @timed
    async def load(self, session_id: str) -> StoredSession | None:
        return await self.slice(sessions.load, session_id)

    @timed
    async def exists(self, session_id: str) -> bool:
        return await self._call(sessions.exists, session_id)

    @timed
    async def commit(self, batches: Sequence[Batch]) -> list[Outcome]:
        return await self._call(sessions.commit, batches)

    @timed
    async def put_blob(self, name: str, body: bytes, *, now: float) -> None:
        view, n = memoryview(body), None
        for part in range(max(1, -(-len(view) // blobs.CHUNK))):
            n = await self.slice(blobs.put_part, name, now, n, part, view)
            if n is None:
                break

    @timed
    async def renew_blob(self, name: str, *, now: float) -> bool:
        return await self._call(blobs.renew, name, now)

    @timed
    async def get_blob(self, name: str) -> bytes | None:
        if (found := await self._call(blobs.find, name)) is None:
            return None
        chunks = []
        for part in range(found[1]):
            chunk = await self.slice(blobs.get_part, found[0], part)
            if chunk is None:
                return None
            chunks.append(chunk)
        # 16 MiB are joined in a few ms; bytes.join lets go of the GIL over 1 MiB, so not on the loop.
        return await trio.to_thread.run_sync(b"".join, chunks) if len(chunks) > 1 else chunks[0]

    @timed
    async def renew(self, session_ids: Collection[str], *, now: float) -> None:
        ids = list(session_ids)
        for start in range(0, len(ids), RENEWED_AT_ONCE):
            await self.slice(sessions.renew, ids[start : start + RENEWED_AT_ONCE], now)

    @timed
    async def sweep(self, *, before: float, crowded: float = -math.inf) -> tuple[int, int]:
        swept = doomed = 0
        latest = max(before, crowded)
        while forgotten := await self.slice(sessions.forget_unchanged, before):
            swept += forgotten
        loose, row = Loose(), 0
        while (found := await self.slice(blobs.look, row)) is not None:
            row = found[0]
            loose.add(found[1])
        due = loose.due(before, crowded)
        for start in range(0, len(due), blobs.LOOKED_AT):
            doomed += await self.slice(blobs.doom, due[start : start + blobs.LOOKED_AT], latest)
        while await self.slice(blobs.free, latest):
            pass
        return swept, doomed

    async def announce(self, url: str) -> None:
        """Write into the lock file where this server answers. A full disk is no reason to fail."""
        try:
            await trio.to_thread.run_sync(self._file_lock.announce, url)
        except OSError:
            pass  # the refusal of a second server then does not name it

    async def slice(self, work: Callable[[Database, *Ts], T], *args: *Ts) -> T:
        """Do a part of a long work in the thread; commits get in between. Raises StoreUnavailable."""
        async with self._slices:
            return await self._call(work, *args)

    async def _call(self, work: Callable[[Database, *Ts], T], *args: *Ts) -> T:
        try:
            return await trio.to_thread.run_sync(partial(work, self.database, *args), limiter=self._thread)
        except sqlite3.Error as error:
            refusal = explain(error)
            if refusal.message.startswith(TORN):  # its own words may hold what it read
                self.database.watch.note_damage(getattr(error, "sqlite_errorname", "unreadable"))
            raise refusal from error

    async def _close(self) -> None:
        """Checkpoint and close. Cancelled before that is done, the thread goes on alone.

        It keeps the lock until it is done or the process ends: nobody else may open a file that
        is still written to.
        """
        await trio.to_thread.run_sync(self._release, limiter=self._thread, abandon_on_cancel=True)

    def _release(self) -> None:
        try:
            self.database.close()  # of the last connection: checkpoints, and removes the WAL
        except sqlite3.Error:
            pass  # a disk that fails now: the WAL stays, and the next opening reads it
        finally:
            self._file_lock.release()


@asynccontextmanager
async def open_sqlite(target: str) -> AsyncIterator[SqliteStore]:
    """Yield the store in the file at `target`, made with its folder where missing. Raises StartupError."""
    database, lock = await trio.to_thread.run_sync(open_file, target)
    store = SqliteStore(database, lock)
    try:
        yield store
    finally:
        with trio.move_on_after(CLOSE_SECONDS, shield=True):
            await store._close()
