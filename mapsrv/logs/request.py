"""What all lines of one request have in common, wherever they are written.

It stands in a context variable, bound and unbound by who serves the request; the tasks and threads that the
request starts inherit it, and what was started before (broadcast, committer, healer) has none. It is one
object, so that whoever finds out which map is meant can say so to the line that is written last.

A map's id opens the map, so no line has it. It has 8 hex digits of a hash under a key that is drawn when the
process starts and leaves it never: they show which lines are of one map, and nobody finds the map by them.
"""

from __future__ import annotations

import secrets
from contextvars import ContextVar
from hashlib import blake2b
from typing import Any

_KEY = secrets.token_bytes(32)


class Request:
    """One request; `session_id` is the map's, once it is known."""

    __slots__ = ("client_ip", "id", "method", "route", "session_id", "transport")

    def __init__(self, id: str, transport: str, method: str, route: str, client_ip: str | None) -> None:
        self.id, self.transport, self.method, self.route = id, transport, method, route
        self.client_ip = client_ip
        self.session_id: str | None = None

    def keys(self) -> dict[str, Any]:
        """Return what its lines say of it."""
        said = {
            "request_id": self.id,
            "transport": self.transport,
            "method": self.method,
            "route": self.route,
            "client_ip": self.client_ip,
        }
        return said if self.session_id is None else {**said, "session": hashed(self.session_id)}


CURRENT: ContextVar[Request | None] = ContextVar("mapsrv.request", default=None)


def note_session(session_id: str) -> None:
    """Say which map the request that is being served is about."""
    request = CURRENT.get()
    if request is not None:
        request.session_id = session_id


def hashed(session_id: str) -> str:
    """Return what stands for a map in the log of this process."""
    return blake2b(session_id.encode("utf-8", "replace"), digest_size=4, key=_KEY).hexdigest()
