"""The lock file beside a store's file: one server at a time, and who that is.

The lock is the kernel's, so it is free the moment its holder is gone, kill -9 included. The file
itself stays when the lock goes: were it unlinked, two servers could each lock their own copy.
What it says is for people and for `mapsrv stdio`; it proves nothing once the lock is free.
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass

if sys.platform == "win32":
    import msvcrt

    # Windows locks bytes, and nobody else can read those: lock one far behind the text.
    _FAR = 1 << 30

    def _lock(fd: int) -> None:
        os.lseek(fd, _FAR, os.SEEK_SET)
        try:
            msvcrt.locking(fd, msvcrt.LK_NBLCK, 1)
        except PermissionError as error:  # what Windows says of a byte that another process locked
            raise BlockingIOError(*error.args) from error

else:
    import fcntl

    def _lock(fd: int) -> None:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)


MAX_TEXT = 4096  # bytes of a lock file that are read; a pid and a URL are far fewer


@dataclass(frozen=True, slots=True)
class Holder:
    """The server that has the lock, as far as it has said; `url` is where it answers."""

    pid: int | None = None
    url: str | None = None

    def __str__(self) -> str:
        known = [f"process {self.pid}" if self.pid else "", f"at {self.url}" if self.url else ""]
        return ", ".join(part for part in known if part) or "its process is not known"


class Locked(Exception):
    """Another process has the lock."""

    def __init__(self, holder: Holder) -> None:
        super().__init__(str(holder))
        self.holder = holder


class FileLock:
    """A held lock. The file descriptor is not inherited, so no child process keeps the lock alive."""

    def __init__(self, path: str) -> None:
        """Take the lock at `path`. Raises Locked, or OSError when the file cannot be made or locked."""
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            _lock(self._fd)
            self.announce(None)
        except BlockingIOError:
            os.close(self._fd)
            raise Locked(read_holder(path)) from None
        except BaseException:
            os.close(self._fd)
            raise

    def announce(self, url: str | None) -> None:
        """Write who holds the lock, and where it answers. Raises OSError."""
        self._write(json.dumps({"pid": os.getpid(), "url": url}).encode())

    def release(self) -> None:
        """Give the lock up. Raises nothing: closing the descriptor frees it in any case."""
        try:
            self._write(b"")
        except OSError:
            pass  # a full disk: the text goes stale, and nobody believes it without the lock
        finally:
            os.close(self._fd)

    def _write(self, text: bytes) -> None:
        os.lseek(self._fd, 0, os.SEEK_SET)
        os.ftruncate(self._fd, 0)
        os.write(self._fd, text)


def read_holder(path: str) -> Holder:
    """Return what the holder of the lock at `path` has written; an empty Holder where it is not readable.

    The text may be stale, or not written yet: ask the URL before relying on it.
    """
    try:
        with open(path, "rb") as file:
            said = json.loads(file.read(MAX_TEXT))
    except (OSError, ValueError):
        return Holder()
    if not isinstance(said, dict):
        return Holder()
    pid, url = said.get("pid"), said.get("url")
    return Holder(pid if isinstance(pid, int) else None, url if isinstance(url, str) else None)
