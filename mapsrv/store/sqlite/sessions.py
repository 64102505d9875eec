"""Sessions in SQL: create, load, and the one transaction that commits batches. Runs in a thread.

Every function takes a connection that nobody else uses meanwhile, and raises sqlite3.Error.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from mapsrv.core import log
from mapsrv.core.log import Head
from mapsrv.store.protocol import Batch, Done, Entry, KeyRecord, Moved, Ok, Outcome, StoredSession, Unknown
from mapsrv.store.sqlite.file import transaction
from mapsrv.store.sqlite.watch import Database, Torn

SWEPT_AT_ONCE = 100  # sessions forgotten in one transaction, so that commits wait a few ms at most


def create(database: Database, session_id: str, head: Head, now: float) -> bool:
    """Write an empty session; False when the id is taken."""
    place = (head.epoch, head.revision, head.hash)
    with transaction(database):
        cursor = database.execute(
            "INSERT INTO sessions (id, renewed, size, epoch, revision, hash,"
            " base_epoch, base_revision, base_hash) VALUES (?, ?, 0, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (id) DO NOTHING",
            (session_id, now, *place, *place),
        )
    return cursor.rowcount == 1


def exists(database: Database, session_id: str) -> bool:
    """Return whether there is such a session."""
    return database.execute("SELECT 1 FROM sessions WHERE id = ?", (session_id,)).fetchone() is not None


def load(database: Database, session_id: str) -> StoredSession | None:
    """Return the whole session, or None. Raises Torn for rows that are not as they were written."""
    row = database.execute(
        "SELECT n, epoch, revision, hash, base_epoch, base_revision, base_hash FROM sessions WHERE id = ?",
        (session_id,),
    ).fetchone()
    try:
        return None if row is None else _stored(database, *row)
    except (KeyError, TypeError, ValueError) as error:
        raise Torn("rows that do not fit together") from error


def _stored(database: Database, n: int, *heads: Any) -> StoredSession:
    head, base = Head(*heads[:3]), Head(*heads[3:])
    components = dict(database.execute("SELECT name, value FROM components WHERE session = ?", (n,)))
    records = {
        revision: KeyRecord(key, fingerprint, answer, Head(epoch, revision, hash_))
        for revision, epoch, hash_, key, fingerprint, answer in database.execute(
            "SELECT revision, epoch, hash, key, fingerprint, answer FROM keys"
            " WHERE session = ? ORDER BY revision",
            (n,),
        )
    }
    blobs: defaultdict[int, list[str]] = defaultdict(list)
    refs = "SELECT revision, blob FROM refs WHERE session = ? AND revision > 0 ORDER BY revision, n"
    for revision, blob in database.execute(refs, (n,)):
        blobs[revision].append(blob)
    events = database.execute("SELECT revision, body FROM events WHERE session = ? ORDER BY revision", (n,))
    entries = tuple(Entry(body, records[revision], tuple(blobs[revision])) for revision, body in events)
    return StoredSession(head, components, base, entries, tuple(records.values()))


def commit(database: Database, batches: Sequence[Batch]) -> list[Outcome]:
    """Write all batches that can be written in one transaction.

    Whether a batch can be is known before its first write, so that a refused one leaves nothing.
    """
    with transaction(database):
        return [_commit(database, batch) for batch in batches]


def renew(database: Database, session_ids: Sequence[str], now: float) -> None:
    """Renew the time of sessions never changed; a sweep asks for no other's."""
    with transaction(database):
        rows = [(now, session_id) for session_id in session_ids]
        database.executemany("UPDATE sessions SET renewed = ? WHERE id = ? AND revision = 0", rows)


def forget_unchanged(database: Database, before: float) -> int:
    """Forget some sessions never changed and last renewed before then; return how many, 0 at the end."""
    with transaction(database):
        found = database.execute(
            "SELECT n FROM sessions WHERE revision = 0 AND renewed < ? LIMIT ?", (before, SWEPT_AT_ONCE)
        ).fetchall()
        # Components of an unchanged session come from a batch without events, if any does that.
        database.executemany("DELETE FROM components WHERE session = ?", found)
        database.executemany("DELETE FROM refs WHERE session = ?", found)
        database.executemany("DELETE FROM sessions WHERE n = ?", found)
    return len(found)


def _commit(database: Database, batch: Batch) -> Outcome:
    row = database.execute(
        "SELECT n, size, base_revision, epoch, revision, hash FROM sessions WHERE id = ?", (batch.session_id,)
    ).fetchone()
    if row is None:
        return Unknown()
    n, size, base, head = row[0], row[1], row[2], Head(*row[3:6])
    if records := _known(database, n, [entry.record.key for entry in batch.entries]):
        return Done(records)
    if head != batch.after:
        return Moved(head)
    if batch.entries:
        head = batch.entries[-1].record.head
        _insert(database, n, batch.entries)
        size += sum(len(entry.body) for entry in batch.entries)
        _trim(database, n, head, base, size)
    _put_components(database, n, batch)
    return Ok()


def _known(database: Database, n: int, keys: Sequence[str]) -> tuple[KeyRecord, ...]:
    """Return what is remembered of these, in their order."""
    rows = database.execute(
        "SELECT key, fingerprint, answer, epoch, revision, hash FROM keys"
        " WHERE session = ? AND key IN (SELECT value FROM json_each(?))",
        (n, json.dumps(keys)),
    )
    known = {row[0]: KeyRecord(row[0], row[1], row[2], Head(*row[3:6])) for row in rows}
    return tuple(known[key] for key in keys if key in known)


def _insert(database: Database, n: int, entries: Sequence[Entry]) -> None:
    records = [entry.record for entry in entries]
    database.executemany(
        "INSERT INTO keys (session, revision, epoch, hash, key, fingerprint, answer)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        [(n, r.head.revision, r.head.epoch, r.head.hash, r.key, r.fingerprint, r.answer) for r in records],
    )
    database.executemany(
        "INSERT INTO events (session, revision, body) VALUES (?, ?, ?)",
        [(n, entry.record.head.revision, entry.body) for entry in entries],
    )
    _refer(
        database,
        [(n, e.record.head.revision, "", i, blob) for e in entries for i, blob in enumerate(e.blobs)],
    )


def _refer(database: Database, rows: Sequence[tuple[int, int, str, int, str]]) -> None:
    database.executemany(
        "INSERT INTO refs (session, revision, component, n, blob) VALUES (?, ?, ?, ?, ?)", rows
    )


def _trim(database: Database, n: int, head: Head, base: int, size: int) -> None:
    """Write the new head, and let the oldest events and keys fall out. `base` is a revision."""
    first = base
    for revision, length in database.execute(
        "SELECT revision, length(body) FROM events WHERE session = ? ORDER BY revision", (n,)
    ):
        if head.revision - base <= log.MAX_EVENTS and size <= log.MAX_BYTES:
            break
        base, size = revision, size - length
    database.execute(
        "UPDATE sessions SET size = ?, epoch = ?, revision = ?, hash = ? WHERE n = ?",
        (size, head.epoch, head.revision, head.hash, n),
    )
    if base != first:
        # Its key is still there, since more keys are kept than events.
        database.execute(
            "UPDATE sessions SET (base_epoch, base_revision, base_hash) ="
            " (SELECT epoch, revision, hash FROM keys WHERE session = n AND revision = ?) WHERE n = ?",
            (base, n),
        )
        database.execute("DELETE FROM events WHERE session = ? AND revision <= ?", (n, base))
        database.execute("DELETE FROM refs WHERE session = ? AND revision BETWEEN 1 AND ?", (n, base))
    forgotten = head.revision - log.MAX_KEYS
    database.execute("DELETE FROM keys WHERE session = ? AND revision <= ?", (n, forgotten))


def _put_components(database: Database, n: int, batch: Batch) -> None:
    for name, part in batch.components.items():
        database.execute("DELETE FROM refs WHERE session = ? AND revision = 0 AND component = ?", (n, name))
        if part.value is None:
            database.execute("DELETE FROM components WHERE session = ? AND name = ?", (n, name))
            continue
        database.execute(
            "INSERT INTO components (session, name, value) VALUES (?, ?, ?)"
            " ON CONFLICT (session, name) DO UPDATE SET value = excluded.value",
            (n, name, part.value),
        )
        _refer(database, [(n, 0, name, i, blob) for i, blob in enumerate(part.blobs)])
