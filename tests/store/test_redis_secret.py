"""The key that pods sign by, as it stands in a real Redis."""

from __future__ import annotations

import pytest

from mapsrv.errors import StoreAway, StoreUnavailable
from mapsrv.store.redis import open_redis
from tests.store.kit import valkey


async def test_the_key_is_text_and_never_runs_out(redis: valkey.Server) -> None:
    async with open_redis(redis.url) as store:
        assert await store.secret(b"k" * 43) == b"k" * 43
    assert redis.do("GET", "map_secret").split() == ["$43", "k" * 43]
    assert redis.do("TTL", "map_secret").strip() == ":-1"


async def test_what_is_no_text_is_refused_and_the_store_is_not_away_for_that(redis: valkey.Server) -> None:
    redis.do("LPUSH", "map_secret", "x")
    async with open_redis(redis.url) as store:
        with pytest.raises(StoreUnavailable) as refused:
            await store.secret(b"k" * 43)
        assert not isinstance(refused.value, StoreAway)
    assert redis.do("LLEN", "map_secret").strip() == ":1"
