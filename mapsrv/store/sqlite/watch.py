"""Whether what is open is still what stands at its path, and whole. Runs in a thread, like all of SQLite.

A file that was deleted, moved away or replaced can be written to for as long as it is open, and
nobody finds it there after a restart. SQLite does not look; so before each COMMIT the device, the
inode and the size of the database and of its WAL are compared with what they were. The files are
never opened for that: closing any descriptor of theirs would drop SQLite's own locks. What is moved
away and comes back is the same file, and the store goes on with it. A database that stays where it
is while its WAL is gone has its newest commits in no file with a name: they are saved at once.
"""

from __future__ import annotations

import logging
import os
import sqlite3
from dataclasses import dataclass

from mapsrv.errors import StoreUnavailable

GONE = "The server's file of maps is gone, or another is in its place: have it put back, then try again."
TORN = "The server's file of maps is damaged: have a copy of it put back."
UNCHANGED = "Nothing was changed"

log = logging.getLogger("mapsrv.store")


@dataclass(frozen=True, slots=True)
class Mark:
    """What a file is known by. Neither file ever shrinks: nobody here vacuums or truncates."""

    device: int
    inode: int
    size: int

    @classmethod
    def of(cls, path: str) -> Mark | None:
        """Return the mark of what is at that path, None where nothing is."""
        try:
            found = os.stat(path)
        except OSError:
            return None
        return cls(found.st_dev, found.st_ino, found.st_size)

    def is_same(self, found: Mark | None) -> bool:
        """Return whether that is the same file."""
        return found is not None and (found.device, found.inode) == (self.device, self.inode)


class Watch:
    """The files of one connection: `path` as it was given, so that a link which changes is seen too."""

    def __init__(self, path: str, wal: str) -> None:
        self._marks: dict[str, Mark] = {}
        self._path, self._wal = path, wal
        self._missing: str | None = None
        self._damaged = False

    @property
    def trouble(self) -> str | None:
        """What is wrong with the files, as far as is known, in a sentence that names none."""
        return TORN if self._damaged else GONE if self._missing else None

    def begin(self) -> None:
        """Take what is there now for what is open."""
        self._marks = {path: mark for path in (self._path, self._wal) if (mark := Mark.of(path))}

    def lost_wal(self) -> bool:
        """Return whether the database is where it was, and another WAL or none is beside it."""
        wal = self._marks.get(self._wal)
        return wal is not None and not wal.is_same(Mark.of(self._wal)) and self._is_there(self._path)

    def check(self) -> None:
        """Raise StoreUnavailable unless both files are what they were; the log is told which is not."""
        missing = next((path for path in self._marks if not self._is_there(path)), None)
        if missing != self._missing:
            self._missing = missing
            log.warning("store=gone" if missing else "store=back", extra={"file": missing or self._path})
        if missing:
            raise StoreUnavailable(f"{GONE} {UNCHANGED}.")

    def note_damage(self, what: str) -> None:
        """Remember that the file is damaged, until the end: a copy is put back under a stopped server."""
        if not self._damaged:
            self._damaged = True
            log.warning("store=damaged", extra={"file": self._path, "reason": what})

    def _is_there(self, path: str) -> bool:
        known, found = self._marks[path], Mark.of(path)
        if found is None or not known.is_same(found) or found.size < known.size:
            return False
        self._marks[path] = found
        return True


class Torn(sqlite3.DatabaseError):
    """Damage that SQLite itself does not see, told as its own is."""

    sqlite_errorcode, sqlite_errorname = sqlite3.SQLITE_CORRUPT, "SQLITE_CORRUPT"


class Database(sqlite3.Connection):
    """A connection, with what it has open."""

    watch: Watch

    def save_wal(self) -> None:
        """Bring what stands in a WAL without a name into the database, and begin another."""
        self.execute("PRAGMA journal_mode = DELETE")
        self.execute("PRAGMA journal_mode = WAL")
        self.execute("BEGIN IMMEDIATE")  # which makes the file
        self.execute("COMMIT")
        self.watch.begin()
        log.warning("store=saved", extra={"reason": "the WAL was gone"})
