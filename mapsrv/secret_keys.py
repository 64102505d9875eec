"""The keys that the processes of one deployment sign by: the first signs, and all are good for verifying.

They change while the process runs: pods that share a store agree on one, and what was signed by another
before stays good. A key is one line of text, so that it may stand in a file and in Redis as it is.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence

MIN_KEY = 32  # bytes of text: 128 bits as hex, the least that nobody guesses
MAX_KEYS = 8  # those of a few rotations; each makes refusing a forgery a little slower


def new_key() -> bytes:
    """Return a key that nobody else has."""
    return secrets.token_urlsafe(32).encode("ascii")


class SecretKeys:
    """Made of keys, the one that signs first; without any, of a new one of this process's own."""

    def __init__(self, keys: Sequence[bytes] = ()) -> None:
        self._all = tuple(keys[:MAX_KEYS]) or (new_key(),)

    @property
    def all(self) -> tuple[bytes, ...]:
        """Return the keys, the one that signs first; the same tuple until there is another."""
        return self._all

    @property
    def signing(self) -> bytes:
        """Return the key that signs."""
        return self._all[0]

    def sign_by(self, key: bytes) -> None:
        """Sign by this key from now on; those that are known stay good, the newest of them."""
        if key != self.signing:
            self._all = (key, *(known for known in self._all if known != key))[:MAX_KEYS]
