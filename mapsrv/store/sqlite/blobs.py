"""Blobs in SQL, by chunks: no call touches more than a few, so commits get in between. Runs in a thread.

A blob is seen only when it is whole. One being written, or swept, is a row with whole = 0; what a
crash or a cancelled caller leaves of it is found by the next sweep. Functions raise sqlite3.Error.
"""

from __future__ import annotations

from collections.abc import Sequence

from mapsrv.errors import StoreUnavailable
from mapsrv.store.loose import Found
from mapsrv.store.sqlite.file import transaction
from mapsrv.store.sqlite.watch import Database

CHUNK = 512 * 1024  # bytes; read in under 1 ms, written in a few
LOOKED_AT = 500  # blobs a sweep looks at in one transaction
FREED_AT_ONCE = 8  # chunks freed in one transaction


def put_part(
    database: Database, name: str, now: float, n: int | None, part: int, body: memoryview
) -> int | None:
    """Write chunk `part` of a blob, the last one publishing it. Return the row to go on with.

    `n` is the row that part 0 returned; None from there means: it is there already, and renewed.
    """
    with transaction(database):
        if n is None:
            if renew_now(database, name, now):
                return None
            n = database.execute(
                "INSERT INTO blobs (name, renewed, whole) VALUES (?, ?, 0)", (name, now)
            ).lastrowid
        chunk = body[part * CHUNK : (part + 1) * CHUNK]
        if not database.execute(
            "INSERT INTO chunks (blob, n, body) SELECT n, ?, ? FROM blobs WHERE n = ?", (part, chunk, n)
        ).rowcount:
            raise StoreUnavailable("Writing the data took so long that it was swept away: send it again.")
        # When another writer was quicker, his is renewed and ours is left to the sweep.
        if (part + 1) * CHUNK >= len(body) and not renew_now(database, name, now):
            database.execute("UPDATE blobs SET whole = 1 WHERE n = ?", (n,))
    return n


def renew(database: Database, name: str, now: float) -> bool:
    """Renew the time of a blob; False when there is none."""
    with transaction(database):
        return renew_now(database, name, now)


def renew_now(database: Database, name: str, now: float) -> bool:
    """The same, within a transaction. A clock that is set back must not age what is in use."""
    cursor = database.execute(
        "UPDATE blobs SET renewed = max(renewed, ?) WHERE name = ? AND whole = 1", (now, name)
    )
    return cursor.rowcount == 1


def find(database: Database, name: str) -> tuple[int, int] | None:
    """Return the row of a whole blob and its number of chunks, or None."""
    row: tuple[int, int] | None = database.execute(
        "SELECT n, (SELECT max(n) + 1 FROM chunks WHERE blob = blobs.n) FROM blobs"
        " WHERE name = ? AND whole = 1",
        (name,),
    ).fetchone()
    return row


def get_part(database: Database, n: int, part: int) -> bytes | None:
    """Return a chunk, or None when the blob was swept meanwhile."""
    row = database.execute("SELECT body FROM chunks WHERE blob = ? AND n = ?", (n, part)).fetchone()
    return None if row is None else row[0]


def look(database: Database, above: int) -> tuple[int, list[Found]] | None:
    """Return the last of the next rows, and those of them that nothing refers to; None at the end."""
    rows = database.execute(
        "SELECT n, renewed, CASE WHEN whole = 1 AND NOT EXISTS (SELECT 1 FROM refs WHERE blob = blobs.name)"
        " THEN (SELECT c.n * ? + length(c.body) FROM chunks c WHERE c.blob = blobs.n ORDER BY c.n DESC) END"
        " FROM blobs WHERE n > ? ORDER BY n LIMIT ?",
        (CHUNK, above, LOOKED_AT),
    ).fetchall()
    loose = [(renewed, n, size) for n, renewed, size in rows if size is not None]
    return (rows[-1][0], loose) if rows else None


def doom(database: Database, rows: Sequence[int], before: float) -> int:
    """Take blobs out of sight, and return how many; not what was renewed or referred to since it was found.

    Checked and done in one transaction, so that no commit can refer to a blob in between.
    """
    with transaction(database):
        return database.executemany(
            "UPDATE blobs SET whole = 0 WHERE n = ? AND whole = 1 AND renewed < ?"
            " AND NOT EXISTS (SELECT 1 FROM refs WHERE blob = blobs.name)",
            [(n, before) for n in rows],
        ).rowcount


def free(database: Database, before: float) -> bool:
    """Free some chunks of the blobs that are not whole; False when nothing is left to do."""
    with transaction(database):
        freed = database.execute(
            "DELETE FROM chunks WHERE rowid IN (SELECT chunks.rowid FROM blobs JOIN chunks ON blob = blobs.n"
            " WHERE whole = 0 AND renewed < ? LIMIT ?)",
            (before, FREED_AT_ONCE),
        ).rowcount
        if not freed:
            database.execute("DELETE FROM blobs WHERE whole = 0 AND renewed < ?", (before,))
    return freed > 0
