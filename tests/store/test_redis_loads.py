"""Many sessions loaded at once: few calls, each as large as it may be, and every record as it was written."""

from __future__ import annotations

import json

import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st

from mapsrv.core.log import Head
from mapsrv.errors import StoreDamaged
from mapsrv.store import Component, KeyRecord
from mapsrv.store.redis import loads, open_redis, sessions
from mapsrv.store.redis.keys_and_values import record_from_bytes, record_to_bytes
from mapsrv.store.redis.unread import UnreadRecord, unread, unread_at
from tests.store.test_redis_errors import begin

MANY = 150


async def load_all(store, names) -> dict[str, object]:
    found = {}

    async def one(name: str) -> None:
        found[name] = await store.load(name)

    async with trio.open_nursery() as nursery:
        for name in names:
            nursery.start_soon(one, name)
    return found


async def fill(store, history, count: int) -> dict[str, Head]:
    heads = {}
    for number in range(count):
        one = await begin(store, history, f"s{number}")
        await store.commit([one.take("k1", "k2", size=50, components={"title": Component(b"%d" % number)})])
        heads[one.session_id] = one.head
    return heads


@pytest.fixture
def calls(monkeypatch) -> list[int]:
    """How many sessions each call asked for."""
    asked: list[int] = []
    real = loads.load_command
    monkeypatch.setattr(loads, "load_command", lambda ids, kept: asked.append(len(ids)) or real(ids, kept))
    return asked


async def test_sessions_that_are_asked_for_at_once_share_calls(redis, history, calls):
    async with open_redis(redis.url) as store:
        heads = await fill(store, history, MANY)
        found = await load_all(store, [*heads, "nobody's"])
        assert {name: one.head for name, one in found.items() if one} == heads and found["nobody's"] is None
        assert [found[f"s{n}"].components for n in range(MANY)] == [{"title": b"%d" % n} for n in range(MANY)]
        assert sum(calls) == MANY + 1 and len(calls) <= loads.CALLS + 2 and max(calls) <= loads.AT_ONCE


async def test_what_has_no_room_in_a_reply_comes_with_the_next(redis, history, calls, monkeypatch):
    monkeypatch.setattr(sessions, "LOADED_BYTES", 1)
    async with open_redis(redis.url) as store:
        heads = await fill(store, history, 30)
        found = await load_all(store, heads)
        assert {name: one.head for name, one in found.items()} == heads
        assert len(calls) == 30, "one comes in any case, and only one"


async def test_one_that_cannot_be_read_and_one_that_is_not_waited_for_are_in_nobodys_way(redis, history):
    async with open_redis(redis.url) as store:
        heads = await fill(store, history, 3)
        redis.do("SET", "map_log:{s1}", "mine")
        with trio.CancelScope() as left:
            left.cancel()
            await store.load("s0")
        async with trio.open_nursery() as nursery:
            nursery.start_soon(load_all, store, ["s0", "s2"])
            with pytest.raises(StoreDamaged, match=r"map_log:\{s1\} in Redis is of another type"):
                await store.load("s1")
        assert (await store.load("s2")).head == heads["s2"]


async def test_a_torn_record_refuses_who_asks_for_its_key_alone(redis, history):
    async with open_redis(redis.url) as store:
        await fill(store, history, 1)
        redis.do("HSET", "map_keys:{s0}", "key:k1", '{"epoch":"torn in the middle"}')
        stored = await store.load("s0")
        assert [record.key for record in stored.keys] == ["k1", "k2"]
        with pytest.raises(StoreDamaged, match=r"map_keys:\{s0\} in Redis does not parse: have it put back"):
            stored.keys[0].answer
        assert stored.keys[1] == stored.log[1].record and stored.keys[1].fingerprint == "print of k2"


async def test_records_that_another_release_wrote_otherwise_are_read(redis, history):
    async with open_redis(redis.url) as store:
        await fill(store, history, 1)
        before = await store.load("s0")
        record = json.loads(record_to_bytes(before.keys[0]))
        other = json.dumps(dict(reversed(record.items())), indent=1)
        redis.do("HSET", "map_keys:{s0}", "key:k1", other)
        assert not isinstance(unread("k1", other.encode(), record_from_bytes), UnreadRecord)
        assert await store.load("s0") == before


records = st.builds(
    KeyRecord, st.text(max_size=5), st.text(max_size=5), st.binary(max_size=9),
    st.builds(Head, st.text(max_size=5), st.integers(0, 2**40), st.binary(min_size=32, max_size=32)),
)  # fmt: skip


@given(records, records)
def test_an_unread_record_is_the_one_that_was_written(record, other):
    body = record_to_bytes(record)
    for found in (
        unread(record.key, body, record_from_bytes),
        unread_at(record.head, record.key, body, record_from_bytes),
    ):
        assert isinstance(found, UnreadRecord) and found == record and record == found
        assert (found == other) == (record == other) and hash(found) == hash(record)
    if other.head != record.head:
        with pytest.raises(ValueError, match="another's record"):
            unread_at(other.head, record.key, body, record_from_bytes)


@given(st.binary(max_size=40))
def test_what_is_no_record_is_refused_at_once_or_when_it_is_read(body):
    with pytest.raises(ValueError):
        unread("k", body, record_from_bytes).answer
