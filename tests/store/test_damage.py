"""Damaged things: told to who asked by name, to the log by kind and seldom; half of a session is none."""

from __future__ import annotations

import logging
from hashlib import sha256

import pytest

from mapsrv.errors import StoreAway, StoreDamaged
from mapsrv.store import Component, damage
from mapsrv.store.redis import open_redis


def test_the_log_is_told_of_a_kind_once_a_minute_and_of_no_id(caplog, monkeypatch):
    now = 1000.0
    monkeypatch.setattr(damage, "_told", {})
    monkeypatch.setattr(damage.time, "monotonic", lambda: now)
    with caplog.at_level(logging.WARNING):
        for number in range(10):
            error = damage.damaged("map_log", f"map_log:{{s{number}}}", "is gone")
            assert isinstance(error, StoreDamaged) and f"{{s{number}}}" in error.message
        damage.damaged("map_meta", "map_meta:{s1}", "is gone")
        now += damage.TELL_SECONDS
        damage.damaged("map_log", "map_log:{s1}", "is gone")
    said = [(record.getMessage(), record.key, record.reason) for record in caplog.records]
    assert said == [("store=damaged", f"map_{kind}", "is gone") for kind in ("log", "meta", "log")]


def test_a_damaged_thing_is_not_a_store_that_is_away():
    assert not issubclass(StoreDamaged, StoreAway) and not issubclass(StoreAway, StoreDamaged)


async def begin(store, history):
    made = history.of("s1")
    assert await store.create("s1", made.head, now=1)
    await store.commit([made.take("k1", components={"title": Component(b"1")})])
    return made


async def test_what_is_left_of_a_session_is_neither_unknown_nor_begun_anew(redis, history):
    async with open_redis(redis.url) as store:
        await begin(store, history)
        redis.do("DEL", "map_meta:{s1}")
        with pytest.raises(StoreDamaged, match=r"map_meta:\{s1\} in Redis is gone"):
            await store.load("s1")
        assert await store.heads(["s1", "s2"]) == {"s2": None}
        assert await store.exists("s1") and not await store.exists("s2")
        assert not await store.create("s1", history.of("s1").head, now=1)


async def test_an_entry_of_another_writer_at_the_end_of_the_ring_leaves_no_half_of_a_batch(redis, history):
    async with open_redis(redis.url) as store:
        made = await begin(store, history)
        redis.do("DEL", "map_log:{s1}")
        redis.do("XADD", "map_log:{s1}", "1-0", "a", "b")
        redis.do("HSET", "map_meta:{s1}", "size", "99999999")  # so that the oldest is to fall out
        await store.commit([made.take("k2", components={"title": Component(b"2")})])
        assert redis.do("HGET", "map_meta:{s1}", "revision") == "$1\r\n2\r\n"


async def test_blobs_whose_names_are_no_text_end_nothing(redis, history):
    async with open_redis(redis.url) as store:
        await begin(store, history)
        redis.do("HSET", "map_meta:{s1}", "blobs:layer:a", b"\xff\xfe")
        await store.renew(["s1"], now=1)
        assert (await store.load("s1")).head.revision == 1


@pytest.mark.parametrize("size", [10, 2_000_000])
async def test_right_bytes_mend_wrong_ones_and_nothing_of_another_type(redis, size):
    body = b"r" * size
    name = sha256(body).hexdigest()
    async with open_redis(redis.url) as store:
        for wrong in (b"w" * size, b"w" * (size - 1), b""):
            redis.do("SET", f"map_data:{name}", wrong)
            await store.put_blob(name, body, now=1)
            assert await store.get_blob(name) == body
            assert int(redis.do("TTL", f"map_data:{name}")[1:]) > 0
        redis.do("DEL", f"map_data:{name}")
        redis.do("HSET", f"map_data:{name}", "a", "b")
        with pytest.raises(StoreDamaged, match="of another type"):
            await store.put_blob(name, body, now=1)
