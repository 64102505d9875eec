"""The stores under test, and a history that makes real chains of events for them."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from mapsrv.core.log import Head
from mapsrv.store import Batch, Component, Entry, KeyRecord, Store
from mapsrv.store.memory import open_memory
from mapsrv.store.redis import open_redis
from mapsrv.store.sqlite import open_sqlite
from tests.store.kit import valkey

# A later store joins the contract here. Each takes a folder and a function that starts a Redis.
STORES = {
    "memory": lambda folder, redis: open_memory(),
    "sqlite": lambda folder, redis: open_sqlite(str(folder / "maps.sqlite")),
    "redis": lambda folder, redis: open_redis(redis().url),
}


@dataclass
class History:
    """What a pod would send of one session: each batch follows the last one that was taken."""

    session_id: str
    head: Head

    @classmethod
    def of(cls, session_id: str) -> History:
        return cls(session_id, Head.of_epoch(f"epoch of {session_id}"))

    def batch(
        self,
        *keys: str,
        size: int = 2,
        blobs: tuple[str, ...] = (),
        components: Mapping[str, Component] | None = None,
    ) -> Batch:
        """The batch of one event a key; its bodies have `size` bytes. Does not move this history."""
        head, entries = self.head, []
        for key in keys:
            body = f"{key:<{size}}".encode()[:size]
            head = head.next(key, body)
            record = KeyRecord(key, f"print of {key}", b'{"a":"\xc3\xa9"}', head)
            entries.append(Entry(body, record, blobs))
        return Batch(self.session_id, self.head, tuple(entries), components or {})

    def take(self, *args: object, **kwargs: object) -> Batch:
        """The same, and this history moves on."""
        made = self.batch(*args, **kwargs)  # type: ignore[arg-type]
        self.head = made.entries[-1].record.head
        return made


@pytest.fixture(scope="session")
def history() -> type[History]:
    return History


@pytest.fixture(scope="session")
def shared_redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[valkey.Server]:
    binary = os.environ.get("MAPSRV_TEST_REDIS")
    with valkey.running(tmp_path_factory.mktemp("redis"), binary=binary) as server:
        yield server


@pytest.fixture
def redis(shared_redis: valkey.Server) -> valkey.Server:
    """A real server with nothing in it. MAPSRV_TEST_REDIS names the binary of another release."""
    shared_redis.do("FLUSHALL")
    shared_redis.do("SCRIPT", "FLUSH")
    return shared_redis


@pytest.fixture(params=sorted(STORES))
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    async with STORES[request.param](tmp_path, lambda: request.getfixturevalue("redis")) as opened:
        yield opened
