"""Random sequences of calls: SQLite and Redis answer each as the dicts do, and end with the same content.

Small bounds, so that logs and keys overflow within a few calls.
"""

from __future__ import annotations

import tempfile

import pytest
import trio
from hypothesis import given, settings
from hypothesis import strategies as st

from mapsrv.core import log
from mapsrv.core.log import Head
from mapsrv.store import Batch, Component, Entry, KeyRecord, Store
from mapsrv.store.memory import open_memory
from mapsrv.store.redis import open_redis
from mapsrv.store.sqlite import open_sqlite

SESSIONS = ["s1", "s2", "s3"]
BLOBS = [f"{i:064x}" for i in range(4)]

sessions, blobs = st.sampled_from(SESSIONS), st.sampled_from(BLOBS)
times = st.integers(0, 30).map(float)
several_blobs = st.lists(blobs, max_size=2).map(tuple)
components = st.dictionaries(
    st.sampled_from(["title", "layer:a", "layer:b"]),
    st.builds(Component, st.none() | st.binary(max_size=4), several_blobs),
    max_size=2,
)
event = st.tuples(st.integers(0, 40), st.binary(max_size=30), several_blobs)
events = st.lists(event, min_size=1, max_size=4)
# `lost`: how many events behind the head the sender believes it is; usually none.
plans = st.tuples(st.sampled_from([0, 0, 0, 0, 1]), events, components)

calls = st.one_of(
    st.tuples(st.just("create"), sessions, times),
    st.tuples(st.just("commit"), st.dictionaries(sessions, plans, min_size=1)),
    st.tuples(st.just("commit"), st.dictionaries(sessions, plans, min_size=1)),
    st.tuples(st.just("put_blob"), blobs, st.binary(max_size=5), times),
    st.tuples(st.just("renew_blob"), blobs, times),
    st.tuples(st.just("sweep"), times),
)


def batch(session_id: str, head: Head, plan) -> Batch:
    lost, planned, changes = plan
    after = Head(head.epoch, head.revision + lost, head.hash)
    head, entries, keys = after, [], set()
    for number, body, named in planned:
        key = f"k{number}"
        if key in keys:
            continue  # a pod never sends a key twice in a batch
        keys.add(key)
        head = head.next(key, body)
        entries.append(Entry(body, KeyRecord(key, key[::-1], body[:3], head), named))
    return Batch(session_id, after, tuple(entries), changes)


async def play(store: Store, call) -> object:
    match call:
        case ("create", session_id, now):
            return await store.create(session_id, Head.of_epoch(session_id), now=now)
        case ("commit", asked):
            batches = []
            for session_id, plan in asked.items():
                stored = await store.load(session_id)
                batches.append(batch(session_id, stored.head if stored else Head.of_epoch(session_id), plan))
            return await store.commit(batches)
        case ("put_blob", name, body, now):
            return await store.put_blob(name, body, now=now)
        case ("renew_blob", name, now):
            return await store.renew_blob(name, now=now)
        case ("sweep", before):
            return await store.sweep(before=before)
    raise AssertionError(call)


async def content(store: Store) -> object:
    return [await store.load(name) for name in SESSIONS], [await store.get_blob(name) for name in BLOBS]


async def compare(script) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/maps.sqlite"
        async with open_memory() as model:
            async with open_sqlite(path) as store:
                for call in script:
                    assert await play(store, call) == await play(model, call), call
                assert await content(store) == await content(model)
            async with open_sqlite(path) as again:
                assert await content(again) == await content(model)
                everything = {"before": float("inf")}  # what is referred to must agree as well
                assert await again.sweep(**everything) == await model.sweep(**everything)
                assert await content(again) == await content(model)


async def compare_redis(url: str, script) -> None:
    async with open_memory() as model, open_redis(url) as store:
        for call in script:
            if call[0] != "sweep":  # Redis forgets by its own clock
                assert await play(store, call) == await play(model, call), call
        assert await content(store) == await content(model)
        async with open_redis(url) as again:
            assert await content(again) == await content(model)


def run(compare, *args) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(log, "MAX_EVENTS", 4)
        patch.setattr(log, "MAX_BYTES", 60)
        patch.setattr(log, "MAX_KEYS", 8)
        start = [("create", name, 5.0) for name in SESSIONS[:2]]
        trio.run(compare, *args[:-1], start + args[-1])


@settings(max_examples=150, deadline=None)
@given(st.lists(calls, min_size=5, max_size=40))
def test_sqlite_answers_every_call_as_memory_does(script) -> None:
    run(compare, script)


@settings(max_examples=60, deadline=None)
@given(script=st.lists(calls, min_size=5, max_size=40))
def test_redis_answers_every_call_as_memory_does(shared_redis, script) -> None:
    shared_redis.do("FLUSHALL")
    run(compare_redis, shared_redis.url, script)
