"""Prometheus' metrics of requests and streams, by transport: the ways in which callers come.

events are the pages' streams, sse MCP's older transport, mcp its newer one; commands, data and page are the
other routes, and other is what is at none of them. The series of each are there from the start.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from prometheus_client import Counter, Gauge, Histogram

from mapsrv.metrics.maps import REGISTRY

TRANSPORTS = ("events", "sse", "mcp", "commands", "data", "page", "other")
BY = ["transport"]
LIVES = (1, 5, 15, 60, 300, 900, 1800, 3600, 7200, 14400, 28800)  # seconds

CONNECTIONS = Gauge("mapsrv_sse_connections_active", "Open event streams", BY, registry=REGISTRY)
RECEIVED = Counter(
    "mapsrv_messages_received",
    "Requests that bring something (POST), taken or refused",
    BY,
    registry=REGISTRY,
)
REQUEST_SECONDS = Histogram(
    "mapsrv_request_duration_seconds",
    "From a request's head to the end of its answer; streams have a life instead",
    [*BY, "route", "status"],
    registry=REGISTRY,
)
ERRORS = Counter(
    "mapsrv_errors", "Requests that were answered by an error, by its code", [*BY, "code"], registry=REGISTRY
)
SESSION_SECONDS = Histogram(
    "mapsrv_session_duration_seconds",
    "Life of a page's stream (events) and of an MCP session (sse); on /mcp there is nothing that lives",
    BY,
    buckets=LIVES,
    registry=REGISTRY,
)
REFUSED = Counter(
    "mapsrv_refused",
    "Requests and calls turned away for now: too many, no room, stopping, or no store",
    ["code"],
    registry=REGISTRY,
)
for _transport in TRANSPORTS:
    RECEIVED.labels(_transport)
for _transport in ("events", "sse"):
    CONNECTIONS.labels(_transport)
    SESSION_SECONDS.labels(_transport)

TEMPORARY = (429, 503)  # statuses of what is turned away for now


@cache
def _received(transport: str) -> Callable[[], None]:
    return RECEIVED.labels(transport).inc


def count_received(transport: str) -> None:
    """Count a request that brings something."""
    _received(transport)()


@cache  # routes and statuses are few
def _took(transport: str, route: str, status: int) -> Callable[[float], None]:
    return REQUEST_SECONDS.labels(transport, route, str(status)).observe


def count_request(transport: str, route: str, status: int, seconds: float) -> None:
    """Count a request that was answered."""
    _took(transport, route, status)(seconds)


def count_error(transport: str, code: str, status: int) -> None:
    """Count an error that a request or a call was answered by."""
    ERRORS.labels(transport, code).inc()
    if status in TEMPORARY:
        REFUSED.labels(code).inc()
