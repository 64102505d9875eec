"""The servers of the parts about many pods: mapsrv on any store, and a naive design on the same Redis."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.bench.targets import mapsrv, process_id, rival
from tests.e2e.kit.server import Server
from tests.store.kit import valkey


@contextmanager
def open_redis() -> Iterator[valkey.Server]:
    """Run a valkey-server of its own, which writes nothing to disk."""
    with tempfile.TemporaryDirectory(prefix="mapsrv-bench-") as folder:
        with valkey.running(Path(folder)) as redis:
            yield redis


@contextmanager
def pod_on(store: str) -> Iterator[Server]:
    """Run mapsrv on memory, sqlite or redis, with nothing in the store."""
    if store == "redis":
        with open_redis() as redis, mapsrv("--store", redis.url) as server:
            yield server
    else:
        with mapsrv(*(("--store", "memory:") if store == "memory" else ())) as server:
            yield server


@dataclass(frozen=True, slots=True)
class Pod:
    """One process of those that share a Redis. new_map() returns the id of a map."""

    port: int
    pid: int
    new_map: Callable[[], str]


@contextmanager
def mapsrv_pod(redis: valkey.Server) -> Iterator[Pod]:
    """Run mapsrv on this Redis."""
    with mapsrv("--store", redis.url) as server:
        yield Pod(server.port, process_id(server), server.new_map)


@contextmanager
def naive_pod(redis: valkey.Server) -> Iterator[Pod]:
    """Run the naive design on this Redis; a map begins with its first command."""
    names = iter(range(1_000_000))
    with rival("shared", redis.url) as (port, pid):
        yield Pod(port, pid, lambda: f"map-{next(names)}")


MAKES = {"mapsrv": mapsrv_pod, "naive": naive_pod}  # a pod, by its kind
