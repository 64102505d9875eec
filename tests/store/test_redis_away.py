"""Whether it is the store as a whole that cannot answer, or one session that is damaged."""

from __future__ import annotations

import pytest
import trio
from redis import exceptions
from redis._parsers.base import BaseParser

from mapsrv.errors import StoreAway, StoreUnavailable
from mapsrv.store import Component, Ok, Refused
from mapsrv.store.redis import open_redis
from mapsrv.store.redis.errors import explain
from tests.kit.ports import free_port
from tests.store.kit import valkey

# As servers write them.
AWAY = [
    "OOM command not allowed when used memory > 'maxmemory'.",
    "MISCONF Errors writing to the AOF file: No space left on device script: 3d5, on @user_script:22.",
    "READONLY You can't write against a read only replica.",
    "LOADING Redis is loading the dataset in memory",
    "BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.",
    "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
    "NOREPLICAS Not enough good replicas to write.",
    "NOAUTH Authentication required.",
    "WRONGPASS invalid username-password pair or user is disabled.",
    "NOPERM this user has no permissions to run the 'evalsha' command",
    "CLUSTERDOWN Hash slot not served",
    "MOVED 3999 127.0.0.1:6381",
]


@pytest.mark.parametrize("reply", AWAY, ids=lambda reply: reply.split()[0])
def test_a_reply_for_the_whole_server_is_away_alone_and_where_it_stops_a_transaction(reply):
    error = explain(BaseParser.parse_error(reply))
    assert isinstance(error, StoreAway) and error.message.startswith("Redis, where the maps are kept, ")
    if reply.startswith(("MISCONF", "BUSY", "NOREPLICAS")):  # the others have classes, which a client keeps
        text = f"Command # 1 (RENAME map_part:a map_data:b) of pipeline caused error: {(reply,)}"
        assert isinstance(explain(exceptions.ResponseError(text)), StoreAway)


@pytest.mark.parametrize(
    "error",
    [
        exceptions.TimeoutError(),
        exceptions.ConnectionError("lost"),
        trio.TooSlowError(),
        OSError(),
        EOFError(),
    ],
    ids=repr,
)
def test_no_answer_is_away(error):
    assert isinstance(explain(error), StoreAway)


@pytest.mark.parametrize(
    "reply",
    [
        "WRONGTYPE Operation against a key holding the wrong kind of value",
        "ERR user_script:41: attempt to index a nil value script: 3d5, on @user_script:41.",
        "BUSYKEY Target key name already exists.",
        "ERR The ID specified in XADD is equal or smaller than the target stream top item",
    ],
)
def test_a_reply_about_one_key_is_not_away(reply):
    error = explain(BaseParser.parse_error(reply))
    assert isinstance(error, StoreUnavailable) and not isinstance(error, StoreAway)


async def test_a_script_that_fails_in_one_session_refuses_that_session_alone(redis, history):
    async with open_redis(redis.url) as store:
        bad, good = history.of("bad"), history.of("good")
        for made in (bad, good):
            assert await store.create(made.session_id, made.head, now=1)
        await store.commit([bad.take("k1")])
        # As many entries as there were, and the next one's id is taken.
        redis.do("DEL", "map_log:{bad}")
        redis.do("XADD", "map_log:{bad}", "9-0", "a", "b")
        outcomes = await store.commit([bad.batch("k2"), good.take("k1")])
        assert outcomes[1] == Ok()
        assert isinstance(outcomes[0], Refused) and not isinstance(outcomes[0].error, StoreAway)
        assert "{bad}" in outcomes[0].error.message


async def test_a_server_that_refuses_all_raises_for_the_whole_commit(tmp_path, history):
    with valkey.running(tmp_path) as server:
        async with open_redis(server.url) as store:
            bad, good = history.of("bad"), history.of("good")
            for made in (bad, good):
                assert await store.create(made.session_id, made.head, now=1)
            server.do("SET", "map_log:{bad}", "mine")
            batches = [bad.batch("k1"), good.batch("k1", components={"title": Component(b"1")})]
            server.do("CONFIG", "SET", "maxmemory", "1")
            with pytest.raises(StoreAway, match="no memory left"):
                await store.commit(batches)
            server.do("CONFIG", "SET", "maxmemory", "0")
            refused, done = await store.commit(batches)
            assert isinstance(refused, Refused) and done == Ok()


async def test_a_server_that_is_no_master_any_more_is_away_for_positions_and_renewing_too(tmp_path, history):
    with valkey.running(tmp_path, "--replica-serve-stale-data", "no") as server:
        async with open_redis(server.url) as store:
            made = history.of("s1")
            assert await store.create("s1", made.head, now=1)
            server.do("REPLICAOF", "127.0.0.1", str(free_port()))
            with pytest.raises(StoreAway, match="MASTERDOWN"):
                await store.heads(["s1"])
            for call in (store.renew(["s1"], now=1), store.load("s1"), store.exists("s1")):
                with pytest.raises(StoreAway):
                    await call
