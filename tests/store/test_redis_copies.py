"""Copies of Redis: waiting for one, and finding the new master through real sentinels."""

from __future__ import annotations

from contextlib import ExitStack

import pytest
import trio

from mapsrv.errors import StartupError, StoreAway, StoreUnavailable
from mapsrv.store import Done, Ok, Store
from mapsrv.store.redis import open_redis
from tests.kit.ports import free_port
from tests.store.kit import valkey


async def until(holds, seconds: float = 20.0) -> None:
    """Look again and again on the real clock: other processes are what is waited for."""
    with trio.fail_after(seconds):
        while not holds():
            await trio.to_thread.run_sync(lambda: None)
            await trio.sleep(0.02)


@pytest.fixture
def pair(tmp_path):
    """A master and its replica, in step. Nothing is written to disk to get there."""
    quick = ("--repl-diskless-sync-delay", "0", "--repl-ping-replica-period", "1")
    with ExitStack() as stack:
        master = stack.enter_context(valkey.running(tmp_path / "master", *quick))
        replica = stack.enter_context(
            valkey.running(tmp_path / "replica", *quick, "--replicaof", "127.0.0.1", str(master.port))
        )
        yield master, replica


def is_master(server: valkey.Server) -> bool:
    try:
        return "role:master" in server.do("INFO", "replication")
    except ConnectionResetError:
        return False  # a sentinel closes the connections of the one that it promotes


def in_step(pair: tuple[valkey.Server, valkey.Server]) -> bool:
    master, replica = pair
    online = "state=online" in master.do("INFO", "replication")
    return online and "master_link_status:up" in replica.do("INFO", "replication")


async def test_replicated_is_said_only_when_a_replica_has_it(pair, history):
    master, replica = pair
    await until(lambda: in_step(pair))
    async with open_redis(master.url, replicated=True) as store:
        assert store.durability == "replicated"
        made = history.of("s1")
        await store.create("s1", made.head, now=1)
        assert await store.commit([made.take("k1")]) == [Ok()]
        assert "k1" in replica.do("XRANGE", "map_log:{s1}", "-", "+")
        replica.stall()
        batch = made.take("k2")
        assert await store.commit([batch]) == [Ok("redis")]  # written, and worth less than it should be
        replica.go_on()
        assert await store.commit([batch]) == [Done((batch.entries[0].record,))]
        master.do("SCRIPT", "FLUSH")
        assert await store.commit([made.take("k3")]) == [Ok()]
        assert "k3" in replica.do("XRANGE", "map_log:{s1}", "-", "+")


async def test_without_a_replica_what_is_written_is_said_to_be_only_there(redis, history):
    async with open_redis(redis.url, replicated=True) as store:
        made = history.of("s1")
        await store.create("s1", made.head, now=1)
        assert await store.commit([made.take("k1")]) == [Ok("redis")]


async def test_a_master_that_became_a_replica_is_unavailable_until_it_is_master_again(pair, history):
    master, replica = pair
    await until(lambda: in_step(pair))
    async with open_redis(master.url) as store:
        made = history.of("s1")
        await store.create("s1", made.head, now=1)
        master.do("REPLICAOF", "127.0.0.1", str(replica.port))
        with pytest.raises(StoreUnavailable, match="only a copy now"):
            await store.commit([made.batch("k1")])
        master.do("REPLICAOF", "NO", "ONE")
        assert await store.commit([made.take("k1")]) == [Ok()]


@pytest.fixture
def watched(pair, tmp_path):
    """The pair with two sentinels; their address names a third that is not there."""
    master, replica = pair
    with ExitStack() as stack:
        sentinels = []
        for n in range(2):
            sentinel = stack.enter_context(valkey.running(tmp_path / f"sentinel{n}", sentinel=True))
            sentinel.do("SENTINEL", "MONITOR", "maps", "127.0.0.1", str(master.port), "1")
            sentinel.do("SENTINEL", "SET", "maps", "down-after-milliseconds", "300")
            sentinel.do("SENTINEL", "SET", "maps", "failover-timeout", "1000")
            sentinels.append(sentinel)
        hosts = ",".join(f"127.0.0.1:{port}" for port in [free_port(), *(s.port for s in sentinels)])
        yield f"redis+sentinel://{hosts}/maps", sentinels


async def test_sentinels_lead_to_the_new_master_when_the_old_one_dies(pair, watched, history):
    (master, replica), (url, sentinels) = pair, watched
    await until(lambda: in_step(pair))
    await until(lambda: str(replica.port) in sentinels[0].do("SENTINEL", "REPLICAS", "maps"))
    async with open_redis(url) as store:
        made = history.of("s1")
        assert await store.create("s1", made.head, now=1)
        assert await store.commit([made.take("k1")]) == [Ok()]
        await until(lambda: "k1" in replica.do("XRANGE", "map_log:{s1}", "-", "+"))
        master.kill()
        outcomes, batch = None, made.take("k2")
        with trio.fail_after(20):
            while outcomes is None:
                try:
                    outcomes = await store.commit([batch])
                except StoreUnavailable:
                    await trio.sleep(0.05)
        assert outcomes == [Ok()]
        assert [entry.record.key for entry in (await store.load("s1")).log] == ["k1", "k2"]
    assert "k2" in replica.do("XRANGE", "map_log:{s1}", "-", "+")


async def test_sentinels_are_asked_as_the_user_that_they_know(pair, watched, history):
    """As Valkey's own chart has them: the default user is off, and one of their own has a password."""
    url, sentinels = watched
    for sentinel in sentinels:
        sentinel.do("ACL", "SETUSER", "guard", "on", ">secret", "~*", "&*", "+@all")
        sentinel.do("ACL", "SETUSER", "default", "off")
    with pytest.raises(StartupError, match="No sentinel of"):
        async with open_redis(url + "?sentinel_password=secret"):
            pass
    async with open_redis(url + "?sentinel_user=guard&sentinel_password=secret") as store:
        assert await store.create("s1", history.of("s1").head, now=1)


async def there(store: Store, session_id: str) -> bool:
    try:
        return await store.exists(session_id)
    except StoreAway:
        return False  # a call that was on its way when the line moved


async def test_a_master_that_others_replaced_while_it_stood_still_is_left_at_once(pair, watched, history):
    (master, replica), (url, sentinels) = pair, watched
    await until(lambda: in_step(pair))
    await until(lambda: str(replica.port) in sentinels[1].do("SENTINEL", "REPLICAS", "maps"))
    async with open_redis(url) as store:
        assert await store.create("s1", history.of("s1").head, now=1)
        master.stall()
        await until(lambda: is_master(replica))
        replica.do("HSET", "map_meta:{s2}", "epoch", "only-there")
        master.go_on()
        with trio.fail_after(20):
            while not await there(store, "s2"):  # noqa: ASYNC110 (other processes)
                await trio.sleep(0.05)
        assert is_master(master), "as it thinks until it is told, in 8 s"


async def test_a_name_that_no_sentinel_knows_is_one_sentence(watched):
    url, _ = watched
    with pytest.raises(StartupError, match="No sentinel of .* knows a master of that name"):
        async with open_redis(url + "x"):
            pass
