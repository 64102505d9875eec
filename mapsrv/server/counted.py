"""Requests in numbers: each is counted once, when its answer has ended, by its route and not its path."""

from __future__ import annotations

from typing import Any

from mapsrv.asgi.error_body import error_of
from mapsrv.asgi.peer import PEER
from mapsrv.asgi.routes import STREAMS, route_of, transport_of
from mapsrv.metrics.requests import count_error, count_received, count_request


def count(scope: Any, seconds: float) -> None:
    """Count a request that has ended after so many seconds."""
    route, method = route_of(scope), scope["method"]
    transport = transport_of(route)
    if method == "POST":
        count_received(transport)
    peer = scope["extensions"].get(PEER)
    status = None if peer is None else peer.status
    if status is None:
        return  # its client left before
    error = error_of(scope) or (None if status < 400 else (f"http_{status}", status))
    if error is not None:
        count_error(transport, *error)
    if not (route in STREAMS and method == "GET" and status == 200):  # which have a life instead
        count_request(transport, route, status, seconds)
