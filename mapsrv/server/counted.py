"""Requests in numbers: each is counted once, when its answer has ended, by its route and not its path."""

from __future__ import annotations

from typing import Any

from mapsrv.asgi.error_body import error_of
from mapsrv.asgi.routes import OTHER
from mapsrv.asgi.served import Served
from mapsrv.metrics.requests import count_error, count_received, count_request


def count(served: Served, scope: Any) -> None:
    """Count a request that is over."""
    if served.method == "POST":
        count_received(served.transport)
    status = served.status
    if not status:
        return  # its client left before
    error = error_of(scope) or (None if status < 400 else (f"http_{status}", status))
    if error is not None:
        count_error(served.transport, *error)
    if not served.is_stream:  # which has a life instead
        count_request(served.transport, served.route, status, served.seconds)


def count_refused(status: int) -> None:
    """Count a request that could not be read: nobody knows its route, and it took no time."""
    count_error(OTHER, f"http_{status}", status)
    count_request(OTHER, OTHER, status, 0.0)
