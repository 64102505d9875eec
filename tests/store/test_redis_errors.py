"""A Redis that stalls, dies, forgets, is full, or holds what mapsrv never wrote."""

from __future__ import annotations

import json
import time

import pytest
import trio

from mapsrv.errors import StoreAway, StoreUnavailable
from mapsrv.store import FORMAT, Component, Done, Ok, Refused
from mapsrv.store.redis import RedisStore, open_redis
from mapsrv.store.redis.client import OPEN_SECONDS
from tests.store.kit import valkey

BLOB = "ab" * 32


@pytest.fixture
def own_redis(tmp_path):
    with valkey.running(tmp_path / "own") as server:
        yield server


async def begin(store, history, session_id="s1"):
    made = history.of(session_id)
    assert await store.create(session_id, made.head, now=1)
    return made


async def answering(store: RedisStore) -> None:
    """Wait until the breaker has let a call through."""
    with trio.fail_after(5):
        while True:
            try:
                await store.identity()
                return
            except StoreUnavailable:
                await trio.sleep(OPEN_SECONDS / 4)


async def test_while_nothing_answers_callers_are_refused_at_once(own_redis):
    async with open_redis(own_redis.url) as store:
        own_redis.stall()
        try:
            with pytest.raises(StoreUnavailable, match="in time"):
                await store.exists("s1")
            for _ in range(100):
                with pytest.raises(StoreAway, match="Nothing was sent") as refusal:
                    await store.exists("s1")
            assert refusal.value.retry_after == 1
        finally:
            own_redis.go_on()
        await answering(store)
        assert not await store.exists("s1")


async def test_a_stall_is_noticed_within_a_second_and_what_was_sent_is_done_once(own_redis, history):
    async with open_redis(own_redis.url) as store:
        made = await begin(store, history)
        batch = made.take("k1")
        own_redis.stall()
        try:
            start = time.monotonic()
            with pytest.raises(StoreUnavailable, match="in time.*not known whether"):
                await store.commit([batch])
            assert time.monotonic() - start < 1.5
        finally:
            own_redis.go_on()
        await answering(store)
        answer = await store.commit([batch])
        assert answer in ([Done((batch.entries[0].record,))], [Ok()])
        assert (await store.load("s1")).log == batch.entries
        assert await store.commit([made.take("k2")]) == [Ok()]


async def test_whoever_waits_in_line_behind_a_stall_waits_no_longer_than_the_first(own_redis, history):
    async with open_redis(own_redis.url) as store:
        made, refused = await begin(store, history), 0

        async def one(n: int) -> None:
            nonlocal refused
            try:
                await store.commit([made.batch(f"k{n}")])
            except StoreUnavailable:
                refused += 1

        own_redis.stall()
        try:
            start = time.monotonic()
            async with trio.open_nursery() as nursery:
                for n in range(100):
                    nursery.start_soon(one, n)
            assert refused == 100
            assert time.monotonic() - start < 3
        finally:
            own_redis.go_on()
        await answering(store)
        await store.load("s1")


async def test_a_redis_that_dies_is_unavailable_and_one_that_is_back_is_used(tmp_path, history):
    with valkey.running(tmp_path / "first") as first:
        async with open_redis(first.url) as store:
            made = await begin(store, history)
            first.kill()
            for _ in range(2):
                with pytest.raises(StoreUnavailable, match="cannot be reached"):
                    await store.commit([made.batch("k1")])
            with valkey.running(tmp_path / "second", port=first.port):
                await answering(store)
                assert await store.create("s1", made.head, now=1)
                assert await store.commit([made.take("k1")]) == [Ok()]


async def test_a_redis_that_forgot_the_scripts_gets_them_again_and_nothing_is_done_twice(redis, history):
    async with open_redis(redis.url) as store:
        made = [await begin(store, history, f"s{i}") for i in range(3)]
        redis.do("SCRIPT", "FLUSH")
        assert await store.commit([one.take("k1", "k2") for one in made]) == [Ok()] * 3
        redis.do("SCRIPT", "FLUSH")
        assert [(await store.load(one.session_id)).head for one in made] == [one.head for one in made]


async def test_a_full_redis_refuses_all_and_half_of_nothing_is_written(own_redis, history):
    async with open_redis(own_redis.url) as store:
        made = await begin(store, history)
        await store.commit([made.take("k1", components={"title": Component(b"1")})])
        before = await store.load("s1")
        own_redis.do("CONFIG", "SET", "maxmemory", "1")
        with pytest.raises(StoreUnavailable, match="no memory left"):
            await store.commit([made.batch("k2", components={"title": Component(b"2")})])
        with pytest.raises(StoreUnavailable, match="no memory left"):
            await store.put_blob(BLOB, b"x" * 2_000_000, now=1)
        assert await store.load("s1") == before
        own_redis.do("CONFIG", "SET", "maxmemory", "0")
        assert await store.commit([made.take("k2")]) == [Ok()]


KINDS = ["meta", "state", "log", "keys"]


def content(redis, session_id: str) -> list[list[str]]:
    """All that stands under a session's keys, whatever its type; a hash comes in any order."""
    keys = [f"map_{kind}:{{{session_id}}}" for kind in KINDS]
    reads = ("GET",), ("HGETALL",), ("XRANGE", "-", "+")
    return [sorted(redis.do(read, key, *rest).split("\r\n")) for key in keys for read, *rest in reads]


@pytest.mark.parametrize("kind", KINDS)
async def test_a_key_of_another_type_refuses_its_session_and_the_others_live_on(redis, history, kind):
    async with open_redis(redis.url) as store:
        bad, good = await begin(store, history, "bad"), await begin(store, history, "good")
        await store.commit([bad.take("k1", components={"title": Component(b"1")})])
        redis.do("SET", f"map_{kind}:{{bad}}", "mine")
        before = content(redis, "bad")
        second = bad.batch("k2", components={"title": Component(b"2")})
        refused, other = await store.commit([second, good.take("k1")])
        assert isinstance(refused, Refused) and "{bad}" in refused.error.message
        assert other == Ok()
        with pytest.raises(StoreUnavailable, match=rf"map_{kind}:\{{bad\}} in Redis"):
            await store.load("bad")
        assert content(redis, "bad") == before
        assert (await store.load("good")).head == good.head
        await store.renew(["bad", "good"], now=1)


def spoil_event(redis) -> None:
    redis.do("DEL", "map_log:{s1}")
    redis.do("XADD", "map_log:{s1}", "1-0", "key", "k1", "body", "b")


SPOILT = {
    "a log entry that does not parse": ("log", spoil_event),
    "a log that is gone": ("log", lambda redis: redis.do("DEL", "map_log:{s1}")),
    "a state that is gone": ("state", lambda redis: redis.do("DEL", "map_state:{s1}")),
    "a key's record": ("keys", lambda redis: redis.do("HSET", "map_keys:{s1}", "key:k1", "{")),
    "a key's record of lists": ("keys", lambda redis: redis.do("HSET", "map_keys:{s1}", "key:k1", "[]")),
    "a key too many": ("keys", lambda redis: redis.do("HSET", "map_keys:{s1}", "key:x", "{}")),
    "a hash": ("meta", lambda redis: redis.do("HSET", "map_meta:{s1}", "hash", "zz")),
    "a revision": ("meta", lambda redis: redis.do("HSET", "map_meta:{s1}", "revision", "x")),
    "a field that is gone": ("meta", lambda redis: redis.do("HDEL", "map_meta:{s1}", "base")),
    "an epoch that is gone": ("meta", lambda redis: redis.do("HDEL", "map_meta:{s1}", "epoch")),
    "text that is none": ("state", lambda redis: redis.do("HSET", "map_state:{s1}", b"\xff", "1")),
    "a newer format": ("meta", lambda redis: redis.do("HSET", "map_meta:{s1}", "format", str(FORMAT + 1))),
}


@pytest.mark.parametrize("what", SPOILT)
async def test_a_session_that_does_not_read_is_refused_by_the_name_of_its_key(redis, history, what):
    kind, spoil = SPOILT[what]
    async with open_redis(redis.url) as store:
        made = await begin(store, history)
        await store.commit([made.take("k1", components={"title": Component(b"1")})])
        spoil(redis)
        with pytest.raises(StoreUnavailable, match=rf"^map_{kind}:\{{s1\}} in Redis .*"):
            await store.load("s1")


TORN = [
    "a log that is gone",
    "a state that is gone",
    "a log entry that does not parse",
    "a key too many",
    "a revision",
    "a field that is gone",
]


@pytest.mark.parametrize("what", TORN)
async def test_a_commit_to_a_torn_session_writes_nothing(redis, history, what):
    async with open_redis(redis.url) as store:
        made = await begin(store, history)
        await store.commit([made.take("k1", "k2", components={"title": Component(b"1")})])
        SPOILT[what][1](redis)
        before = content(redis, "s1")
        outcome = (await store.commit([made.batch("k3", components={"title": Component(b"2")})]))[0]
        assert isinstance(outcome, Refused)
        assert content(redis, "s1") == before


async def test_a_changed_body_in_the_log_is_found_by_the_chain(redis, history):
    async with open_redis(redis.url) as store:
        made = await begin(store, history)
        batch = made.take("k1")
        await store.commit([batch])
        hash_ = made.head.hash.hex()
        record = {"epoch": made.head.epoch, "revision": 1, "hash": hash_, "fingerprint": "", "answer": ""}
        redis.do("DEL", "map_log:{s1}")
        fields = ["key", "k1", "hash", hash_, "record", json.dumps(record), "blobs", "", "body", "other"]
        redis.do("XADD", "map_log:{s1}", "1-0", *fields)
        with pytest.raises(StoreUnavailable, match=r"map_log:\{s1\} in Redis does not parse at revision 1"):
            await store.load("s1")


async def test_data_of_another_type_is_refused_by_the_name_of_its_key(redis):
    async with open_redis(redis.url) as store:
        redis.do("HSET", f"map_data:{BLOB}", "a", "b")
        with pytest.raises(StoreUnavailable, match=f"map_data:{BLOB}"):
            await store.get_blob(BLOB)


async def test_half_a_blob_is_not_seen_and_is_gone_by_itself(redis):
    async with open_redis(redis.url) as store:
        real, link, calls = store.client.pipe, store.client, 0

        async def broken(*args, **kwargs):
            nonlocal calls
            calls += 1
            if calls == 4:
                raise StoreUnavailable("gone")
            return await real(*args, **kwargs)

        link.pipe = broken
        with pytest.raises(StoreUnavailable):
            await store.put_blob(BLOB, b"x" * 3_000_000, now=1)
        link.pipe = real
        assert await store.get_blob(BLOB) is None
        left = [line for line in redis.do("KEYS", "map_part*").split("\r\n") if line.startswith("map_part")]
        assert len(left) == 1 and 0 < int(redis.do("TTL", left[0])[1:]) <= 60


async def test_a_key_twice_in_a_batch_is_refused_before_anything_is_sent(redis, history):
    async with open_redis(redis.url) as store:
        one, two = await begin(store, history, "one"), await begin(store, history, "two")
        with pytest.raises(StoreUnavailable, match="twice"):
            await store.commit([one.batch("k1"), two.batch("k1", "k1")])
        assert (await store.load("one")).log == ()
        assert await store.commit([one.take("k1"), two.take("k1")]) == [Ok(), Ok()]
