"""The Lua scripts beside this file: what Redis does in one step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha1
from pathlib import Path

from mapsrv.store.redis.keys_and_values import Command


@dataclass(frozen=True, slots=True)
class Script:
    """A Lua script beside this file, and how Redis calls it."""

    source: bytes
    sha: str

    @classmethod
    def named(cls, *names: str) -> Script:
        """Return the script in NAME.lua, after those that it calls functions of."""
        source = b"".join(Path(__file__).with_name(f"{name}.lua").read_bytes() for name in names)
        return cls(source, sha1(source, usedforsecurity=False).hexdigest())

    def call(self, keys: Sequence[bytes], *args: bytes | str | int) -> Command:
        """Return the command that runs it."""
        return ("EVALSHA", self.sha, len(keys), *keys, *args)


_FILES = (
    ("create",),
    ("renewal", "renew"),
    ("renewal", "load"),
    ("news", "commit"),
    ("seed",),
    ("put",),
    ("named",),
)
CREATE, RENEW, LOAD, COMMIT, SEED, PUT, NAMED = SCRIPTS = [Script.named(*names) for names in _FILES]
MAKE_KNOWN: tuple[Command, ...] = tuple(("SCRIPT", "LOAD", s.source) for s in SCRIPTS)
