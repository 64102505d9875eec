"""HTTP/1.1 and nothing else: h11, below Hypercorn's protocol, with what it lets through refused.

Without TLS nobody needs HTTP/2, which browsers speak over TLS alone; there a peer says how much it takes, so
one that takes nothing holds memory and the shutdown. Nor is there a WebSocket here. And a request whose
end a proxy before us may see in another place than we do is refused, as its rest could be another's.
"""

from __future__ import annotations

import h11

_LENGTH, _CODING, _UPGRADE = b"content-length", b"transfer-encoding", b"upgrade"
_ORIGIN = b"origin"  # RFC 6454 section 7.3 has one at most; of two the guard would judge the first alone


class Http1(h11.Connection):
    """The server's side of one connection."""

    def _extract_next_receive_event(self) -> h11.Event | type[h11.NEED_DATA] | type[h11.PAUSED]:
        # Here and not in next_event(): h11 waits for our answer, and reads nothing before it, once it has
        # itself seen an Upgrade; and what is raised here makes it refuse all that comes after.
        event = super()._extract_next_receive_event()
        return _checked(event) if isinstance(event, h11.Request) else event


def _checked(request: h11.Request) -> h11.Request:
    """Return the request without its Upgrade, which a server may ignore (RFC 9110 section 7.8)."""
    version = request.http_version
    if not version.startswith(b"1."):
        raise h11.RemoteProtocolError(f"no HTTP/1: {version!r}")  # among them HTTP/2's preface
    names = [name for name, _value in request.headers]
    if names.count(_ORIGIN) > 1:
        raise h11.RemoteProtocolError("two Origin headers")  # h11 does the same for two of Host
    if _CODING in names and (_LENGTH in names or version == b"1.0"):
        raise h11.RemoteProtocolError("its end is in two places")  # RFC 9112 section 6.1
    if _UPGRADE not in names:
        return request
    headers = [(name, value) for name, value in request.headers.raw_items() if name.lower() != _UPGRADE]
    return h11.Request(method=request.method, headers=headers, target=request.target, http_version=version)
