"""What tells one command from another under the same key. It is stored: what it is made of stays as it is."""

from __future__ import annotations

import hashlib
import json
from dataclasses import fields
from typing import get_args

from mapsrv.core.commands import Command

_FIELDS = {kind: tuple(field.name for field in fields(kind)) for kind in get_args(Command)}
# Not codec.dumps, which may change. What a command has was read as JSON, so nothing holds itself.
_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), check_circular=False)


def fingerprint(command: Command) -> str:
    """Return a digest of a command, whatever the order of its keys."""
    parts = {name: getattr(command, name) for name in _FIELDS[type(command)]}
    digest = hashlib.sha256(type(command).__name__.encode() + b"\0")
    digest.update(parts.pop("document", None) or b"")
    digest.update(_ENCODER.encode(parts).encode())
    return digest.hexdigest()
