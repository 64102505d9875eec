"""Prometheus counters of the whole process, the map server's here; never a session id as a label."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

from mapsrv.metrics.registry import new_registry

REGISTRY = new_registry()

SESSIONS = Gauge("mapsrv_sessions", "Maps held in memory", registry=REGISTRY)
STREAMS = Gauge("mapsrv_streams", "Open event streams", registry=REGISTRY)
DRAINED = Counter(
    "mapsrv_streams_drained", "Streams told to drain: stopping, lifetime or newer", ["why"], registry=REGISTRY
)
IN_FLIGHT = Gauge("mapsrv_bytes_in_flight", "Bytes of bodies and documents on their way", registry=REGISTRY)
CUT = Counter(
    "mapsrv_readers_cut",
    "Connections cut that took nothing (stalled), or little under load (slow)",
    ["why"],
    registry=REGISTRY,
)
COMMANDS = Counter(
    "mapsrv_commands", "Commands by outcome: ok, or the error's code", ["outcome"], registry=REGISTRY
)
EVENTS = Counter("mapsrv_events", "Events committed", registry=REGISTRY)
COMMIT_SECONDS = Histogram("mapsrv_commit_seconds", "Time the store took for a batch", registry=REGISTRY)
BATCH_EVENTS = Histogram(
    "mapsrv_batch_events", "Events in a batch", buckets=(1, 2, 4, 8, 16, 32, 64, 128, 256), registry=REGISTRY
)
STORE_ERRORS = Counter("mapsrv_store_errors", "Store calls that failed", registry=REGISTRY)
STORE_AWAY = Gauge(
    "mapsrv_store_away", "1 while the shared store does not answer (breaker open)", registry=REGISTRY
)
CONFLICTS = Counter(
    "mapsrv_commit_conflicts", "Batches that another process had overtaken or done", registry=REGISTRY
)
RESYNCS = Counter("mapsrv_gaps_repaired", "Sessions read anew to be in step again", registry=REGISTRY)
BRANCH_COMMANDS = Gauge(
    "mapsrv_branch_commands", "Commands done while the store is away, to be decided again", registry=REGISTRY
)
DECIDED_AGAIN = Counter(
    "mapsrv_decided_again",
    "Commands of a branch decided again on the shared map: kept, known or refused",
    ["outcome"],
    registry=REGISTRY,
)
HEALING = Gauge(
    "mapsrv_healing_commands", "Commands of branches that are being decided again now", registry=REGISTRY
)
HEALING_ATTEMPTS = Counter(
    "mapsrv_healing_attempts", "Shares of a branch that were decided again, taken or not", registry=REGISTRY
)
SEEDED = Counter("mapsrv_sessions_seeded", "Lost sessions begun anew from memory", registry=REGISTRY)
SNAPSHOTS = Counter("mapsrv_snapshots", "Snapshots sent to streams", registry=REGISTRY)
DELIVERIES = Counter("mapsrv_deliveries", "Events sent to streams", registry=REGISTRY)
TOOL_CALLS = Counter(
    "mapsrv_tool_calls", "MCP tool calls by tool and outcome", ["tool", "outcome"], registry=REGISTRY
)
VIEWERS = Gauge("mapsrv_viewers", "People who have a map open here, each tab once", registry=REGISTRY)
EVENT_LAG = Histogram(
    "mapsrv_event_lag_seconds",
    "From when events of a map are there to when its last waiting reader was written to",
    buckets=(0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5),
    registry=REGISTRY,
)
STORE_SECONDS = Histogram(
    "mapsrv_store_seconds", "Time that a call of the store took, failed or not", ["call"], registry=REGISTRY
)
LOOP_LAG = Histogram(
    "mapsrv_loop_lag_seconds",
    "How late a timer of 100 ms came: for how long others waited for their turn",
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
    registry=REGISTRY,
)
