"""Prometheus counters of the bridge, each by the server's name, which is in the file of servers."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

from mapsrv.metrics.registry import new_registry

REGISTRY = new_registry()
SERVER = ["server"]

SESSIONS = Gauge("mapsrv_bridge_sessions", "Open sessions", SERVER, registry=REGISTRY)
CHILDREN = Gauge(
    "mapsrv_bridge_children", "Child processes, those that are ending too", SERVER, registry=REGISTRY
)
CHILD_MEMORY = Gauge(
    "mapsrv_bridge_child_memory_bytes", "Resident memory of all its children", SERVER, registry=REGISTRY
)
STARTS = Counter("mapsrv_bridge_child_starts", "Children started", SERVER, registry=REGISTRY)
CRASHES = Counter(
    "mapsrv_bridge_child_crashes", "Children that ended though nobody told them to", SERVER, registry=REGISTRY
)
RESTARTS = Counter(
    "mapsrv_bridge_child_restarts", "Starts of a shared child after it had ended", SERVER, registry=REGISTRY
)
CALLS = Counter(
    "mapsrv_bridge_calls",
    "Requests to a server by outcome: ok, error (its own answer), ended (it died) or left (nobody waits)",
    [*SERVER, "outcome"],
    registry=REGISTRY,
)
CALL_SECONDS = Histogram(
    "mapsrv_bridge_call_seconds", "From a request to its answer", SERVER, registry=REGISTRY
)
BYTES = Counter(
    "mapsrv_bridge_bytes", "Bytes of messages: to or from the server", [*SERVER, "way"], registry=REGISTRY
)
JUNK = Counter(
    "mapsrv_bridge_junk_lines",
    "Lines of a server that were no message for anybody",
    SERVER,
    registry=REGISTRY,
)
REFUSED = Counter(
    "mapsrv_bridge_refused", "Requests that were refused, by the error's code", ["code"], registry=REGISTRY
)


def count_refused(status: int) -> None:
    """Count a request that could not be read: no error of ours was made of it."""
    REFUSED.labels(f"http_{status}").inc()


class Meter:
    """What happens between one server and its callers. Labels are looked up once: calls are many."""

    def __init__(self, server: str) -> None:
        self.ok, self.error, self.ended, self.left = (
            CALLS.labels(server, outcome).inc for outcome in ("ok", "error", "ended", "left")
        )
        self.took = CALL_SECONDS.labels(server).observe
        self.bytes_to, self.bytes_from = (BYTES.labels(server, way).inc for way in ("to", "from"))
        self.junk = JUNK.labels(server).inc
