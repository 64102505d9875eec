"""Who may call: whoever sends one of the keys that the operator wrote into a file."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable
from pathlib import Path

from mapsrv.asgi.message import Scope, header
from mapsrv.errors import StartupError, Unauthorized


class Keys:
    """Keeps hashes: they are of one length, so that comparing them takes one time."""

    def __init__(self, keys: Iterable[str]) -> None:
        self._hashes = [_hash(key) for key in keys]

    def knows(self, scope: Scope) -> bool:
        """Return whether a request bears one of the keys."""
        hashed, known = _hash(_given(scope) or ""), False
        for one in self._hashes:  # all of them, so that the time does not tell which
            known |= hmac.compare_digest(one, hashed)
        return known

    def check(self, scope: Scope) -> None:
        """Raise Unauthorized unless a request bears one of the keys."""
        if _given(scope) is None:
            raise Unauthorized("A key is needed: send it as X-API-Key: KEY or as Authorization: Bearer KEY.")
        if not self.knows(scope):
            raise Unauthorized("This key is not known here (any more). Ask whoever runs this bridge for one.")


def read_keys(path: Path) -> Keys:
    """Return the keys of a file: one a line, # begins a comment. Raises StartupError."""
    try:
        lines = [line.strip() for line in path.read_text(encoding="utf-8").splitlines()]
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is not UTF-8"
        raise StartupError(f"The keys in {path} cannot be read: {why}.") from None
    keys = [line for line in lines if line and not line.startswith("#")]
    if not keys:
        raise StartupError(f"There is no key in {path}: write at least one, a line each.")
    for number, line in enumerate(lines, 1):
        if line in keys and not (line.isascii() and line.isprintable()):
            raise StartupError(f"The key in line {number} of {path} must be of printable ASCII characters.")
    return Keys(keys)


def _given(scope: Scope) -> str | None:
    return header(scope, "x-api-key") or _bearer(header(scope, "authorization") or "")


def _bearer(value: str) -> str | None:
    scheme, _, key = value.partition(" ")
    return key.strip() if scheme.lower() == "bearer" else None


def _hash(key: str) -> bytes:
    return hashlib.sha256(key.encode("latin-1", "replace")).digest()
