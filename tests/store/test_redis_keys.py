"""What stands in Redis, for how long, and what is published: all that a person sees with redis-cli."""

from __future__ import annotations

import socket
import time
from pathlib import Path

import pytest
import trio

from mapsrv.core.log import MAX_EVENTS, Head
from mapsrv.store import FORMAT, Component, Done, Ok, Unknown
from mapsrv.store.redis import open_redis, scripts
from mapsrv.store.redis.keys_and_values import publication_to_entry
from mapsrv.store.redis.scripts import COMMIT
from mapsrv.store.shared import Seed

HOUR, DAY = 3_600, 86_400
BLOB, OTHER = "ab" * 32, "cd" * 32


async def test_a_session_is_four_keys_that_share_a_slot(redis, history):
    made = history.of("s1")
    async with open_redis(redis.url) as store:
        await store.create("s1", made.head, now=1)
        await store.put_blob(BLOB, b"{}", now=1)
        await store.commit([made.take("k1", "k2", components={"title": Component(b'"A"', (BLOB,))})])
    keys = sorted(line for line in redis.do("KEYS", "*").split("\r\n") if line.startswith("map_"))
    session = [f"map_{kind}:{{s1}}" for kind in ("keys", "log", "meta", "state")]
    assert keys == sorted([*session, f"map_data:{BLOB}", "map_store"])
    assert '"A"' in redis.do("HGETALL", "map_state:{s1}")
    assert "2-0" in redis.do("XREVRANGE", "map_log:{s1}", "+", "-", "COUNT", "1")
    assert made.head.hash.hex() in redis.do("HGET", "map_meta:{s1}", "hash")
    assert "\r\n2\r\n" in redis.do("HGET", "map_meta:{s1}", "revision")
    assert "print of k1" in redis.do("HGET", "map_keys:{s1}", "key:k1")
    assert redis.do("TYPE", "map_log:{s1}") == "+stream\r\n"


def ttl(redis, key: str) -> int:
    return int(redis.do("TTL", key)[1:])


async def test_a_session_lives_a_day_until_it_is_changed(redis, history):
    made = history.of("s1")
    async with open_redis(redis.url) as store:
        await store.create("s1", made.head, now=1)
        assert DAY - 9 < ttl(redis, "map_meta:{s1}") <= DAY
        await store.renew(["s1", "nobody"], now=1)
        await store.load("s1")
        assert DAY - 9 < ttl(redis, "map_meta:{s1}") <= DAY
        await store.commit([made.take("k1", components={"title": Component(b"1")})])
        for kind in ("meta", "state", "log", "keys"):
            assert 30 * DAY - 9 < ttl(redis, f"map_{kind}:{{s1}}") <= 30 * DAY
        assert await store.sweep(before=float("inf")) == (0, 0)
        assert await store.exists("s1")


@pytest.mark.parametrize("how", ["renew", "load"])
async def test_renewing_a_session_renews_its_keys_and_the_blobs_its_state_names(redis, history, how):
    made = history.of("s1")
    async with open_redis(redis.url, session_ttl=1000) as store:
        await store.create("s1", made.head, now=1)
        for name in (BLOB, OTHER):
            await store.put_blob(name, b"{}", now=1)
        parts = {"layer:a": Component(b"1", (BLOB,)), "layer:b": Component(b"1", (OTHER,))}
        await store.commit([made.take("k1", components=parts)])
        await store.commit([made.take("k2", components={"layer:b": Component(None)})])
        named = [f"map_{kind}:{{s1}}" for kind in ("meta", "state", "log", "keys")]
        for key in [*named, f"map_data:{BLOB}", f"map_data:{OTHER}"]:
            redis.do("EXPIRE", key, "50")
        await (store.renew(["s1"], now=1) if how == "renew" else store.load("s1"))
    assert len({redis.do("EXPIRETIME", key) for key in named}) == 1
    assert 990 < ttl(redis, named[0]) <= 1000
    assert DAY + 990 < ttl(redis, f"map_data:{BLOB}") <= DAY + 1000
    assert ttl(redis, f"map_data:{OTHER}") <= 50


@pytest.mark.parametrize("size", [2, 1_200_000])
async def test_a_blob_lives_an_hour_until_a_commit_names_it(redis, history, size):
    made, key = history.of("s1"), f"map_data:{BLOB}"
    async with open_redis(redis.url) as store:
        await store.create("s1", made.head, now=1)
        await store.put_blob(BLOB, b"x" * size, now=1)
        await store.put_blob(OTHER, b"x" * size, now=1)
        assert HOUR - 9 < ttl(redis, key) <= HOUR
        redis.do("EXPIRE", key, "50")
        assert await store.renew_blob(BLOB, now=1)
        assert HOUR - 9 < ttl(redis, key) <= HOUR
        named = made.take("k1", blobs=(BLOB,), components={"layer:a": Component(b"{}", (OTHER,))})
        assert await store.commit([named]) == [Ok()]
        await store.renew_blob(BLOB, now=1)
        await store.put_blob(BLOB, b"x" * size, now=1)  # wrong bytes for its name: written anew
        for name in (BLOB, OTHER):
            assert 31 * DAY - 9 < ttl(redis, f"map_data:{name}") <= 31 * DAY


async def test_a_blob_named_while_another_pod_still_writes_it_keeps_its_time(redis, history):
    made, body = history.of("s1"), b"x" * 1_200_000
    async with open_redis(redis.url) as slow, open_redis(redis.url) as quick:
        await quick.create("s1", made.head, now=1)
        pipe, parts = slow.client.pipe, 0

        async def others_first(commands, **kwargs):
            nonlocal parts
            if commands[0][0] == "APPEND" and (parts := parts + 1) == 2:
                await quick.put_blob(BLOB, body, now=1)
                await quick.commit([made.take("k1", blobs=(BLOB,))])
            return await pipe(commands, **kwargs)

        slow.client.pipe = others_first
        await slow.put_blob(BLOB, body, now=1)
        assert parts == 3 and await slow.get_blob(BLOB) == body
    assert 31 * DAY - 9 < ttl(redis, f"map_data:{BLOB}") <= 31 * DAY
    assert "map_part" not in redis.do("KEYS", "*")


@pytest.mark.parametrize("how", ["renew", "load"])
async def test_what_only_a_kept_event_names_is_renewed_with_its_session(redis, history, how):
    made = history.of("s1")
    async with open_redis(redis.url) as store:
        await store.create("s1", made.head, now=1)
        for name in (BLOB, OTHER):
            await store.put_blob(name, b"{}", now=1)
        await store.commit([made.take("k1", blobs=(BLOB, OTHER)), history.of("s2").take("k1")])
        redis.do("EXPIRE", f"map_data:{BLOB}", "50")
        await (store.renew(["s1", "s2", "s3"], now=1) if how == "renew" else store.load("s1"))
        assert 31 * DAY - 9 < ttl(redis, f"map_data:{BLOB}") <= 31 * DAY
        redis.do("DEL", "map_log:{s1}")
        redis.do("SET", "map_log:{s1}", "damaged")
        await store.renew(["s1"], now=1)


async def test_a_session_begun_anew_keeps_the_blobs_that_it_names(redis):
    async with open_redis(redis.url) as store:
        await store.put_blob(BLOB, b"{}", now=1)
        head = Head("new", 7, Head.of_epoch("new").hash)
        assert await store.seed(Seed("s1", None, head, {"layer:a": Component(b"{}", (BLOB,))}, (), ()))
    assert 31 * DAY - 9 < ttl(redis, f"map_data:{BLOB}") <= 31 * DAY


async def test_what_nobody_renews_is_gone_and_a_commit_to_it_is_unknown(redis, history):
    made = history.of("s1")
    async with open_redis(redis.url, session_ttl=1) as store:
        await store.create("s1", made.head, now=1)
        assert await store.commit([made.take("k1", components={"title": Component(b"1")})]) == [Ok()]
        with trio.fail_after(5):
            while await store.exists("s1"):
                pass
        assert await store.load("s1") is None
        assert await store.commit([made.take("k2")]) == [Unknown()]
    assert "map_state" not in redis.do("KEYS", "*")


async def test_every_event_is_published_with_all_that_makes_it_an_event(redis, history):
    made = history.of("s1")
    async with open_redis(redis.url) as store:
        await store.create("s1", made.head, now=1)
        with socket.create_connection(("127.0.0.1", redis.port), timeout=5) as reader:
            reader.sendall(b"SUBSCRIBE map:{s1}\r\n")
            assert b"subscribe" in reader.recv(1000)
            batch = made.take("k1", "k2", blobs=(BLOB,))
            assert await store.commit([batch]) == [Ok()]
            assert await store.commit([batch]) == [Done(tuple(entry.record for entry in batch.entries))]
            await store.commit([made.take("k3")])
            got = b""
            while got.count(b"map:{s1}") < 3:
                got += reader.recv(65_536)
    payloads, rest = [], got
    while rest:
        for _ in range(3):
            length, _, tail = rest[rest.index(b"$") + 1 :].partition(b"\r\n")
            value, rest = tail[: int(length)], tail[int(length) + 2 :]
        payloads.append(value)
    assert tuple(publication_to_entry(payload) for payload in payloads)[:2] == batch.entries
    assert len(payloads) == 3
    with pytest.raises(ValueError):
        publication_to_entry(b"%d" % (FORMAT + 1) + payloads[0][1:])


async def test_the_log_and_the_keys_in_redis_stay_within_their_bounds(redis, history):
    made = history.of("s1")
    async with open_redis(redis.url) as store:
        await store.create("s1", made.head, now=1)
        for i in range(24):
            await store.commit([made.take(*(f"k{i}.{j}" for j in range(250)))])
        assert redis.do("XLEN", "map_log:{s1}") == f":{MAX_EVENTS}\r\n"
        assert redis.do("HLEN", "map_keys:{s1}") == ":10000\r\n"


async def test_a_commit_of_many_sessions_is_one_round_trip(redis, history):
    made = [history.of(f"s{i}") for i in range(50)]
    async with open_redis(redis.url) as store:
        for one in made:
            await store.create(one.session_id, one.head, now=1)
        sends, link = 0, store.client
        real = link.island

        async def counted(*args):
            nonlocal sends
            sends += 1
            return await real(*args)

        link.island = counted
        assert await store.commit([one.take("k1") for one in made]) == [Ok()] * 50
        assert sends == 1


async def test_a_session_that_lost_its_meta_is_not_made_anew_over_its_rest(redis, history):
    made = history.of("s1")
    async with open_redis(redis.url) as store:
        await store.create("s1", made.head, now=1)
        await store.commit([made.take("k1")])
        redis.do("DEL", "map_meta:{s1}")
        assert not await store.create("s1", made.head, now=1)


async def test_a_store_keeps_its_id_until_it_is_lost(redis):
    async with open_redis(redis.url) as store:
        async with open_redis(redis.url) as other:
            first = await store.identity()
            assert first and await other.identity() == first
        redis.do("FLUSHALL")
        assert await store.identity() not in ("", first)


def test_the_commit_script_is_read_on_one_screen():
    folder = Path(scripts.__file__).parent
    news, commit = [(folder / f"{name}.lua").read_bytes() for name in ("news", "commit")]
    assert COMMIT.source == news + commit and commit.count(b"\n") <= 60
    assert max(map(len, COMMIT.source.splitlines())) <= 120


async def test_tasks_that_were_started_outside_of_the_store_may_use_it(redis, history):
    made, send = history.of("s1"), trio.open_memory_channel(1)
    done = trio.Event()

    async def outside() -> None:
        store = await send[1].receive()
        assert await store.create("s1", made.head, now=time.time())
        done.set()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(outside)
        async with open_redis(redis.url) as store:
            await send[0].send(store)
            with trio.fail_after(5):
                await done.wait()


async def test_an_error_leaves_the_store_as_it_was_raised(redis):
    with pytest.raises(KeyError):
        async with open_redis(redis.url):
            raise KeyError("x")
    with trio.CancelScope() as scope:
        async with open_redis(redis.url):
            scope.cancel()
            await trio.sleep_forever()
    assert scope.cancelled_caught
