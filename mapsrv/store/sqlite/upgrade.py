"""A file of an earlier release brought up to this format: copied first, then changed in one transaction.

What can happen:

- The copy fails, on a full disk for example, or the process is killed meanwhile: the file is as it was, and
  the next opening begins again. A copy that is not whole never has the copy's name.
- The process is killed in the transaction: the file is as it was, and the copy beside it.
- Somebody goes back to the earlier release: it opens the copy, once that is put in the file's place.

SQLite makes the copy, since the newest commits may stand in the WAL alone.
"""

from __future__ import annotations

import logging
import os
import sqlite3
from collections.abc import Mapping

# What leads from a format to the next one. Between 1 and 2 lies what JSON may have, and no table.
STEPS: Mapping[int, tuple[str, ...]] = {1: ()}

log = logging.getLogger("mapsrv.store")


def copy_beside(database: sqlite3.Connection, path: str, version: int) -> str:
    """Return the path of a copy of the file as it is, for its owner alone. Raises OSError, sqlite3.Error."""
    name = f"{path}.format-{version}"
    partial = f"{name}.partial"
    try:
        os.close(os.open(partial, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600))
        copy = sqlite3.connect(partial)
        try:
            database.backup(copy)
        finally:
            copy.close()
        os.replace(partial, name)
    finally:
        for rest in (partial, f"{partial}-journal", f"{partial}-wal"):
            if os.path.exists(rest):
                os.unlink(rest)
    log.warning("store=brought_up", extra={"format": version, "file": name})
    return name


def bring_up(database: sqlite3.Connection, version: int, to: int) -> None:
    """Change what has that format into one of `to`, within the caller's transaction."""
    for step in range(version, to):
        for statement in STEPS.get(step, ()):
            database.execute(statement)
    database.execute(f"PRAGMA user_version = {to}")
