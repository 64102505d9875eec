"""A session that Redis lost is begun anew from what a process remembers, once, and only where it was lost."""

from __future__ import annotations

import pytest

from mapsrv.core.log import Head, Position
from mapsrv.errors import StoreUnavailable
from mapsrv.store import Batch, Component, Done, Entry, KeyRecord, Ok, Seed
from mapsrv.store.redis import open_redis
from mapsrv.store.redis.sessions import DAY

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


async def test_a_seed_is_loaded_as_it_was_given_and_goes_on(redis):
    async with open_redis(redis.url) as store:
        given = seed()
        assert await store.seed(given)
        stored = await store.load("s1")
        assert (stored.head, stored.base, stored.log) == (given.head, given.head, ())
        assert stored.components == {name: part.value for name, part in given.components.items()}
        assert (stored.keys, stored.came_from) == (given.keys, given.came_from)
        assert await store.heads(["s1"]) == {"s1": given.head}
        head = given.head.next("k9", b"{}")
        entry = Entry(b"{}", KeyRecord("k9", "print9", b"{}", head))
        assert await store.commit([Batch("s1", given.head, (entry,))]) == [Ok()]
        again = Entry(b"{}", KeyRecord("k1", "print1", b"{}", head.next("k1", b"{}")))
        assert await store.commit([Batch("s1", head, (again,))]) == [Done((given.keys[1],))]
        assert (await store.load("s1")).keys == (*given.keys, entry.record)
        assert "old.7.01234567 older.3.89abcdef" in redis.do("HGET", "map_meta:{s1}", "from")


async def test_only_the_first_of_two_seeds_is_taken(redis):
    async with open_redis(redis.url) as store:
        assert await store.seed(seed(epoch="first"))
        assert not await store.seed(seed(epoch="second"))
        assert (await store.load("s1")).head.epoch == "first"


async def test_a_seed_replaces_only_the_history_that_it_expects(redis, history):
    async with open_redis(redis.url) as store:
        made = history.of("s1")
        await store.create("s1", made.head, now=1)
        before = made.head
        await store.commit([made.take("a", "b")])
        assert not await store.seed(seed(before))
        assert await store.seed(seed(made.head))
        stored = await store.load("s1")
        assert (stored.head.epoch, stored.log, len(stored.keys)) == ("new", (), 3)


async def test_a_seeded_session_is_kept_as_long_as_any(redis):
    async with open_redis(redis.url) as store:
        await store.seed(seed())
        for kind in ("meta", "state", "keys"):
            assert seconds(redis, f"map_{kind}:{{s1}}") > 29 * DAY


async def test_after_a_loss_unknown_sessions_are_unavailable_for_a_while(redis):
    async with open_redis(redis.url) as store, open_redis(redis.url) as other:
        assert await other.load("s2") is None
        await store.note_loss()
        for ask in (other.load, other.exists):
            with pytest.raises(StoreUnavailable, match="brought back"):
                await ask("s2")
        assert await other.heads(["s2"]) == {"s2": None}
        assert 50 < seconds(redis, "map_lost") <= 60
        redis.do("DEL", "map_lost")
        assert await other.load("s2") is None
