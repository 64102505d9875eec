"""What a request is called, in the log and to who asked: as its proxy calls it, or by a name of ours.

A name that a client made up would let it write into our log what it likes, and give its requests another's
name: so it is read only where a trusted proxy passes it on, and only in a form that is harmless in any log.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterable
from typing import Any

from mapsrv.asgi.trusted_proxies import TrustedProxies, only

HEADER = b"x-request-id"
MAX_ID = 128  # characters; a UUID has 36, what clouds put together some 70

_ID = re.compile(rb"[A-Za-z0-9._:+/=@~-]{1,%d}" % MAX_ID)
# W3C Trace Context, section 3.2: version, trace-id, parent-id, flags; a later version may say more.
_TRACEPARENT = re.compile(
    rb"(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(-.*)?"
)


def request_id(scope: Any, proxies: TrustedProxies) -> str:
    """Return what a request is called; asked before `proxies` read it, since then its peer is another."""
    return (told_id(scope["headers"]) if proxies.trusts(scope) else None) or new_id()


def told_id(headers: Iterable[tuple[bytes, bytes]]) -> str | None:
    """Return what a trusted proxy calls a request: its trace-id, else its X-Request-ID; None: nothing."""
    trace = _TRACEPARENT.fullmatch(only(headers, b"traceparent"))
    if trace is not None and (trace[3] is None or trace[1] != b"00"):
        return trace[2].decode()
    found = _ID.fullmatch(only(headers, HEADER))
    return None if found is None else found[0].decode()


def new_id() -> str:
    """Return a name of ours. It opens nothing, so any random number will do."""
    return f"{random.getrandbits(64):016x}"
