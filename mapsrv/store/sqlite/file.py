"""The database file: how it is locked, opened, laid out, and refused. Runs in a thread, at startup.

Two locks: the file beside it (PATH.lock) names its holder; SQLite's own exclusive lock holds even
where the same file is reached by another name. Every refusal is a StartupError in one sentence.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from mapsrv.errors import StartupError
from mapsrv.store.lock import FileLock, Locked
from mapsrv.store.protocol import FORMAT
from mapsrv.store.sqlite.upgrade import bring_up, copy_beside
from mapsrv.store.sqlite.watch import Database, Watch

APPLICATION_ID = 0x4D415053  # "MAPS" in the file's header: a database of someone else is never touched
LOOKED_AT_START = 64 * 1024 * 1024  # bytes, a second of reading; in a larger file damage is found when met
ELSEWHERE = "or choose another file with --store sqlite:PATH"

# FULL: an OK survives a power cut; on macOS only fullfsync reaches the platter. secure_delete would
# rewrite all that a sweep frees.
PRAGMAS = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
PRAGMA fullfsync = ON;
PRAGMA checkpoint_fullfsync = ON;
PRAGMA secure_delete = OFF;
"""

# A head is (epoch, revision, hash). `base` is the head before the oldest kept event, `size` the bytes
# of the kept bodies. `keys` outlive `events`. In `refs` revision 0 means a component's. A blob that is
# not whole is being written, or being swept: to readers it is not there.
SCHEMA = f"""
CREATE TABLE sessions (
    n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, renewed REAL NOT NULL, size INTEGER NOT NULL,
    epoch TEXT NOT NULL, revision INTEGER NOT NULL, hash BLOB NOT NULL,
    base_epoch TEXT NOT NULL, base_revision INTEGER NOT NULL, base_hash BLOB NOT NULL);
CREATE INDEX sessions_unchanged ON sessions (renewed) WHERE revision = 0;
CREATE TABLE components (
    session INTEGER NOT NULL, name TEXT NOT NULL, value BLOB NOT NULL, PRIMARY KEY (session, name));
CREATE TABLE events (
    session INTEGER NOT NULL, revision INTEGER NOT NULL, body BLOB NOT NULL, PRIMARY KEY (session, revision));
CREATE TABLE keys (
    session INTEGER NOT NULL, revision INTEGER NOT NULL, epoch TEXT NOT NULL, hash BLOB NOT NULL,
    key TEXT NOT NULL, fingerprint TEXT NOT NULL, answer BLOB NOT NULL, PRIMARY KEY (session, revision));
CREATE UNIQUE INDEX keys_by_key ON keys (session, key);
CREATE TABLE refs (
    session INTEGER NOT NULL, revision INTEGER NOT NULL, component TEXT NOT NULL, n INTEGER NOT NULL,
    blob TEXT NOT NULL, PRIMARY KEY (session, revision, component, n)) WITHOUT ROWID;
CREATE INDEX refs_by_blob ON refs (blob);
CREATE TABLE blobs (
    n INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, renewed REAL NOT NULL, whole INTEGER NOT NULL);
CREATE UNIQUE INDEX blobs_whole ON blobs (name) WHERE whole = 1;
CREATE INDEX blobs_partial ON blobs (renewed) WHERE whole = 0;
CREATE TABLE chunks (
    blob INTEGER NOT NULL, n INTEGER NOT NULL, body BLOB NOT NULL, PRIMARY KEY (blob, n));
PRAGMA application_id = {APPLICATION_ID};
PRAGMA user_version = {FORMAT};
"""


@contextmanager
def transaction(database: Database) -> Iterator[None]:
    """All of the block, durably, in the file that stands at its path, or nothing of it.

    Raises sqlite3.Error and StoreUnavailable after rolling back.
    """
    if database.in_transaction:  # a ROLLBACK that failed, on a disk that failed
        database.execute("ROLLBACK")
    if database.watch.lost_wal():
        database.save_wal()
    database.execute("BEGIN IMMEDIATE")
    try:
        yield
        database.watch.check()
        database.execute("COMMIT")
    except BaseException:
        if database.in_transaction:  # SQLite has rolled back by itself after some errors
            database.execute("ROLLBACK")
        raise


def open_file(path: str) -> tuple[Database, FileLock]:
    """Return the locked, laid out database at `path`, made where missing. Raises StartupError."""
    given = os.path.abspath(path)
    path = os.path.realpath(path)  # so that every link to the file means the same lock
    if os.path.isdir(path):
        raise StartupError(f"{path} is a folder: name a file in it, as in sqlite:{path}/maps.sqlite.")
    lock = _lock(path)
    try:
        return _connect(path, Watch(given, f"{path}-wal")), lock
    except BaseException:
        lock.release()
        raise


def _lock(path: str) -> FileLock:
    folder = os.path.dirname(path)
    try:
        os.makedirs(folder, mode=0o700, exist_ok=True)
        return FileLock(f"{path}.lock")
    except Locked as error:
        raise StartupError(
            f"The maps in {path} are open in another mapsrv ({error.holder}):"
            f" use that one, stop it, {ELSEWHERE}."
        ) from error
    except OSError as error:
        raise StartupError(
            f"Nothing can be written in the folder {folder} ({error.strerror}):"
            f" make it writable, {ELSEWHERE}."
        ) from error


def _connect(path: str, watch: Watch) -> Database:
    try:
        # SQLite would make the file 0644; its companions take the mode of the file.
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        # Each call may come from another worker thread, but never two at once.
        database = sqlite3.connect(
            path, timeout=0, isolation_level=None, check_same_thread=False, factory=Database
        )
        database.watch = watch
        try:
            _prepare(database, path)
        except BaseException:
            database.close()
            raise
        return database
    except (sqlite3.Error, OSError) as error:
        raise StartupError(_refusal(path, error)) from error


def _prepare(database: Database, path: str) -> None:
    """Check whose database this is before anything is written to it, then lay it out if it is new."""
    # Before the first access in WAL mode, so that its index lives on the heap, with no -shm file.
    database.execute("PRAGMA locking_mode = EXCLUSIVE")
    tables = database.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    owner = database.execute("PRAGMA application_id").fetchone()[0]
    version = database.execute("PRAGMA user_version").fetchone()[0]
    if tables and owner != APPLICATION_ID:
        raise StartupError(f"{path} is the database of another program: move it away, {ELSEWHERE}.")
    if version > FORMAT:
        raise StartupError(
            f"The maps in {path} were written by a newer mapsrv (format {version}, this one reads {FORMAT}):"
            f" start that one, {ELSEWHERE}."
        )
    database.executescript(PRAGMAS)
    earlier = tables and version < FORMAT
    if earlier:
        copy_beside(database, path, version)
    with transaction(database):  # takes the exclusive lock even where nothing is to be written
        if not tables:
            for statement in SCHEMA.split(";"):
                database.execute(statement)
        elif earlier:
            bring_up(database, version, FORMAT)
    database.watch.begin()
    _look(database, path)


def _look(database: Database, path: str) -> None:
    """Note damage that is there from the start. What is whole can still be read, so that is no refusal."""
    if os.stat(path).st_size > LOOKED_AT_START:
        return
    try:
        found = database.execute("PRAGMA quick_check(1)").fetchone()[0]
    except sqlite3.DatabaseError as error:
        found = str(error)
    if found != "ok":
        database.watch.note_damage(found)


def _refusal(path: str, error: sqlite3.Error | OSError) -> str:
    """Return the sentence for stderr."""
    if isinstance(error, OSError):
        return f"The file {path} cannot be written ({error.strerror}): make it writable, {ELSEWHERE}."
    match getattr(error, "sqlite_errorcode", 0) & 0xFF:
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return f"Another program has {path} open: close it there, {ELSEWHERE}."
        case sqlite3.SQLITE_NOTADB | sqlite3.SQLITE_CORRUPT:
            return f"{path} is damaged, or no database: put back a copy, move it away, {ELSEWHERE}."
        case sqlite3.SQLITE_FULL:
            return f"The disk with {path} is full: free some room, {ELSEWHERE}."
    return f"The file {path} cannot be used ({error}): check its disk and permissions, {ELSEWHERE}."
