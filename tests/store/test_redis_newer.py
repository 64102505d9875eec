"""What a newer release has written: refused by name, never written to, and nothing else is in its way."""

from __future__ import annotations

import pytest
import trio

from mapsrv.errors import NewerFormat
from mapsrv.store import FORMAT, Component, Ok, Refused
from mapsrv.store.redis import open_redis
from mapsrv.store.shared import Missed, Unread
from tests.store.test_redis_errors import begin, content
from tests.store.test_redis_feed import heard
from tests.store.test_redis_seed import seed

FORMATS = f"format {FORMAT + 1}, this one reads {FORMAT}"
NEWER = rf"map_meta:\{{s1\}} in Redis .*newer release.*{FORMATS}.*another server"


def mark(redis, session_id: str = "s1") -> None:
    """Have the session be of a release that is one ahead."""
    redis.do("HSET", f"map_meta:{{{session_id}}}", "format", str(FORMAT + 1))


def lifetimes(redis) -> list[str]:
    return [redis.do("PEXPIRETIME", f"map_{kind}:{{s1}}") for kind in ("meta", "state", "log", "keys")]


async def test_a_commit_to_a_newer_session_is_refused_without_a_write_and_the_others_go_on(redis, history):
    async with open_redis(redis.url) as store:
        newer, other = await begin(store, history), await begin(store, history, "s2")
        first = newer.take("k1", components={"title": Component(b"1")})
        await store.commit([first])
        mark(redis)
        before, until = content(redis, "s1"), lifetimes(redis)
        second = newer.batch("k2", components={"title": Component(b"2")})
        refused, ok = await store.commit([second, other.take("k1")])
        assert isinstance(refused, Refused) and isinstance(refused.error, NewerFormat) and ok == Ok()
        assert (refused.error.status, refused.error.temporary) == (503, True)
        (known,) = await store.commit([first])
        assert isinstance(known, Refused), "nor is a key looked for where another release has written"
        assert (content(redis, "s1"), lifetimes(redis)) == (before, until)


async def test_a_newer_session_is_neither_read_nor_renewed(redis, history):
    async with open_redis(redis.url) as store:
        made, other = await begin(store, history), await begin(store, history, "s2")
        await store.commit([made.take("k1", components={"title": Component(b"1")})])
        mark(redis)
        before, until = content(redis, "s1"), lifetimes(redis)
        await trio.sleep(1.1)  # Redis counts in seconds here
        with pytest.raises(NewerFormat, match=NEWER):
            await store.load("s1")
        await store.renew(["s1", "s2"], now=1)
        assert (content(redis, "s1"), lifetimes(redis)) == (before, until)
        heads = await store.heads(["s1", "s2"])
        assert isinstance(heads["s1"], NewerFormat) and heads["s2"] == other.head
        assert await store.exists("s1") and not await store.create("s1", made.head, now=1)


async def test_a_newer_session_is_never_begun_anew(redis):
    async with open_redis(redis.url) as store:
        first = seed()
        assert await store.seed(first)
        mark(redis)
        before = content(redis, "s1")
        assert not await store.seed(seed(first.head, "second"))
        assert content(redis, "s1") == before


async def test_a_newer_publication_is_told_by_its_session(redis):
    async with open_redis(redis.url) as store, store.open_feed() as feed:
        await heard(feed, Missed)
        await feed.watch("s1")
        redis.do("PUBLISH", "map:{s1}", b"%d\0what\0ever" % (FORMAT + 1))
        redis.do("PUBLISH", "map:{s1}", b"%d\0key\0{}\0\0body" % (FORMAT + 1))
        assert [await heard(feed, Unread) for _ in "ab"] == [Unread("s1")] * 2


async def test_an_older_session_becomes_one_of_this_release_with_its_next_change(redis, history):
    async with open_redis(redis.url) as store:
        made = await begin(store, history)
        redis.do("HSET", "map_meta:{s1}", "format", "0")
        assert await store.commit([made.take("k1")]) == [Ok()]
        assert redis.do("HGET", "map_meta:{s1}", "format") == f"$1\r\n{FORMAT}\r\n"
        for damage in ("", "x"):
            redis.do("HSET", "map_meta:{s1}", "format", damage)
            (refused,) = await store.commit([made.batch("k2")])
            assert isinstance(refused, Refused) and not isinstance(refused.error, NewerFormat)
