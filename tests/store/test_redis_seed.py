"""A seed as it stands in Redis: what of it can be read there, and how long it is kept.

What a seed does is in test_shared_contract.py.
"""

from __future__ import annotations

import pytest

from mapsrv.core.log import Head, Position
from mapsrv.errors import StoreUnavailable
from mapsrv.store import Component, KeyRecord
from mapsrv.store.redis import open_redis
from mapsrv.store.redis.sessions import DAY
from mapsrv.store.shared import Seed

OLD = Position("old", 7, "01234567")


def seed(expect: Head | None = None, epoch: str = "new") -> Seed:
    head = Head(epoch, 7, Head.of_epoch(epoch).hash)
    keys = tuple(
        KeyRecord(f"k{n}", f"print{n}", b'{"n":%d}' % n, Head("old", n, bytes(32))) for n in range(3)
    )
    parts = {"title": Component(b'"Lakes"'), "layer:a": Component(b"{}", ("ab" * 32,))}
    return Seed("s1", expect, head, parts, keys, (OLD, Position("older", 3, "89abcdef")))


def seconds(redis, key: str) -> int:
    return int(redis.do("TTL", key).strip(":\r\n"))


async def test_where_a_seed_came_from_can_be_read_with_redis_cli(redis):
    async with open_redis(redis.url) as store:
        await store.seed(seed())
        assert "old.7.01234567 older.3.89abcdef" in redis.do("HGET", "map_meta:{s1}", "from")


async def test_a_seeded_session_is_kept_as_long_as_any(redis):
    async with open_redis(redis.url) as store:
        await store.seed(seed())
        for kind in ("meta", "state", "keys"):
            assert seconds(redis, f"map_{kind}:{{s1}}") > 29 * DAY


async def test_a_loss_is_noted_for_all_processes_and_for_a_minute(redis):
    async with open_redis(redis.url) as store, open_redis(redis.url) as other:
        await store.note_loss()
        with pytest.raises(StoreUnavailable, match="brought back"):
            await other.load("s2")
        assert 50 < seconds(redis, "map_lost") <= 60
        redis.do("DEL", "map_lost")
        assert await other.load("s2") is None
