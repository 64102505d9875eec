"""Where metrics are kept, one registry a program, and how they are told to who asks.

Names begin with mapsrv_, units are base units, counters end with _total; a label has few values, all of them
known here, and never an id.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from prometheus_client import (
    CollectorRegistry,
    Gauge,
    GCCollector,
    PlatformCollector,
    ProcessCollector,
    disable_created_metrics,
)
from prometheus_client.exposition import choose_encoder

from mapsrv import __version__

# When a counter began is a series more for each, which nobody asks for.
disable_created_metrics()  # type: ignore[no-untyped-call]


def new_registry() -> CollectorRegistry:
    """Return a registry with what is told of each process: memory, CPU, descriptors, collector, release."""
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)
    GCCollector(registry=registry)
    Gauge("mapsrv_build_info", "1, with the release as a label", ["version"], registry=registry).labels(
        __version__
    ).set(1)
    return registry


@contextmanager
def measured(gauge: Gauge, value: Callable[[], float]) -> Iterator[None]:
    """Have the gauge tell what `value` returns while this is open, then 0: what was measured is gone."""
    gauge.set_function(value)
    try:
        yield
    finally:
        gauge.set_function(_nothing)


def _nothing() -> float:
    return 0.0


def exposition(registry: CollectorRegistry, accept: str | None = None) -> tuple[bytes, str]:
    """Return the metrics in the format that the Accept header wants, OpenMetrics or text, and its type."""
    encode, content_type = choose_encoder(accept or "")
    return encode(registry), content_type
