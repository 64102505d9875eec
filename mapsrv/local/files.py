"""Files of this user alone: written whole or not at all, and believed only where nobody else could write."""

from __future__ import annotations

import os
import sys
import tempfile
from contextlib import suppress
from pathlib import Path


def write_private(path: Path, body: bytes) -> None:
    """Write a file that only this user can read, and its folder if there is none. Raises OSError."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fd, name = tempfile.mkstemp(prefix=f".{path.stem}-", suffix=path.suffix, dir=path.parent)  # mode 0600
    try:
        with os.fdopen(fd, "wb") as file:
            file.write(body)
        os.replace(name, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(name)
        raise


def make_private(path: Path, body: bytes) -> None:
    """Write a file that only this user can read where there is none, and else leave the one that is there.

    Whoever comes first has made it, whole: who reads it meanwhile sees none, or all of it. Raises OSError.
    """
    fd, name = tempfile.mkstemp(prefix=f".{path.stem}-", dir=path.parent)  # mode 0600
    try:
        with os.fdopen(fd, "wb") as file:
            file.write(body)
        with suppress(FileExistsError):
            os.link(name, path)  # refuses, as O_EXCL does, but brings the content along
    finally:
        os.unlink(name)


def read_private(path: Path, most: int) -> bytes | None:
    """Return the first bytes of a file, at most so many; None where others can read it, or made it."""
    try:
        with open(path, "rb") as file:
            about = os.fstat(file.fileno())
            if sys.platform != "win32" and (about.st_uid != os.getuid() or about.st_mode & 0o077):
                return None
            return file.read(most)
    except OSError:
        return None
