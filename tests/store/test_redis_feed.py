"""What processes on one Redis hear of each other, on a real server that breaks the line and stalls."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest
import trio
import trio.testing

from mapsrv.errors import StoreUnavailable
from mapsrv.store import Ok
from mapsrv.store.redis import open_redis
from mapsrv.store.redis.feed import RedisFeed
from mapsrv.store.shared import Committed, Live, Missed
from tests.store.conftest import History
from tests.store.kit import valkey


async def heard(feed: RedisFeed, kind: type, seconds: float = 20.0):
    """Return the next news of a kind."""
    with trio.fail_after(seconds):
        while not isinstance(news := await feed.next(), kind):
            pass
    return news


async def test_what_one_commits_and_tells_the_other_hears(redis: valkey.Server) -> None:
    async with open_redis(redis.url) as one, open_redis(redis.url) as other, other.open_feed() as feed:
        history = History.of("s1")
        assert await one.create("s1", history.head, now=0.0)
        await heard(feed, Missed)  # the line is there from now on
        await feed.watch("s1")
        batch = history.take("a", "b")
        assert await one.commit([batch]) == [Ok()]
        told = [await heard(feed, Committed) for _ in batch.entries]
        assert [(news.session_id, news.entry) for news in told] == [("s1", entry) for entry in batch.entries]
        assert await other.heads(["s1", "s2"]) == {"s1": history.head, "s2": None}
        async with one.open_feed() as its_own:
            await its_own.tell("s1", b'{"pod":"x"}')
        assert await heard(feed, Live) == Live("s1", b'{"pod":"x"}')
        await feed.unwatch("s1")
        await feed.unwatch("s1")
        await feed.watch("s2")
        assert await one.commit([history.take("c")]) == [Ok()]
        await feed.tell("s2", b"last")
        assert await heard(feed, Live) == Live("s2", b"last")


async def test_of_what_a_tab_says_the_newest_is_told(redis: valkey.Server) -> None:
    async with open_redis(redis.url) as store, store.open_feed() as feed:
        await heard(feed, Missed)
        await feed.watch("s9")
        async with trio.open_nursery() as nursery:  # all of it waits before any is told
            for number in (1, 3, 2):
                word = f"word {number}".encode()
                nursery.start_soon(partial(feed.pass_on, "s9", word, about="a tab", number=number))
        await feed.tell("s9", b"viewers")
        assert [(await heard(feed, Live)).body for _ in range(2)] == [b"word 3", b"viewers"]


async def test_a_line_that_breaks_is_made_anew_and_said(redis: valkey.Server) -> None:
    async with open_redis(redis.url) as store, store.open_feed() as feed:
        await heard(feed, Missed)
        await feed.watch("s3")
        redis.do("CLIENT", "KILL", "TYPE", "pubsub")
        await heard(feed, Missed)
        await feed.tell("s3", b"again")
        assert await heard(feed, Live) == Live("s3", b"again")


async def test_a_redis_that_comes_back_is_heard_again(tmp_path: Path) -> None:
    with valkey.running(tmp_path / "one") as first:
        async with open_redis(first.url) as store, store.open_feed() as feed:
            await heard(feed, Missed)
            await feed.watch("s1")
            first.kill()
            with valkey.running(tmp_path / "two", port=first.port):
                await heard(feed, Missed)
                await feed.tell("s1", b"back")
                assert await heard(feed, Live) == Live("s1", b"back")


async def test_thousands_that_come_at_once_are_all_watched(redis: valkey.Server) -> None:
    async with open_redis(redis.url) as store, store.open_feed() as feed:
        await heard(feed, Missed)
        async with trio.open_nursery() as nursery:
            for number in range(5_000):
                nursery.start_soon(feed.watch, f"s{number}")
            await trio.testing.wait_all_tasks_blocked()
            assert len(store.client.deadlines.waiting) < 20, "one watch for all: thousands cost seconds"
        for number in (0, 2_500, 4_999):
            await feed.tell(f"s{number}", b"here")
            assert await heard(feed, Live) == Live(f"s{number}", b"here")


async def test_of_what_is_told_the_latest_arrives(redis: valkey.Server) -> None:
    async with open_redis(redis.url) as store, store.open_feed() as feed:
        await heard(feed, Missed)
        await feed.watch("s1")
        for number in range(1_000):
            await feed.tell("s1", b"%d" % number)
        with trio.fail_after(20):
            while await heard(feed, Live) != Live("s1", b"999"):
                pass


async def test_a_watch_is_refused_when_redis_says_nothing(redis: valkey.Server) -> None:
    async with open_redis(redis.url) as store, store.open_feed() as feed:
        await heard(feed, Missed)
        redis.stall()
        try:
            begun = trio.current_time()
            with pytest.raises(StoreUnavailable):
                await feed.watch("s1")
            assert trio.current_time() - begun < 3
        finally:
            redis.go_on()
