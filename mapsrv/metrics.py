"""Prometheus counters of the whole process; never a session id as a label."""

from __future__ import annotations

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)

REGISTRY = CollectorRegistry()

SESSIONS = Gauge("mapsrv_sessions", "Maps held in memory", registry=REGISTRY)
STREAMS = Gauge("mapsrv_streams", "Open event streams", registry=REGISTRY)
COMMANDS = Counter(
    "mapsrv_commands", "Commands by outcome: ok, or the error's code", ["outcome"], registry=REGISTRY
)
EVENTS = Counter("mapsrv_events", "Events committed", registry=REGISTRY)
COMMIT_SECONDS = Histogram("mapsrv_commit_seconds", "Time the store took for a batch", registry=REGISTRY)
BATCH_EVENTS = Histogram(
    "mapsrv_batch_events", "Events in a batch", buckets=(1, 2, 4, 8, 16, 32, 64, 128, 256), registry=REGISTRY
)
STORE_ERRORS = Counter("mapsrv_store_errors", "Store calls that failed", registry=REGISTRY)
SNAPSHOTS = Counter("mapsrv_snapshots", "Snapshots sent to streams", registry=REGISTRY)
DELIVERIES = Counter("mapsrv_deliveries", "Events sent to streams", registry=REGISTRY)
TOOL_CALLS = Counter(
    "mapsrv_tool_calls", "MCP tool calls by tool and outcome", ["tool", "outcome"], registry=REGISTRY
)


def exposition() -> tuple[bytes, str]:
    """Return the metrics in Prometheus' text format, and its content type."""
    return generate_latest(REGISTRY), CONTENT_TYPE_LATEST
